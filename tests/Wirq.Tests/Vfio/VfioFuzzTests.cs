using System.Buffers.Binary;
using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Laws;
using Wirq.State;
using Wirq.Tests.Laws;
using Wirq.Vfio;

namespace Wirq.Tests.Vfio;

/// <summary>Random calls, guest accesses, device levels and gaps between effects, on devices of each kind.
/// <c>WIRQ_LONG=1</c> makes ten million operations.</summary>
/// <remarks>Whenever the host is at rest: a line is disabled exactly as often as somebody owes an enable, and masked only if
/// somebody owes an unmask. Now and then a copy of the host is asked for what must come of it: with all devices unmasked, each
/// level reaches its eventfd once.</remarks>
public class VfioFuzzTests(ITestOutputHelper output)
{
    private const int Usual = 40_000, Long = 2_500_000, Seeds = 4, ProbeEvery = 50;
    private const int OneshotLine = 2, Edge = 6;
    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
    private static readonly int[] s_fds = [VfioWorld.E, VfioWorld.F, VfioWorld.U, VfioWorld.V, -1, -2, 99];

    internal static readonly VfioOptions s_options = Braked(new()
    {
        Irqs = new()
        {
            Lines = [new(), new() { Flow = HostFlow.Level }, new() { Chip = new() { EoiThreaded = true } }, new() { Flow = HostFlow.Level }, new(),
                new() { Chip = new() { HasDisable = true } }, new() { Flow = HostFlow.Edge, IsLevel = false }],
            Cpus = 2, Actions = 2,
        },
        Devices =
        [
            VfioWorld.Pci23, VfioWorld.Pci23 with { Name = "disk", HasDynamicMsix = true, GrantedVectors = 3, IsExpress = true },
            VfioWorld.Legacy with { Line = 1 }, VfioWorld.Oneshot with { Line = OneshotLine, OneshotTimeout = 1000 },
            VfioWorld.Platform with { Line = 3 }, VfioWorld.Pci23 with { Line = 4, Mode = ForwardMode.Oneshot, OneshotTimeout = 0 },
            VfioWorld.Legacy with { Line = 5, DisablesUnlazily = false }, VfioWorld.Platform with { Line = Edge },
        ],
    });

    // Low enough to hold often.
    private static VfioOptions Braked(VfioOptions options) =>
        options with { Devices = [.. options.Devices.Select(device => device with { StormLimit = 2, StormWindow = 500, StormDelay = 300 })] };

    public static TheoryData<int> AllSeeds => [.. Enumerable.Range(1, Seeds)];

    [Theory, MemberData(nameof(AllSeeds))]
    public void Nothing_throws_loses_an_unmask_or_leaves_a_line_masked(int seed)
    {
        int operations = s_long ? Long : Usual;
        output.WriteLine($"{operations} operations; WIRQ_LONG=1 makes them {Long}");
        var random = new Random(seed);
        var world = new VfioWorld(s_options);
        var probe = new VfioWorld(s_options);
        LawSet laws = History.Watch(OneshotHeldHistories.Machine with { OneshotLines = [OneshotLine, 4] }, new StateArena(), "OneshotHeld");
        world.Host.Events.Observing = true;
        world.Seen = [];
        int probes = 0, events = 0, waits = 0, brakes = 0;
        for (int i = 0; i < operations; i++)
        {
            string did = One(world, random);
            if (random.Next(3) == 0)
                Partly(world, random.Next(4));
            else
            {
                world.Settle();
                AtRest(world, did);
                waits += world.Host.IsWaiting(3) ? 1 : 0;
                brakes += Enumerable.Range(0, s_options.Devices.Count).Any(world.Host.IsBraked) ? 1 : 0;
                if (random.Next(ProbeEvery) == 0)
                {
                    probes++;
                    events += Probe(world, probe, did);
                    LetGo(world, probe, did);
                    probe.Host.Restore(world.Host.Save());
                    Check(probe.Host.Identity == world.Host.Identity, "a restored host is another", 0, did);
                }
            }
            foreach (Event e in world.Seen)
                laws.Observe(e);
            if (laws.Laws[0].Break is not null)
                Assert.Fail($"operation {i}: {did}: {laws.Laws[0].Describe()}");
            world.Seen.Clear();
        }
        output.WriteLine($"{probes} probes with {events} events, {waits} rests with a wait, {brakes} with a brake, {laws.Laws[0].Judgements} judgements");
        // It was no run along the errors.
        Assert.True(events > probes, $"only {events} events in {probes} probes");
        Assert.True(waits > operations / 100, $"only {waits} rests with a wait");
        Assert.True(brakes > operations / 100, $"only {brakes} rests with a brake");
        Assert.True(laws.Laws[0].Judgements > operations / 200, $"only {laws.Laws[0].Judgements} judgements");
    }

