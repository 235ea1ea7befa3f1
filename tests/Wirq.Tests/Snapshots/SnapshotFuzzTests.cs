using System.Buffers.Binary;
using System.Globalization;
using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Snapshots;
using Wirq.State;
using Wirq.Tests.Shared;
using Wirq.Tests.Xen;
using Wirq.Xen;

namespace Wirq.Tests.Snapshots;

/// <summary>Mutated snapshots yield clean errors, or machines that save to the same bytes and that no operation brings
/// down. <c>WIRQ_LONG=1</c> makes it a million; <c>WIRQ_SEED</c> another run.</summary>
public class SnapshotFuzzTests
{
    private const int DefaultSeed = 20275, Operations = 1_000, FewOperations = 10, WhichHasAll = 20;

    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
    private static readonly int s_seed =
        int.TryParse(Environment.GetEnvironmentVariable("WIRQ_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : DefaultSeed;

    [Fact]
    public void A_mutated_snapshot_is_refused_cleanly_or_is_a_machine_like_any_other()
    {
        int count = s_long ? 1_000_000 : 2_000;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {s_seed}, {count} mutations");
        var random = new Random(s_seed);
        (FabricOptions Options, byte[] Snapshot)[] saved = [.. Saved().Select(machine => (machine.Options, machine.Save()))];
        // Else every mutation of it would be refused, whatever it hits.
        Assert.All(saved, machine => new Fabric(machine.Options).Restore(machine.Snapshot));
        int accepted = 0, refused = 0;
        for (int i = 0; i < count; i++)
        {
            (FabricOptions options, byte[] snapshot) = saved[random.Next(saved.Length)];
            byte[] mutated = Mutate(snapshot, random);
            var fabric = new Fabric(options);
            try
            {
                fabric.Restore(mutated);
            }
            catch (SnapshotException)
            {
                refused++;
                continue;
            }
            accepted++;
            Assert.Equal(mutated, fabric.Save());
            // A bounded run does all operations on some of the machines only.
            int operations = s_long || accepted % WhichHasAll == 0 ? Operations : FewOperations;
            Survives(fabric, random.Next(), operations, $"seed {s_seed}, mutation {i}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{accepted} accepted, {refused} refused");
        // Both happen often, so the test tests something.
        Assert.True(accepted > count / 20 && refused > count / 20, $"{accepted} accepted, {refused} refused");
    }

    /// <summary>Machines in the middle of much, small ones, so that a mutation hits something.</summary>
    private static IEnumerable<Fabric> Saved()
    {
        foreach (Profile profile in Enum.GetValues<Profile>())
        {
            var scrambler = new Scrambler(new Fabric(Scrambler.Machine(profile, cpus: 2) with { Sources = 16 }), s_seed);
            for (int i = 0; i < 2_000; i++)
                scrambler.Step();
            yield return scrambler.Fabric;
        }
        yield return RichMachine.Split();
        foreach (CallbackPolicy policy in Enum.GetValues<CallbackPolicy>())
            yield return RichMachine.Xen(policy);
    }

    private static byte[] Mutate(byte[] snapshot, Random random)
    {
        byte[] mutated = [.. snapshot];
        List<(int Start, int Length)> sections = HostileSnapshotTests.SectionsOf(snapshot);
        for (int left = random.Next(1, 4); left > 0; left--)
        {
            // The shape is a small part, and any change of it is refused: it is chosen as rarely as any other section.
            (int start, int length) = sections[random.Next(sections.Count - 1)];
            int at = start + random.Next(length);
            mutated[at] = random.Next(6) switch
            {
                0 => (byte)random.Next(256),
                1 => 0,
                2 => byte.MaxValue,
                3 => (byte)(mutated[at] + random.Next(-2, 3)),
                _ => (byte)(mutated[at] ^ 1 << random.Next(8)),
            };
        }
        if (random.Next(16) == 0)
            mutated = Cut(mutated, random);
        BinaryPrimitives.WriteInt32LittleEndian(mutated.AsSpan(12), mutated.Length);
        if (mutated.Length >= 32)
            FieldWriter.Seal(mutated);
        return mutated;
    }

    private static byte[] Cut(byte[] snapshot, Random random)
    {
        int from = random.Next(16, snapshot.Length - 16), length = random.Next(1, 16);
        return random.Next(2) == 0 ? [.. snapshot[..from], .. snapshot[(from + length)..]]
            : [.. snapshot[..from], .. snapshot[from..(from + length)], .. snapshot[from..]];
    }

    private static void Survives(Fabric fabric, int seed, int operations, string which)
    {
        fabric.Events.Observing = true;
        var laws = new LawSet(fabric.Options, fabric.Gsis, new StateArena());
        var port = new LawPort(laws);
        try
        {
            if (fabric.LocalApics is not null)
            {
                var scrambler = new Scrambler(fabric, seed, Slots(fabric));
                var xen = fabric.Xen is null ? null : new XenScrambler(fabric, seed);
                for (int i = 0; i < operations; i++)
                {
                    scrambler.Step(port);
                    xen?.Step(port);
                }
            }
            else
                DriveVirqs(fabric, new Random(seed), operations, port);
        }
        catch (Exception thrown)
        {
            Assert.Fail($"{which}, seed of operations {seed}: {thrown}");
        }
        // A guest that does anything breaks laws on purpose where a profile does not keep to the manual.
        // A dom0 that calls at random binds pins that nobody has set up: that law judges dom0, and not the machine.
        if (fabric.Options.LocalApics.Profile == Profile.Manual
            && laws.Laws.FirstOrDefault(law => law.Break is not null && law.Name != "PermittedBeforeMapped") is { } broken)
            Assert.Fail($"{which}, seed of operations {seed}: {broken.Name}: {broken.Describe()}");
    }

    private static int[] Slots(Fabric fabric)
    {
        // Without that of the 8259's INTR, which is wired, and those of Xen.
        int xen = fabric.Xen is null ? 0 : XenPciLines.Sources;
        int[] slots = [.. Enumerable.Range(1 + xen, fabric.Lines.Capacity - 1 - xen)
            .Where(slot => fabric.Lines.InUse(slot) && fabric.Xen?.Callback.Slots is var own && own?.Line != slot && own?.Link != slot)];
        return slots.Length > 0 ? slots : [fabric.Connect(4, "another").Slot];
    }

    private static void DriveVirqs(Fabric fabric, Random random, int operations, LawPort port)
    {
        RouteCache virqs = fabric.RouteCache!;
        var host = new SmallHost(fabric);
        // What the saved machine had bound and polled.
        virqs.Suspend();
        var ports = new FabricPorts { Observer = port, Kernel = host, EventFds = host };
        fabric.Drain(ports);
        virqs.Resume();
        for (int i = 0; i < operations; i++)
        {
            int slot = random.Next(virqs.Capacity);
            VirqHandle virq = virqs.HandleAt(slot);
            switch (random.Next(10))
            {
                case 0: virqs.Mask(virq); break;
                case 1: virqs.Unmask(virq); break;
                case 2 when virqs.IsInUse(slot) && virqs.KindAt(slot) == VirqKind.Message:
                    virqs.SetMessage(virq, new Msi(0xFEE00000, (uint)random.Next(0x30, 0x34))); break;
                case 3: virqs.Invalidate(Wirq.Remapping.CookieRange.AllOf(0)); break;
                case 5: fabric.Advance(fabric.Now + random.Next(2_000)); break;
                case 6 when random.Next(20) == 0: virqs.Suspend(); break;
                case 7: virqs.Resume(); break;
                default: virqs.Trigger(virq); break;
            }
            Settle(fabric, host, ports);
        }
    }

    /// <summary>Drains, and lets the poll report, until nothing is left: then the laws get the rest.</summary>
    private static void Settle(Fabric fabric, SmallHost host, FabricPorts ports)
    {
        FabricPorts unobserved = ports with { Observer = new NoRest(ports.Observer!) };
        do
            fabric.Drain(unobserved);
        while (host.TryReport(fabric.RouteCache!));
        fabric.Drain(ports);
    }

    private sealed class NoRest(IEventObserver to) : IEventObserver
    {
        public void Observe(in Event happened)
        {
            if (happened.Kind != EventKind.Rest)
                to.Observe(happened);
        }
    }

    private sealed class LawPort(LawSet laws) : IEventObserver
    {
        public void Observe(in Event happened) => laws.Observe(happened);
    }

    /// <summary>Eventfds, a poll, and a kernel whose CPUs accept everything.</summary>
    private sealed class SmallHost(Fabric fabric) : IKernelPort, IEventPort
    {
        private readonly Dictionary<EventFd, int> _watched = [];
        private readonly Dictionary<EventFd, int> _bound = [];
        private readonly HashSet<EventFd> _readable = [];

        public KernelLimits Limits { get; } = new();

        public void Commit(ReadOnlySpan<KernelRoute> routes) { }

        public void Bind(int gsi, EventFd trigger, EventFd resample)
        {
            _bound[trigger] = gsi;
            if (_readable.Remove(trigger))
                Serve(trigger);
        }

        public void Unbind(int gsi, EventFd trigger) => _bound.Remove(trigger);
        public bool Signal(InterruptMessage message) => true;
        public void SetLine(int gsi, bool asserted) { }
        public void RaiseExtInt(int cpu, byte vector) { }
        public void Watch(EventFd trigger, int token) => _watched[trigger] = token;
        public void Unwatch(EventFd trigger) => _watched.Remove(trigger);
        public bool Read(EventFd trigger) => _readable.Remove(trigger);
        public bool IsReadable(EventFd trigger) => _readable.Contains(trigger);

        public void Write(EventFd fd)
        {
            if (_bound.ContainsKey(fd))
                Serve(fd);
            else
                _readable.Add(fd);
        }

        private void Serve(EventFd fd)
        {
            RouteCache virqs = fabric.RouteCache!;
            int slot = Enumerable.Range(0, virqs.Capacity).First(one => virqs.IsInUse(one) && virqs.TriggerOf(virqs.HandleAt(one)) == fd);
            fabric.Events.Observe(new VirqServed(slot, _bound[fd], default).ToEvent());
        }

        internal bool TryReport(RouteCache virqs)
        {
            foreach ((EventFd fd, int token) in _watched)
            {
                if (!_readable.Contains(fd) || !virqs.ReadsInUserspace(token))
                    continue;
                virqs.Readable(token);
                return true;
            }
            return false;
        }
    }
}
