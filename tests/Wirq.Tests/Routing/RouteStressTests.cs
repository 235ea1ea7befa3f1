using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Tests.Routing;

/// <summary>Random histories: whatever happens, what is bound and polled is what the states say, and no interrupt is lost
/// or made up.</summary>
public sealed class RouteStressTests(ITestOutputHelper output)
{
    private const int Entries = 24, Virqs = 20, Steps = 1500;

    [Theory]
    [InlineData(4, 1, 0, false)]
    [InlineData(4, 3, 50, false)]
    [InlineData(32, 8, 50, false)]
    [InlineData(32, 4, 50, true)]
    public void A_random_history_loses_nothing_and_makes_nothing_up(int gsis, int batch, long delay, bool consumesFirst)
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            output.WriteLine($"seed {seed}");
            Run(new Random(seed), new RouteBench(gsis, batch, delay, consumesFirst: consumesFirst));
        }
    }

    private static void Run(Random random, RouteBench bench)
    {
        var virqs = new VirqHandle[Virqs];
        var masked = new bool[Virqs];
        for (int i = 0; i < Virqs; i++)
            virqs[i] = bench.Virq(i, eventFd: i % 4 != 0, prefault: i % 5 == 0);
        for (int step = 0; step < Steps; step++)
        {
            int i = random.Next(Virqs), entry = random.Next(Entries);
            switch (random.Next(12))
            {
                case < 4:
                    Fire(bench, virqs[i], masked[i]);
                    break;
                case 4:
                    bench.Entries.Remove(entry);
                    bench.Cache.Invalidate(new(new(0, entry), new(0, entry)));
                    break;
                case 5 or 6:
                    bench.Entry(entry, (byte)(0x20 + random.Next(0xC0)));
                    bench.Cache.Invalidate(new(new(0, entry), new(0, entry)));
                    break;
                case 7:
                    bench.Mask(virqs[i]);
                    masked[i] = true;
                    break;
                case 8:
                    bool pending = bench.IsPending(virqs[i]) && masked[i];
                    int before = bench.Delivered.Count + bench.Faults;
                    bench.Cache.Unmask(virqs[i]);
                    bench.Poll();
                    Assert.Equal(before + (pending ? 1 : 0), bench.Delivered.Count + bench.Faults);
                    masked[i] = false;
                    break;
                case 9:
                    bench.Cache.SetMessage(virqs[i], RouteBench.MessageOf(entry));
                    break;
                case 10:
                    bench.Events.Now += random.Next(40);
                    bench.Cache.Advance();
                    break;
                default:
                    bench.Cache.Dispose(virqs[i]);
                    virqs[i] = bench.Virq(entry, eventFd: random.Next(4) != 0, prefault: random.Next(4) == 0);
                    masked[i] = false;
                    break;
            }
            bench.Poll();
            bench.AssertConsistent();
        }
    }

    private static void Fire(RouteBench bench, VirqHandle virq, bool masked)
    {
        int before = bench.Delivered.Count, faults = bench.Faults;
        if (bench.Cache.TriggerOf(virq).Exists)
            bench.Signal(virq);
        else
            bench.Cache.Trigger(virq);
        bench.Poll();
        int came = bench.Delivered.Count - before + bench.Faults - faults;
        Assert.Equal(masked ? 0 : 1, came);
        if (masked)
            Assert.True(bench.IsPending(virq));
    }
}
