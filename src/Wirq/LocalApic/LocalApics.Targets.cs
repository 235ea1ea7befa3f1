using Wirq.Events;

namespace Wirq;

// The CPUs that a destination addresses (Intel SDM vol. 3, 11.6.2 and 11.12.10).
public sealed partial class LocalApics
{
    private const uint ByteBroadcast = 0xFF, WideBroadcast = 0xFFFFFFFF;

    /// <summary>Enumerates the CPUs that are addressed, in ascending order if their ids ascend. A copy enumerates again
    /// from where it was made.</summary>
    private struct Targets
    {
        private enum Walk : byte
        {
            One,
            Members,
            All,
            Matching,
            Table,
        }

        private readonly LocalApics _apics;
        private readonly Walk _walk;
        private readonly bool _logical, _fromBus;
        private readonly int _except;
        private uint _destination;
        private int _next;

        private Targets(LocalApics apics, Walk walk, uint destination = 0, bool logical = false, bool fromBus = false,
            int next = 0, int except = -1)
        {
            _apics = apics;
            _walk = walk;
            _destination = destination;
            _logical = logical;
            _fromBus = fromBus;
            _next = next;
            _except = except;
        }

        /// <summary>One CPU, or none if it is negative.</summary>
        public static Targets Only(LocalApics apics, int cpu) => new(apics, Walk.One, next: cpu);
        /// <summary>All CPUs but one.</summary>
        public static Targets All(LocalApics apics, int except = -1) => new(apics, Walk.All, except: except);
        /// <summary>The members of an x2APIC cluster.</summary>
        public static Targets Members(LocalApics apics, uint destination) => new(apics, Walk.Members, destination);
        /// <summary>All CPUs that match; every local APIC is checked.</summary>
        public static Targets Matching(LocalApics apics, uint destination, bool logical, bool fromBus) =>
            new(apics, Walk.Matching, destination, logical, fromBus);

        /// <summary>The CPUs that a logical destination finds in the table.</summary>
        public static Targets Table(LocalApics apics, uint destination) => new(apics, Walk.Table, destination);

        /// <summary>The next CPU; -1 at the end.</summary>
        public int Next()
        {
            switch (_walk)
            {
                case Walk.One:
                    int one = _next;
                    _next = -1;
                    return one;
                case Walk.Members:
                    while (LogicalDestination.NextMember(ref _destination, out uint id))
                    {
                        int cpu = _apics._quirks.DestinationTable ? _apics.Physical(id) : _apics.CpuOf(id);
                        if (cpu >= 0 && _apics.IsOnBus(in _apics._state[cpu]))
                            return cpu;
                    }
                    return -1;
                default:
                    while (_next < _apics.Count)
                    {
                        int cpu = _next++;
                        ref ApicState s = ref _apics._state[cpu];
                        if (cpu != _except && _apics.IsOnBus(in s) && _walk switch
                            {
                                Walk.All => true,
                                Walk.Table => _apics.IsListedAt(cpu, in s, _destination),
                                _ => _apics.Matches(cpu, in s, _destination, _logical, _fromBus),
                            })
                            return cpu;
                    }
                    return -1;
            }
        }
    }

    /// <summary>The CPUs that a message addresses. If no aliases are possible, they are looked up; else every local
    /// APIC is checked.</summary>
    private Targets AddressedBy(InterruptMessage message, Origin origin)
    {
        uint destination = message.Destination;
        ref ApicBusState bus = ref _bus.Value;
        if (destination is not (ByteBroadcast or WideBroadcast))
        {
            if (!message.Logical && bus.Renumbered == 0)
            {
                int cpu = CpuOf(destination);
                return Targets.Only(this, cpu >= 0 && IsOnBus(in _state[cpu]) ? cpu : -1);
            }
            if (message.Logical && bus.XApics == 0)
                return Targets.Members(this, destination);
        }
        return Targets.Matching(this, destination, message.Logical, origin.Kind != OriginKind.Ipi);
    }

    /// <summary>Whether a message (no IPI) to this destination would reach a CPU, software-enabled or not.</summary>
    internal bool IsAddressed(int cpu, uint destination, bool logical)
    {
        ref ApicState s = ref _state[cpu];
        return IsOnBus(in s) && Matches(cpu, in s, destination, logical, fromBus: true);
    }

    private bool Matches(int cpu, in ApicState s, uint destination, bool logical, bool fromBus)
    {
        if (s.Base.Mode == ApicMode.X2Apic)
        {
            if (destination == WideBroadcast
                || destination == ByteBroadcast && fromBus && _quirks.ByteBroadcastReachesX2Apic)
                return true;
            return logical
                ? LogicalDestination.Derived(_ids[cpu]).MatchesX2Apic(destination)
                : destination == _ids[cpu];
        }

        if (destination == WideBroadcast && !_quirks.WideBroadcastMissesXApic)
            return true;
        if (destination > byte.MaxValue && !logical)
            return _quirks.WideIdReachesXApic && destination == _ids[cpu];
        if (destination > byte.MaxValue)
            return _quirks.WideLogicalIsFlat && s.Format == DestinationFormat.Flat && s.Logical.MatchesXApic((byte)destination, s.Format);
        if (destination == ByteBroadcast && !(logical && _quirks.NoLogicalBroadcast))
            return true;
        return logical
            ? s.Logical.MatchesXApic((byte)destination, s.Format)
            : destination == s.Id.Id;
    }

    private int CpuOf(uint id)
    {
        if (_cpuOfId is null)
            return id < (uint)Count ? (int)id : -1;
        return _cpuOfId.TryGetValue(id, out int cpu) ? cpu : -1;
    }

    /// <summary>Counts a local APIC for the look-ups. Every change of its mode or id is between an <see cref="Unlist"/>
    /// and a <see cref="List"/>.</summary>
    private void List(int cpu, in ApicState s) => Tally(cpu, in s, 1);

    private void Unlist(int cpu, in ApicState s) => Tally(cpu, in s, -1);

    private void Tally(int cpu, in ApicState s, int by)
    {
        // Before its first power-up a local APIC has no base, and is not listed.
        bool off = _quirks.DisabledStaysOnBus && !s.Base.Enabled && s.Base.Bits != 0;
        if (s.Base.Mode != ApicMode.XApic && !off)
            return;
        ref ApicBusState bus = ref _bus.Value;
        bus.XApics += by;
        if (s.Id.Id != _ids[cpu])
            bus.Renumbered += by;
    }
}
