using Wirq.HostIrq;
using Wirq.Snapshots;
using Wirq.Tests.Snapshots;

namespace Wirq.Tests.HostIrq;

/// <summary>Random calls at lines of every flow: nothing throws, each state can be saved and restored, and a mutated snapshot is
/// refused or is a host like any other.</summary>
public class HostFuzzTests(ITestOutputHelper output)
{
    private const int Operations = 10_000, Long = 1_000_000, SaveEvery = 5, Actions = 3;

    private static readonly HostIrqOptions s_options = new()
    {
        Lines = [new(), new() { Flow = HostFlow.Level, Chip = new() { HasMaskAck = true, MovesAtOnce = true } }, new() { Chip = new() { EoiThreaded = true } }, new() { Chip = new() { EoiNeedsEnabled = true } },
            new() { Flow = HostFlow.Edge, IsLevel = false, Chip = new() { HasRetrigger = true, LatchesWhileMasked = true } }, new() { Flow = HostFlow.PerCpu },
            new() { IsLevel = false, Chip = new() { ResendsInProgress = true, HasDisable = true } }, new() { Chip = new() { OneshotSafe = true, EoiIfHandled = true } }],
        Cpus = 2, Actions = Actions,
    };

    [Theory]
    [InlineData(1, HostProfile.Sound)]
    [InlineData(2, HostProfile.Linux)]
    public void Nothing_throws_and_each_state_can_be_saved(int seed, HostProfile profile)
    {
        int operations = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? Long : Operations;
        output.WriteLine($"seed {seed}, {operations} operations; WIRQ_LONG=1 makes them {Long}");
        var random = new Random(seed);
        HostIrqOptions options = s_options with { Profile = profile };
        var irqs = new HostIrqs(options);
        int running = 0, accepted = 0, refused = 0;
        for (int i = 0; i < operations; i++)
        {
            One(irqs, random);
            if (i % SaveEvery != 0)
                continue;
            byte[] snapshot = irqs.Save();
            var other = new HostIrqs(options);
            other.Restore(snapshot);
            Assert.True(irqs.Arena.Identity(irqs.Events.Now) == other.Arena.Identity(other.Events.Now), $"seed {seed}, operation {i}: a restored host is another");
            running += Enumerable.Range(0, options.Lines.Count).Any(irqs.IsInProgress) ? 1 : 0;
            try
            {
                byte[] mutated = Mutate(snapshot, random);
                other = new HostIrqs(options);
                other.Restore(mutated);
                Assert.Equal(mutated, other.Save());
                accepted++;
            }
            catch (SnapshotException)
            {
                refused++;
            }
            for (int step = 0; step < 5; step++)
                One(other, random);
        }
        output.WriteLine($"{running} with handlers that run, {accepted} mutations accepted, {refused} refused");
        Assert.True(running > operations / SaveEvery / 4 && accepted > operations / SaveEvery / 20, $"{running}, {accepted}");
    }

    private static void One(HostIrqs irqs, Random random)
    {
        int line = random.Next(s_options.Lines.Count), action = random.Next(Actions), cpu = random.Next(2);
        switch (random.Next(16))
        {
            case 0:
                irqs.Request(line, new((HostRequestBits)(random.Next(8) | (random.Next(4) == 0 ? 16 : 0)), random.Next(4) != 0, random.Next(2) == 0), out _);
                break;
            case 1 when random.Next(3) == 0:
                irqs.Free(line, action);
                break;
            case 2:
                irqs.Disable(line);
                break;
            case 3 or 4:
                irqs.Enable(line);
                break;
            case 5:
                irqs.SetAffinity(line, cpu);
                break;
            case 6 when random.Next(4) == 0:
                irqs.ManagedShutdown(line);
                break;
            case 6:
                irqs.ManagedStartup(line);
                break;
            case 7 or 8:
                irqs.SetLevel(line, random.Next(2) == 0);
                break;
            case 9:
                irqs.Interrupt(line, cpu);
                break;
            case 10:
                irqs.ThreadStarted(line, action);
                break;
            case 11:
                irqs.ThreadEnded(line, action);
                break;
            case 12:
                irqs.Events.Now += random.Next(1000);
                break;
            case 13:
                irqs.Answer(line, action, (HandlerAnswer)random.Next(4), cpu);
                break;
            case 14:
                irqs.SetUnlazy(line, random.Next(2) == 0);
                irqs.Poll(line);
                break;
            default:
                irqs.Deliver(line);
                break;
        }
        while (irqs.Events.TryTake(out _)) { }
    }

    private static byte[] Mutate(byte[] snapshot, Random random)
    {
        byte[] mutated = [.. snapshot];
        (int start, int length) = HostileSnapshotTests.SectionsOf(snapshot)[1];
        int at = start + random.Next(length);
        mutated[at] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)(mutated[at] ^ 1 << random.Next(8));
        FieldWriter.Seal(mutated);
        return mutated;
    }
}
