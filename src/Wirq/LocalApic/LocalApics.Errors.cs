using Wirq.Events;

namespace Wirq;

// The error status register (Intel SDM vol. 3, 11.5.3).
public sealed partial class LocalApics
{
    /// <summary>Records errors. The LVT error interrupt is raised only for errors that were not recorded yet. If the
    /// entry of that interrupt has an illegal vector, this is recorded as one more error and raises no interrupt. So
    /// there is no recursion (XSA-462).</summary>
    private void RecordError(int cpu, ref ApicState s, ErrorStatus errors, EventBuffer events)
    {
        if (_quirks.ErrorsAbsent)
            return;
        if (_quirks.ErrorsAddressOnly)
        {
            if (errors == ErrorStatus.IllegalRegister)
                s.Errors = s.Errors.With(errors);
            return;
        }

        if (!Add(cpu, ref s, errors, events) || s.Error.Masked)
            return;
        if (s.Error.Vector < LowestVector)
            Add(cpu, ref s, ErrorStatus.ReceiveIllegalVector, events);
        else
            SetPending(cpu, ref s, s.Error.Vector, level: false, Origin.Local(cpu, LocalVector.Error), events);
    }

    private static bool Add(int cpu, ref ApicState s, ErrorStatus errors, EventBuffer events)
    {
        ErrorStatus fresh = errors.Without(s.Recorded);
        if (fresh.IsEmpty)
            return false;
        s.Recorded = s.Recorded.With(fresh);
        if (events.Observing)
            events.Observe(new ApicError(cpu, fresh).ToEvent());
        return true;
    }

    /// <summary>A write to the ESR makes the errors since the last write readable, and clears the record.</summary>
    private void LatchErrors(ref ApicState s)
    {
        if (_quirks.ErrorsAddressOnly)
            return;
        s.Errors = s.Recorded;
        s.Recorded = default;
    }
}
