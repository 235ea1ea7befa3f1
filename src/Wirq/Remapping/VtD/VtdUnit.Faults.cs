using Wirq.Events;

namespace Wirq.Remapping.VtD;

/// <content>Fault records, fault status, and the messages of both events.</content>
internal sealed partial class VtdUnit
{
    /// <summary>A message was blocked while it was being delivered.</summary>
    private void Fault(VtdFaultReason reason, ushort requester, int index, bool suppressed, EventBuffer events)
    {
        FaultStatus before = new(Word(VtdRegister.FaultStatus));
        bool lost = !suppressed && (_profile.FaultsUntold || !TryRecord(reason, requester, index));
        if (events.Observing)
            events.Observe(new RemapFaulted(_unit, requester, (ulong)reason, (ushort)index, suppressed, lost).ToEvent());
        if (!before.Has(FaultStatus.Pending) && new FaultStatus(Word(VtdRegister.FaultStatus)).Has(FaultStatus.Pending))
            RaiseFault(before, events);
    }

    /// <summary>Primary fault logging (VT-d specification, 7, "Primary Fault Logging").</summary>
    private bool TryRecord(VtdFaultReason reason, ushort requester, int index)
    {
        ref ulong word = ref Word(VtdRegister.FaultStatus);
        var status = new FaultStatus(word);
        // After an overflow nothing is recorded until software has cleared PFO.
        if (status.Has(FaultStatus.Overflow))
            return false;
        int slot = (int)S.NextRecord;
        if (_records[slot].IsFault)
        {
            word = status.With(FaultStatus.Overflow, true).Bits;
            return false;
        }
        _records[slot] = FaultRecord.Of(reason, requester, (ushort)index);
        S.NextRecord = slot + 1 == _records.Count ? 0 : (ulong)slot + 1;
        // FRI names the record that set PPF, and stays (11.4, FSTS_REG.FRI).
        if (!status.Has(FaultStatus.Pending))
            word = status.WithPending(slot).Bits;
        return true;
    }

    private void ClearRecord(ref FaultRecord record)
    {
        record = record with { High = record.High & ~FaultRecord.Fault };
        foreach (ref readonly FaultRecord other in _records.Span)
        {
            if (other.IsFault)
                return;
        }
        ref ulong word = ref Word(VtdRegister.FaultStatus);
        word = new FaultStatus(word).With(FaultStatus.Pending, false).Bits;
        FaultsServed();
    }

    /// <summary>A status field was set. If another field was already set, this is not a new interrupt condition (11.4,
    /// FECTL_REG.IP).</summary>
    private void RaiseFault(FaultStatus before, EventBuffer events)
    {
        if (!before.Any)
            Raise(VtdRegister.FaultControl, events);
    }

    /// <summary>Once all status fields are clear, a message that still waits is no longer needed (11.4,
    /// FECTL_REG.IP).</summary>
    private void FaultsServed()
    {
        if (!new FaultStatus(Word(VtdRegister.FaultStatus)).Any)
            Served(VtdRegister.FaultControl);
    }

    private void Raise(VtdRegister control, EventBuffer events)
    {
        ref ulong word = ref Word(control);
        word = new EventControl(word).WithPending(true).Bits;
        SendPending(control, events);
    }

    private void Served(VtdRegister control)
    {
        ref ulong word = ref Word(control);
        word = new EventControl(word).WithPending(false).Bits;
    }

    /// <summary>Sends the message of an event that is pending and not masked. The registers for data, address and upper
    /// address follow the control register.</summary>
    private void SendPending(VtdRegister control, EventBuffer events)
    {
        ref ulong word = ref Word(control);
        var state = new EventControl(word);
        if (state.Masked || !state.Pending)
            return;
        word = state.WithPending(false).Bits;
        events.Emit(new Event(EventKind.UnitMessage, _unit, 0,
            RegisterWord.AtHalf(Word(control + 3), upper: true) | Word(control + 2), Word(control + 1)));
    }
}
