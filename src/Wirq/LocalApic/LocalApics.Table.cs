using System.Numerics;
using Wirq.Events;

namespace Wirq;

// Look-up of destinations in a table, as some profiles do: Linux arch/x86/kvm/lapic.c, kvm_recalculate_apic_map and
// kvm_irq_delivery_to_apic.
public sealed partial class LocalApics
{
    /// <summary>The CPUs that a message addresses, or the one of them that gets it.</summary>
    /// <param name="message">The message. If it is lowest-priority, or has the hint, and goes to physical 0xFF, it
    /// becomes Fixed in every mode.</param>
    /// <param name="origin">The cause.</param>
    /// <param name="listed">Whether the table was used, instead of checking every local APIC.</param>
    private Targets LookUp(ref InterruptMessage message, Origin origin, out bool listed)
    {
        uint destination = message.Destination;
        // The hint counts in every mode, with a physical destination too.
        bool one = message.Hint || message.Mode == DeliveryMode.LowestPriority;
        LogicalTable table = _bus.Value.Table;
        listed = table != LogicalTable.None && !(message.Logical && table == LogicalTable.PhysicalOnly)
            && !IsBroadcast(destination, origin);
        if (!listed)
        {
            if (one && destination == ByteBroadcast && !message.Logical)
            {
                one = message.Hint;
                message = message.MadeFixed;
            }
            Targets asked = Targets.Matching(this, destination, message.Logical, origin.Kind != OriginKind.Ipi);
            return one ? EnabledWinner(asked, message.Vector) : asked;
        }
        if (!message.Logical)
            return Targets.Only(this, Physical(destination));
        return one ? ListedWinner(destination, message.Vector) : Listed(destination);
    }

    private bool IsBroadcast(uint destination, Origin origin)
    {
        if (!_options.ByteBroadcastQuirk)
            return destination == WideBroadcast || destination == ByteBroadcast && _bus.Value.Table != LogicalTable.X2Apic;
        bool wide = origin.Kind == OriginKind.Ipi && _state[origin.Index].Base.Mode == ApicMode.X2Apic;
        return destination == (wide ? WideBroadcast : ByteBroadcast);
    }

    /// <summary>The CPU with a physical id; -1 for none. A CPU in x2APIC mode takes precedence over one in xAPIC
    /// mode.</summary>
    private int Physical(uint destination)
    {
        int own = CpuOf(destination);
        if (own >= 0 && IsOnBus(in _state[own])
            && (_state[own].Base.Mode == ApicMode.X2Apic || destination > byte.MaxValue || _bus.Value.Renumbered == 0))
            return own;
        if (destination > byte.MaxValue || _bus.Value.Renumbered == 0)
            return -1;
        for (int cpu = 0; cpu < Count; cpu++)
        {
            ref ApicState s = ref _state[cpu];
            if (s.Base.Mode == ApicMode.XApic && s.Id.Id == destination)
                return cpu;
        }
        return -1;
    }

    private Targets Listed(uint destination) => _bus.Value.Table switch
    {
        LogicalTable.X2Apic => Targets.Members(this, destination),
        LogicalTable.Empty => Targets.Only(this, -1),
        _ => Targets.Table(this, destination),
    };

    /// <summary>Whether the table has an enabled local APIC at the place of a logical destination. Only the low 8 bits
    /// of a destination count, and any model but the flat one counts as the cluster model.</summary>
    private bool IsListedAt(int cpu, in ApicState s, uint destination) =>
        s.Spurious.Enabled && s.Base.Mode == ApicMode.XApic && s.Logical.MatchesXApic((byte)destination,
            _bus.Value.Table == LogicalTable.Flat ? DestinationFormat.Flat : DestinationFormat.Cluster);

