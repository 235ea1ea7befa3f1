using System.Globalization;
using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.State;
using Wirq.Tests.Shared;

namespace Wirq.Tests;

public class FuzzTests
{
    private const int DefaultSeed = 20262;

    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
    /// <summary>Three million operations, with <c>WIRQ_LONG=1</c> ten; <c>WIRQ_FUZZ_OPERATIONS</c> and <c>WIRQ_SEED</c> make it another
    /// number or run.</summary>
    private static readonly int Operations = FromEnvironment("WIRQ_FUZZ_OPERATIONS", s_long ? 10_000_000 : 3_000_000);
    private static readonly int s_rounds = s_long ? 20 : 6;
    private static readonly int Seed = FromEnvironment("WIRQ_SEED", DefaultSeed);

    [Fact]
    public void A_hostile_guest_never_makes_the_fabric_throw_and_reaches_everything()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}, {Operations} operations");
        var reached = new Coverage();
        Profile[] profiles = [Profile.Manual, Profile.Manual, Profile.Qemu, Profile.Kvm];
        foreach ((int index, Profile profile) in profiles.Index())
        {
            var scrambler = new Scrambler(new Fabric(Scrambler.Machine(profile)), Seed + index);
            // The second run goes without observers, as a machine in earnest does.
            scrambler.Fabric.Events.Observing = index != 1;
            for (int i = 0; i < Operations / profiles.Length; i++)
                scrambler.Step(reached);
        }
        Assert.Empty(reached.Missing());
    }

    [Theory]
    [InlineData(AckPolicy.Done)]
    [InlineData(AckPolicy.Eoi)]
    [InlineData(AckPolicy.EoiAndUnmask)]
    public void No_law_breaks_whatever_a_guest_does(AckPolicy ack)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}, {s_rounds} rounds");
        FabricOptions options = Scrambler.Machine(ack: ack);
        for (int round = 0; round < s_rounds; round++)
        {
            var fabric = new Fabric(options);
            fabric.Events.Observing = true;
            var laws = new LawSet(options, fabric.Gsis, new StateArena());
            var port = new LawPort(laws);
            var scrambler = new Scrambler(fabric, Seed + round);
            for (int i = 0; i < 10_000; i++)
            {
                scrambler.Step(port);
                if (laws.Laws.FirstOrDefault(law => law.Break is not null) is { } broken)
                    Assert.Fail($"round {round}, operation {i}: {broken.Name}: {broken.Describe()}\n{string.Join('\n', port.Latest)}");
            }
        }
    }

    private static int FromEnvironment(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    private sealed class LawPort(LawSet laws) : IEventObserver
    {
        private readonly Queue<string> _latest = new();

        internal IEnumerable<string> Latest => _latest;

        public void Observe(in Event happened)
        {
            laws.Observe(happened);
            if (_latest.Count == 60)
                _latest.Dequeue();
            _latest.Enqueue(happened.ToString());
        }
    }

    /// <summary>What the guest reached.</summary>
    private sealed class Coverage : IEventObserver
    {
        private static readonly ushort[] Ports = [0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1];

        private readonly bool[] _modes = new bool[8], _accepted = new bool[8];
        private readonly bool[] _logical = new bool[2];
        private readonly bool[] _apicWrites = new bool[0x40], _apicReads = new bool[0x40];
        private readonly bool[] _msrWrites = new bool[0x40], _msrReads = new bool[0x40];
        private readonly bool[] _entries = new bool[24 + 120];
        private readonly HashSet<ulong> _ports = [];
        private readonly HashSet<EventKind> _kinds = [];
        private readonly HashSet<RefusalReason> _reasons = [];

        public void Observe(in Event happened)
        {
            switch (happened.Kind)
            {
                case EventKind.MessageAccepted:
                    _accepted[(int)happened.Message.Mode] = true;
                    _logical[happened.Message.Logical ? 1 : 0] = true;
                    break;
                case EventKind.MessageRefused:
                    _modes[(int)happened.Message.Mode] = true;
                    if (!_reasons.Contains(happened.Reason))
                        _reasons.Add(happened.Reason);
                    break;
                case EventKind.MemoryMappedWrite when happened.A >> 12 == 0xFEE00:
                    _apicWrites[(int)(happened.A >> 4 & 0x3F)] = true;
                    break;
                case EventKind.MemoryMappedRead when happened.A >> 12 == 0xFEE00:
                    _apicReads[(int)(happened.A >> 4 & 0x3F)] = true;
                    break;
                case EventKind.MsrWrite when happened.A is >= 0x800 and < 0x840:
                    _msrWrites[(int)happened.A & 0x3F] = true;
                    break;
                case EventKind.MsrRead when happened.A is >= 0x800 and < 0x840:
                    _msrReads[(int)happened.A & 0x3F] = true;
                    break;
                case EventKind.PortWrite or EventKind.PortRead:
                    _ports.Add(happened.A);
                    break;
                case EventKind.EntryWritten:
                    _entries[happened.IoApic * 24 + happened.Pin] = true;
                    break;
            }
            _kinds.Add(happened.Kind);
        }

        internal IEnumerable<string> Missing()
        {
            for (int i = 0; i < 0x40; i++)
            {
                if (!_apicWrites[i])
                    yield return $"no write of local APIC offset 0x{i * 16:x}";
                if (!_apicReads[i])
                    yield return $"no read of local APIC offset 0x{i * 16:x}";
                if (!_msrWrites[i])
                    yield return $"no write of MSR 0x{0x800 + i:x}";
                if (!_msrReads[i])
                    yield return $"no read of MSR 0x{0x800 + i:x}";
            }
            for (int i = 0; i < _entries.Length; i++)
            {
                if (!_entries[i])
                    yield return $"entry {i} was never written";
            }
            foreach (DeliveryMode mode in Enum.GetValues<DeliveryMode>())
            {
                // Mode 011 is reserved: refused is all that it can be.
                if (mode == DeliveryMode.Reserved ? !_modes[(int)mode] : !_accepted[(int)mode])
                    yield return $"delivery mode {mode} was never seen";
            }
            for (int i = 0; i < 2; i++)
            {
                if (!_logical[i])
                    yield return i == 0 ? "no physical destination" : "no logical destination";
            }
            foreach (ushort port in Ports)
            {
                if (!_ports.Contains(port))
                    yield return $"port 0x{port:x} was never reached";
            }
            foreach (EventKind kind in Enum.GetValues<EventKind>())
            {
                // What only devices do, what only the owner of the machine does, what only a machine with a remapping unit, virqs, a kernel or a hypervisor does, and what only the
                // replay of a log tells.
                bool unreachable = kind.Subsystem is Subsystem.None or Subsystem.Log or Subsystem.Remapping or Subsystem.Routing or Subsystem.Xen
                        or Subsystem.HostIrq or Subsystem.Vfio
                    || kind is EventKind.SourceConnected or EventKind.SourceRemoved or EventKind.SourceWithdrawn or EventKind.SourceWanted
                        or EventKind.PinInjected or EventKind.MessageInjected or EventKind.KernelLine
                        or EventKind.MachineReset or EventKind.EffectLost
                        or EventKind.MachineSaved or EventKind.MachineRestored or EventKind.MachineSuspended or EventKind.MachineResumed;
                if (!unreachable && !_kinds.Contains(kind))
                    yield return $"event {kind} never happened";
            }
            RefusalReason[] reasons = [RefusalReason.NoDestination, RefusalReason.SoftwareDisabled, RefusalReason.IllegalVector,
                RefusalReason.ReservedMode, RefusalReason.NoRemapper];
            foreach (RefusalReason reason in reasons.Except(_reasons))
                yield return $"no message was refused for {reason}";
        }
    }
}
