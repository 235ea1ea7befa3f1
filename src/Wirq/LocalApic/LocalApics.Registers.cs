using Wirq.Events;

namespace Wirq;

// The register page of xAPIC mode, and what reading and writing a register does in either mode.
public sealed partial class LocalApics
{

    /// <summary>Reads 32 bits at a page offset in xAPIC mode. A reserved offset reads 0 and sets bit 7 of the ESR; one
    /// that is not a multiple of 16 reads 0. Outside xAPIC mode, where nothing is mapped, all bits read 1.</summary>
    internal uint Read(int cpu, uint offset, EventBuffer events)
    {
        ref ApicState s = ref _state[cpu];
        if (s.Base.Mode != ApicMode.XApic && !_quirks.PageStays)
            return uint.MaxValue;
        if (!Exists(cpu, ref s, offset, 0, events, out RegisterAccess access))
            return 0;
        return (access & RegisterAccess.Read) != 0 ? Load(cpu, ref s, (ApicRegister)offset, events) : 0;
    }

    /// <summary>Writes 32 bits at a page offset in xAPIC mode. Reserved bits and read-only registers keep their values;
    /// a reserved offset sets bit 7 of the ESR.</summary>
    internal void Write(int cpu, uint offset, uint value, EventBuffer events)
    {
        ref ApicState s = ref _state[cpu];
        if (s.Base.Mode != ApicMode.XApic && !_quirks.PageStays)
            return;
        if (offset == (uint)ApicRegister.Eoi)
        {
            EndOfInterrupt(cpu, ref s, events);
            return;
        }
        if (!Exists(cpu, ref s, offset, value, events, out RegisterAccess access))
            return;
        if ((access & RegisterAccess.Write) != 0)
            Store(cpu, ref s, (ApicRegister)offset, value, events);
        else
            events.NoteMisuse(cpu, Misuse.ReadOnly, offset, value);
    }

    private bool Exists(int cpu, ref ApicState s, uint offset, uint value, EventBuffer events,
        out RegisterAccess access)
    {
        access = RegisterAccess.None;
        if (offset % RegisterStride != 0)
        {
            // 11.4.1: registers are on 128-bit boundaries; other accesses are undefined.
            events.NoteMisuse(cpu, Misuse.Access, offset, value);
            return false;
        }
        var register = (ApicRegister)offset;
        access = register == ApicRegister.Cmci && !_hasCmci ? RegisterAccess.None : ApicRegisters.XApic(register);
        if (access != RegisterAccess.None)
            return true;
        events.NoteMisuse(cpu, Misuse.NoSuchRegister, offset, value);
        RecordError(cpu, ref s, ErrorStatus.IllegalRegister, events);
        return false;
    }

    private uint Load(int cpu, ref ApicState s, ApicRegister register, EventBuffer events)
    {
        bool x2Apic = s.Base.Mode == ApicMode.X2Apic;
        switch (register)
        {
            case ApicRegister.Id: return x2Apic ? _ids[cpu] : s.Id.Bits;
            case ApicRegister.Version: return ApicVersion.For(_hasCmci, _suppressesEoi).Bits;
            case ApicRegister.TaskPriority: return s.Tpr;
            case ApicRegister.ProcessorPriority: return s.Ppr;
            case ApicRegister.LogicalDestination:
                return x2Apic ? LogicalDestination.Derived(_ids[cpu]).Bits : s.Logical.Bits;
            case ApicRegister.DestinationFormat: return s.Format.Bits;
            case ApicRegister.SpuriousVector: return s.Spurious.Bits;
            case ApicRegister.ErrorStatus: return s.Errors.Bits;
            case ApicRegister.CommandLow: return s.Command.Low;
            case ApicRegister.CommandHigh: return s.Command.High;
            case ApicRegister.InitialCount: return s.InitialCount;
            case ApicRegister.CurrentCount: return CurrentCount(cpu, ref s, events);
            case ApicRegister.DivideConfiguration: return s.Divide.Bits;
            case >= ApicRegister.Request and < ApicRegister.ErrorStatus:
                return s.Irr.Register(ApicRegisters.Word(register));
            case >= ApicRegister.TriggerMode and < ApicRegister.Request:
                return s.Tmr.Register(ApicRegisters.Word(register));
            case >= ApicRegister.InService and < ApicRegister.TriggerMode:
                return s.Isr.Register(ApicRegisters.Word(register));
        }
        return ApicRegisters.IsLocalVector(register, out LocalVector entry) ? s.Entry(entry).Bits : 0;
    }