    /// <summary>It loses lines, and nothing else goes wrong.</summary>
    [Fact]
    public void The_profile_of_Linux_never_throws_or_storms()
    {
        var random = new Random(5);
        var world = new VfioWorld(s_options with { Irqs = s_options.Irqs with { Profile = HostProfile.Linux } });
        int lost = 0;
        for (int i = 0; i < Usual / 2; i++)
        {
            One(world, random);
            if (random.Next(3) == 0)
                Partly(world, random.Next(4));
            else
                world.Settle();
            lost += world.Host.Irqs.DepthOf(1) > 1 ? 1 : 0;
        }
        Assert.NotEqual(0, lost);
    }

    internal static void Partly(VfioWorld world, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            if (world.Host.Events.TryTake(out Event e))
                world.Take(e);
            else if (world.Host.Irqs.NextWanting() is >= 0 and var line)
                world.Host.Irqs.Deliver(line);
        }
    }

    internal static string One(VfioWorld world, Random random)
    {
        VfioHost host = world.Host;
        int device = random.Next(s_options.Devices.Count);
        switch (random.Next(24))
        {
            case < 7:
                // A device of a shared line that nobody serves would storm: Linux lets it, too.
                host.SetLevel(device, random.Next(2) == 0 && (device > 1 || host.IsEnabled(device)));
                return $"level of {device}";
            case < 15:
                return Set(host, device, random);
            case < 18:
                int fd = s_fds[random.Next(4)];
                world.Fds.Counts[fd] += (ulong)random.Next(1, 4);
                host.EventFdWritten(fd);
                return $"write of {fd}";
            case 18:
                bool bit = random.Next(3) == 0;
                host.SetVirtualDisable(device, bit);
                return $"DisINTx {bit} of {device}";
            case 19:
                host.Acknowledged(device);
                return $"ack of {device}";
            case 20:
                host.Advance(host.Events.Now + random.Next(600));
                return "time";
            case 21:
                if (random.Next(2) == 0)
                    host.GuestReset(device);
                else
                    host.LiveUpdate(device);
                return $"guest of {device} reset or updated";
            case 22 when random.Next(8) == 0:
                host.SetLevel(device, false);
                host.Open(device);
                return $"open of {device}";
            case 23:
                host.Irqs.SetAffinity(random.Next(-1, s_options.Irqs.Lines.Count + 1), random.Next(-1, 3));
                return "affinity";
            default:
                host.SendMessage(device, random.Next(-1, 9));
                return $"message of {device}";
        }
    }

    private static string Set(VfioHost host, int device, Random random)
    {
        uint index = random.Next(5) switch { 0 => (uint)random.Next(6), 1 => (uint)random.Next(1, 3), _ => 0 };
        var flags = random.Next(12) == 0 ? (VfioIrqSetBits)random.Next(128)
            : (VfioIrqSetBits)(1 << random.Next(3)) | (VfioIrqSetBits)(8 << random.Next(3));
        if (random.Next(3) == 0)
            flags = VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionTrigger;
        uint start = random.Next(10) == 0 ? (uint)random.Next(9) : 0;
        uint count = random.Next(14) switch { 0 => 0, 1 => (uint)random.Next(5), 2 => uint.MaxValue, _ => 1 };
        byte[] data = new byte[16];
        for (int i = 0; i < 4; i++)
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(i * 4), s_fds[random.Next(s_fds.Length)]);
        // A shared line must not be left to a device that asserts and is not served.
        if (device <= 1)
            host.SetLevel(device, false);
        uint size = random.Next(20) == 0 ? (uint)random.Next(40) : VfioIrqSet.Size + 16;
        int answer = host.SetIrqs(device, new(size, flags, index, start, count), data.AsSpan(0, random.Next(20) == 0 ? random.Next(16) : 16));
        return $"SET_IRQS of {device}: {index} {flags} {start}+{count} gives {answer}";
    }

    private static void AtRest(VfioWorld world, string did)
    {
        VfioHost host = world.Host;
        for (int line = 1; line < s_options.Irqs.Lines.Count; line++)
        {
            int device = line + 1;
            if (!host.IsEnabled(device))
            {
                Check(host.Irqs.IsMasked(line) && host.Irqs.DepthOf(line) > 0, "a line that nobody has is off", line, did);
                continue;
            }
            int owed = (host.IsMasked(device) ? 1 : 0)
                + (s_options.Devices[device].Bus == VfioBus.Platform && !host.HasTrigger(device) ? 1 : 0);
            Check(host.Irqs.DepthOf(line) == owed, $"disabled {host.Irqs.DepthOf(line)} deep and {owed} owed", line, did);
            Check(!host.Irqs.IsMasked(line) || owed > 0 || host.IsWaiting(device), "masked and nobody owes the unmask", line, did);
            Check(!host.Irqs.IsInProgress(line), "still in progress", line, did);
            Check(host.Irqs.ThreadsOf(line) == 0 == !host.IsWaiting(device), "a thread and its wait do not agree", line, did);
        }
        for (int device = 0; device < s_options.Devices.Count; device++)
            Check(!host.IsBraked(device) || host.IsMasked(device) || host.IsWaiting(device), $"the brake holds device {device}, which has nothing to unmask",
                s_options.Devices[device].Line!.Value, did);
        // A shared line is never disabled while somebody has it.
        if (host.IsEnabled(0) || host.IsEnabled(1))
            Check(host.Irqs.DepthOf(0) == 0 && !host.Irqs.IsMasked(0), "a shared line is masked", 0, did);
    }

    private static void Check(bool holds, string what, int line, string did)
    {
        if (!holds)
            Assert.Fail($"after {did}: line {line}: {what}");
    }

    /// <summary>In a copy, time passes until no brake holds: each device that asserts is heard again.</summary>
    private static void LetGo(VfioWorld world, VfioWorld probe, string did)
    {
        probe.Host.CopyFrom(world.Host);
        foreach (int fd in s_fds[..4])
            probe.Fds.Counts[fd] = 0;
        for (int device = 0; device < s_options.Devices.Count; device++)
        {
            if (!probe.Host.IsBraked(device))
                continue;
            // The owed signals of others may go to the same eventfd.
            ulong came = s_fds[..4].Aggregate(0ul, (sum, fd) => sum + probe.Fds.Counts[fd]);
            bool heard = probe.Host.HasTrigger(device) && probe.Host.IsAsserting(device);
            probe.Host.Advance(probe.Host.Events.Now + 300);
            probe.Settle();
            Check(!probe.Host.IsBraked(device), "the brake never lets go", s_options.Devices[device].Line!.Value, did);
            Check(!heard || s_fds[..4].Aggregate(0ul, (sum, fd) => sum + probe.Fds.Counts[fd]) > came, $"device {device} is not heard after the brake",
                s_options.Devices[device].Line!.Value, did);
        }
    }

    /// <summary>Unmasks everything in a copy, and raises each device.</summary>
    /// <returns>How many events came.</returns>
    private static int Probe(VfioWorld world, VfioWorld probe, string did)
    {
        probe.Host.CopyFrom(world.Host);
        foreach (int fd in s_fds)
        {
            if (fd > 0 && fd != 99)
                probe.Fds.Counts[fd] = 0;
        }
        int events = 0;
        for (int device = 0; device < s_options.Devices.Count; device++)
        {
            probe.Level(false, device);
            probe.Host.SetVirtualDisable(device, false);
            probe.Host.Acknowledged(device);
            probe.Settle();
        }
        for (int device = 0; device < s_options.Devices.Count; device++)
        {
            if (!probe.Host.IsEnabled(device) || !probe.Host.HasTrigger(device))
                continue;
            foreach (int fd in s_fds[..4])
                probe.Read(fd);
            probe.Level(true, device);
            ulong came = s_fds[..4].Aggregate(0ul, (sum, fd) => sum + probe.Fds.Counts[fd]);
            Check(came == 1, $"{came} events of device {device} after everything was unmasked", s_options.Devices[device].Line!.Value, did);
            events++;
            probe.Level(false, device);
            probe.Host.Acknowledged(device);
            probe.Settle();
        }
        return events;
    }
}
