using Wirq.Events;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <content>The local APICs.</content>
internal sealed partial class ReplaySession
{
    private const ulong Timer = 0, Lint0 = 3;
    // A timer that is due at most this much later, in ns, may be the one that expired. The log was written shortly
    // before or after each timer was set, and a thread may have been preempted in between.
    private const long Indistinct = 100_000;

    private void TakeLocalApic(in TraceLine line, in TraceLine next)
    {
        int cpu = _survey.CpuOf(line.Thread);
        switch (line.Event)
        {
            case TraceEvent.ApicLocalDeliver:
                TakeLocalDelivery(line);
                break;
            case TraceEvent.ApicWrite:
                Begin(line);
                if (_knowsCpus && cpu >= 0)
                    WriteRegister(cpu, line, next);
                break;
            case TraceEvent.ApicRead:
                Begin(line);
                if (_knowsCpus && cpu >= 0)
                    ReadRegister(cpu, line);
                else
                    _verdicts.LeaveUnchecked(line.Event);
                break;
            // QEMU prints these without its lock, so they may be among the lines of another stimulus.
            case TraceEvent.SetApicBase when _knowsCpus && cpu >= 0:
                Stimuli++;
                _machine.Fabric.WriteMsr(cpu, ApicMsr.Base, line.A);
                _machine.Drain();
                break;
            case TraceEvent.GetApicBase when _knowsCpus && cpu >= 0:
                _verdicts.Compare(line, _machine.LocalApics.Base(cpu).Bits, line.A);
                break;
            case TraceEvent.GetApicBase:
                _verdicts.LeaveUnchecked(line.Event);
                break;
        }
    }

    private void TakeLocalDelivery(in TraceLine line)
    {
        if (line.A == Lint0 && _survey.ShowsLint)
            _pic.Take(line);
        else if (line.A != Timer || !_knowsCpus)
            _verdicts.LeaveUnchecked(line.Event);
        else
        {
            Begin(line);
            Expire(line);
        }
    }

    private void Expire(in TraceLine line)
    {
        int cpu = _survey.ApicIds.Count == 1 ? 0 : _timers.First();
        if (cpu < 0)
        {
            _verdicts.Mismatch(line, "no timer runs");
            return;
        }
        int vector = _machine.LocalApics.State(cpu).Timer.Vector;
        long latest = Math.Max(_timers[cpu], _machine.Fabric.Now) + Indistinct;
        for (int other = 0; other < _survey.ApicIds.Count; other++)
        {
            if (other != cpu && _timers[other] <= latest)
                _inference.NoteExpiry(vector, cpu, other);
        }
        _timers.Expired(cpu);
        _machine.LocalApics.ExpireTimer(cpu, _machine.Fabric.Events);
        _machine.Drain();
    }

    private void WriteRegister(int cpu, in TraceLine line, in TraceLine next)
    {
        uint offset = (uint)line.A;
        if (offset == (uint)ApicRegister.Eoi)
            BeforeEoi(cpu, line, next);
        _machine.Fabric.TryWrite(cpu, ApicBase.DefaultPage + offset, RegisterSize, line.B);
        _timers.Write(cpu, (ApicRegister)offset, line.B, _machine.Fabric.Now);
        // An entry that now passes INTR finds it high.
        if (offset == (uint)ApicRegister.Lint0 && _machine.Pic.Master.Takeable != Pic8259.None)
            _prints.AddLint(cpu, _machine.Fabric, _pic.Expected);
        _machine.Drain();
    }

    private void BeforeEoi(int cpu, in TraceLine line, in TraceLine next)
    {
        int broadcast = next.Event == TraceEvent.IoApicEoiBroadcast && next.Thread == line.Thread ? (int)next.A : -1;
        if (_inference.BeforeEoi(cpu, broadcast))
            _evidence = broadcast;
        _machine.Drain();
    }

    private void ReadRegister(int cpu, in TraceLine line)
    {
        _machine.Fabric.TryRead(cpu, ApicBase.DefaultPage + line.A, RegisterSize, out ulong value);
        _machine.Drain();
        if (IsPlain((ApicRegister)line.A))
            _verdicts.Compare(line, value, line.B);
        else
            _verdicts.LeaveUnchecked(line.Event);
    }

    /// <summary>Whether the value of a register does not depend on pending or in-service vectors, or on a
    /// counter.</summary>
    private static bool IsPlain(ApicRegister register) => register
        is ApicRegister.Id or ApicRegister.Version or ApicRegister.TaskPriority
        or ApicRegister.LogicalDestination or ApicRegister.DestinationFormat or ApicRegister.SpuriousVector
        or ApicRegister.ErrorStatus or ApicRegister.CommandLow or ApicRegister.CommandHigh
        or (>= ApicRegister.Timer and <= ApicRegister.InitialCount) or ApicRegister.DivideConfiguration;
}