    private void Store(int cpu, ref ApicState s, ApicRegister register, uint value, EventBuffer events)
    {
        switch (register)
        {
            case ApicRegister.Id:
                Unlist(cpu, in s);
                s.Id = XApicId.Written(value);
                List(cpu, in s);
                RemakeTable();
                break;
            case ApicRegister.TaskPriority:
                SetTaskPriority(cpu, ref s, (byte)value, events);
                break;
            case ApicRegister.Eoi:
                EndOfInterrupt(cpu, ref s, events);
                break;
            case ApicRegister.LogicalDestination:
                s.Logical = LogicalDestination.Written(value);
                RemakeTable();
                break;
            case ApicRegister.DestinationFormat:
                s.Format = DestinationFormat.Written(value);
                RemakeTable();
                break;
            case ApicRegister.SpuriousVector:
                WriteSpurious(cpu, ref s, value, events);
                break;
            case ApicRegister.ErrorStatus:
                LatchErrors(ref s);
                break;
            case ApicRegister.CommandLow:
                s.Command = _quirks.ReservedBitsStored ? s.Command.WithAllOfLow(value) : s.Command.WithLow(value);
                Send(cpu, s.Command, s.Command.Destination8, events);
                break;
            case ApicRegister.CommandHigh:
                s.Command = _quirks.ReservedBitsStored ? s.Command.WithAllOfHigh(value) : s.Command.WithHigh(value);
                break;
            case ApicRegister.InitialCount:
                WriteInitialCount(cpu, ref s, value, events);
                break;
            case ApicRegister.DivideConfiguration:
                WriteDivide(cpu, ref s, value, events);
                break;
            default:
                if (ApicRegisters.IsLocalVector(register, out LocalVector entry))
                    WriteEntry(cpu, ref s, entry, value, events);
                break;
        }
    }

    /// <summary>Ends the highest vector in service (Intel SDM vol. 3, 11.8.5).</summary>
    private void EndOfInterrupt(int cpu, ref ApicState s, EventBuffer events)
    {
        int vector = s.Isr.Highest;
        if (vector < 0)
        {
            if (events.Observing)
                ObserveEmptyEoi(cpu, events);
            return;
        }

        int pending = s.Irr.Highest;
        bool before = pending >= 0 && Passes(in s, pending);
        s.UpdatePriority(s.Isr.RemoveHighest(vector));
        bool level = s.Tmr.Has(vector);
        bool suppressed = level && s.Spurious.SuppressBroadcast && !_quirks.SuppressionIgnored;
        if (events.Observing)
            ObserveEoi(cpu, vector, level, suppressed, events);
        if ((level ? !suppressed : _quirks.EdgeEoiBroadcasts) && (Listeners is null || Listeners.Hear(cpu, vector)))
            Broadcast(cpu, vector, level, events);
        if (pending >= 0 && !before && Passes(in s, pending))
            Wake(cpu, events);
        EndLint0(cpu, ref s, vector, events);
    }

    private static void Broadcast(int cpu, int vector, bool level, EventBuffer events) =>
        events.Emit(new EoiBroadcast(cpu, (byte)vector, Edge: !level).ToEvent());

    private static void ObserveEoi(int cpu, int vector, bool level, bool suppressed, EventBuffer events) =>
        events.Observe(new CpuEoi(cpu, (byte)vector, level, suppressed).ToEvent());

    private static void ObserveEmptyEoi(int cpu, EventBuffer events) =>
        events.Observe(new Event(EventKind.CpuEoiEmpty, (ushort)cpu));

    private void WriteSpurious(int cpu, ref ApicState s, uint value, EventBuffer events)
    {
        SpuriousVector old = s.Spurious;
        bool before = Deliverable(in s), passedIntr = PassesIntr(cpu, in s);
        s.Spurious = new(value & SpuriousVector.Writable(_suppressesEoi));
        if (events.Observing && s.Spurious != old)
            events.Observe(new SpuriousVectorChanged(cpu, s.Spurious, old).ToEvent());
        if (!s.Spurious.Enabled && !_quirks.EntriesIgnoreDisable)
        {
            for (var entry = LocalVector.Cmci; entry <= LocalVector.Error; entry++)
                s.Entry(entry) = s.Entry(entry).WithMask();
        }
        if (s.Spurious.Enabled != old.Enabled)
            RemakeTable();
        WakeIfNew(cpu, in s, before, events);
        Lint0Changed(cpu, ref s, passedIntr, events);
    }

    private void WriteEntry(int cpu, ref ApicState s, LocalVector entry, uint value, EventBuffer events)
    {
        if (entry == LocalVector.Timer)
            Settle(cpu, ref s, events);
        bool passedIntr = PassesIntr(cpu, in s);
        LocalVectorEntry old = s.Entry(entry);
        LocalVectorEntry next = old.Write(value,
            _quirks.ReservedBitsStored ? uint.MaxValue : LocalVectorEntry.Writable(entry, _hasTscDeadline));
        // 11.4.7.2: while software-disabled, mask bits cannot be cleared.
        s.Entry(entry) = s.Spurious.Enabled || _quirks.EntriesIgnoreDisable ? next : next.WithMask();
        if (entry == LocalVector.Timer)
            TimerEntryChanged(cpu, ref s, old, events);
        else if (entry == LocalVector.Lint0)
            Lint0Changed(cpu, ref s, passedIntr, events);
    }
}
