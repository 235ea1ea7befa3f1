using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Tests.Routing;

/// <summary>Random histories: bindings and polls always match the states, and no interrupt is lost or added.</summary>
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

    [Fact]
    public void A_fork_goes_on_alike()
    {
        var one = new RouteBench(6, 3, 50);
        var history = new History(one, new Random(5));
        history.Run(500);
        var other = new RouteBench(6, 3, 50);
        other.CopyFrom(one);
        History fork = history.On(other, new Random(6));
        history.Reseed(new Random(6));
        one.Log.Clear();
        (int delivered, int faults) = (one.Delivered.Count, one.Faults);
        history.Run(500);
        fork.Run(500);
        Assert.NotEmpty(one.Log);
        Assert.Equal(one.Log, other.Log);
        Assert.Equal(one.Delivered[delivered..], other.Delivered);
        Assert.Equal(one.Faults - faults, other.Faults);
        Assert.True(one.Arena.HasSameBytes(other.Arena));
        Assert.Equal(one.Arena.Identity(one.Events.Now), other.Arena.Identity(other.Events.Now));
    }

    private static void Run(Random random, RouteBench bench) => new History(bench, random).Run(Steps);

    /// <summary>A random history of one bench.</summary>
    private sealed class History
    {
        private readonly RouteBench _bench;
        private readonly VirqHandle[] _virqs = new VirqHandle[Virqs];
        private readonly bool[] _masked = new bool[Virqs];
        private Random _random;

        internal History(RouteBench bench, Random random)
        {
            (_bench, _random) = (bench, random);
            for (int i = 0; i < Virqs; i++)
                _virqs[i] = _bench.Virq(i, eventFd: i % 4 != 0, prefault: i % 5 == 0);
        }

        private History(History other, RouteBench bench, Random random)
        {
            (_bench, _random) = (bench, random);
            other._virqs.CopyTo(_virqs, 0);
            other._masked.CopyTo(_masked, 0);
        }

        internal History On(RouteBench fork, Random with) => new(this, fork, with);

        internal void Reseed(Random with) => _random = with;

        internal void Run(int steps)
        {
            for (int step = 0; step < steps; step++)
            {
                int i = _random.Next(Virqs), entry = _random.Next(Entries);
                switch (_random.Next(12))
                {
                    case < 4:
                        Fire(_bench, _virqs[i], _masked[i]);
                        break;
                    case 4:
                        _bench.Entries.Remove(entry);
                        _bench.Cache.Invalidate(new(new(0, entry), new(0, entry)));
                        break;
                    case 5 or 6:
                        _bench.Entry(entry, (byte)(0x20 + _random.Next(0xC0)));
                        _bench.Cache.Invalidate(new(new(0, entry), new(0, entry)));
                        break;
                    case 7:
                        _bench.Mask(_virqs[i]);
                        _masked[i] = true;
                        break;
                    case 8:
                        bool pending = _bench.IsPending(_virqs[i]) && _masked[i];
                        int before = _bench.Delivered.Count + _bench.Faults;
                        _bench.Cache.Unmask(_virqs[i]);
                        _bench.Poll();
                        Assert.Equal(before + (pending ? 1 : 0), _bench.Delivered.Count + _bench.Faults);
                        _masked[i] = false;
                        break;
                    case 9:
                        _bench.Cache.SetMessage(_virqs[i], RouteBench.MessageOf(entry));
                        break;
                    case 10:
                        _bench.Events.Now += _random.Next(40);
                        _bench.Cache.Advance();
                        break;
                    default:
                        _bench.Cache.Dispose(_virqs[i]);
                        _virqs[i] = _bench.Virq(entry, eventFd: _random.Next(4) != 0, prefault: _random.Next(4) == 0);
                        _masked[i] = false;
                        break;
                }
                _bench.Poll();
                _bench.AssertConsistent();
            }
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