    /// <summary>The CPU behind the nth set bit of the destination, counted from 0; n is the vector modulo the number of
    /// set bits. If there is no CPU behind it, the message is lost.</summary>
    private Targets ListedWinner(uint destination, byte vector)
    {
        LogicalTable table = _bus.Value.Table;
        uint members = destination & table switch
        {
            LogicalTable.X2Apic => 0xFFFFu,
            LogicalTable.Flat => 0xFFu,
            LogicalTable.Cluster => 0xFu,
            _ => 0u,
        };
        if (members == 0)
            return Targets.Only(this, -1);
        uint left = members;
        for (int skip = vector % BitOperations.PopCount(members); skip > 0; skip--)
            left &= left - 1;
        uint winner = left & (uint)-(int)left;
        return Listed(destination & ~members | winner);
    }

    private Targets EnabledWinner(Targets asked, byte vector)
    {
        Targets count = asked;
        int enabled = 0;
        for (int cpu; (cpu = count.Next()) >= 0;)
            enabled += _state[cpu].Spurious.Enabled ? 1 : 0;
        return Targets.Only(this, enabled == 0 ? -1 : EnabledOne(asked, vector % enabled));
    }

    /// <summary>The software-enabled candidate with this number.</summary>
    private int EnabledOne(Targets candidates, int number)
    {
        while (true)
        {
            int cpu = candidates.Next();
            if (_state[cpu].Spurious.Enabled && number-- == 0)
                return cpu;
        }
    }

    /// <summary>How often the table was rebuilt, which takes time in proportion to the number of CPUs. Nothing depends
    /// on it: it is not state.</summary>
    internal long TablesMade { get; private set; }

    /// <summary>Rebuilds the table after a change of an id, a logical id, a model, a mode or a software enable. It
    /// cannot be built if two local APICs have one id, or if the software-enabled ones have different models or modes,
    /// or if their logical ids are not one distinct bit each. A local APIC without a logical id does not
    /// count.</summary>
    private void RemakeTable()
    {
        TablesMade++;
        Listeners?.LookAgain();
        if (!_quirks.DestinationTable)
            return;
        var made = LogicalTable.Empty;
        Vectors256 physical = default;
        ulong logical = 0;
        for (int cpu = 0; cpu < Count && made != LogicalTable.None; cpu++)
        {
            ref ApicState s = ref _state[cpu];
            if (!IsOnBus(in s))
                continue;
            if (!_options.WideIds && !IsAlone(cpu, in s, ref physical))
                made = LogicalTable.None;
            bool x2Apic = s.Base.Mode == ApicMode.X2Apic;
            if (made is LogicalTable.None or LogicalTable.PhysicalOnly || !s.Spurious.Enabled || !x2Apic && s.Logical.Bits == 0)
                continue;
            LogicalTable own = x2Apic ? LogicalTable.X2Apic
                : s.Format == DestinationFormat.Flat ? LogicalTable.Flat : LogicalTable.Cluster;
            if (made == LogicalTable.Empty)
                made = own;
            if (made != own || !x2Apic && !IsSingle(s.Logical.Id, own, ref logical))
                made = LogicalTable.PhysicalOnly;
        }
        _bus.Value.Table = made;
    }

    /// <summary>Whether no earlier local APIC has the physical id of this one.</summary>
    private bool IsAlone(int cpu, in ApicState s, ref Vectors256 taken)
    {
        uint id = s.Base.Mode == ApicMode.X2Apic ? _ids[cpu] : s.Id.Id;
        if (id > byte.MaxValue)
            return true;
        bool alone = !taken.Has((int)id);
        taken.Add((int)id);
        return alone;
    }

    /// <summary>Whether a logical id is one bit that no other local APIC has; no id at all is accepted too.</summary>
    private static bool IsSingle(byte id, LogicalTable table, ref ulong taken)
    {
        const int clusterBits = 4;
        int members = table == LogicalTable.Flat ? id : id & 0xF;
        if (members == 0)
            return true;
        ulong bit = (ulong)members << (table == LogicalTable.Flat ? 0 : (id >> clusterBits) * clusterBits);
        bool single = BitOperations.IsPow2(members) && (taken & bit) == 0;
        taken |= bit;
        return single;
    }
}
