using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>QEMU's count of delivered interrupts: each acceptance prints it, and it only increases if the vector was
/// not already pending.</summary>
internal sealed class ReportTracker(LogSurvey survey, Verdicts verdicts, DeliveryCounts delivered, EoiInference inference)
{
    private readonly Queue<Acceptance> _owed = [];
    private readonly bool _traced = survey.Saw(TraceEvent.ReportDelivered), _known = survey.KnowsCpus;
    private ulong _count;
    private bool _counting = survey.Saw(TraceEvent.ResetDelivered);
    private SourceName _last;

    /// <summary>A source sends a message. If the log shows neither CPUs nor acceptance, only this can be
    /// counted.</summary>
    internal void NoteSource(SourceName source)
    {
        _last = source;
        if (!_known && !_traced)
            delivered.Count(source, -1);
    }

    /// <summary>A local APIC accepted a vector.</summary>
    internal void Expect(SourceName source, int cpu, int vector, bool merged)
    {
        if (!_known)
            return;
        if (!merged)
            inference.Arrived(cpu, vector);
        if (_traced)
            _owed.Enqueue(new(source, cpu, vector, merged));
        else if (!merged)
            delivered.Count(source, cpu);
    }

    /// <summary>Compares the count in the log.</summary>
    internal void Take(in TraceLine line)
    {
        bool began = _counting;
        bool anew = began && line.A == _count + 1, same = began && line.A == _count;
        ulong before = _count;
        (_count, _counting) = (line.A, true);
        if (!_known)
        {
            verdicts.LeaveUnchecked(line.Event);
            if (anew)
                delivered.Count(_last, -1);
            return;
        }
        if (!_owed.TryDequeue(out Acceptance owed))
        {
            verdicts.Mismatch(line, Verdicts.Nothing);
            return;
        }
        // The count before its first line is not known.
        if (!began)
            (anew, same) = (!owed.Merged, owed.Merged);
        if (anew)
            delivered.Count(owed.Source, owed.Cpu);
        if (inference.Infers(owed.Cpu, owed.Vector) && (anew || same))
        {
            verdicts.LeaveUnchecked(line.Event);
            if (anew && owed.Merged)
                inference.WasTaken(owed.Cpu, owed.Vector);
        }
        else if (owed.Merged ? same : anew)
            verdicts.Match(line);
        else
            verdicts.Mismatch(line, $"{before + (owed.Merged ? 0u : 1)}: {owed}");
    }

    /// <summary>The count restarts at zero.</summary>
    internal void Reset() => (_count, _counting) = (0, true);

    /// <summary>The count, if it is known.</summary>
    internal ulong? Count => _counting ? _count : null;

    /// <summary>The log has ended. It is not known whether the acceptances that are still expected would have
    /// followed.</summary>
    internal void End() => _owed.Clear();

    /// <summary>Ends the stimulus: acceptances that are still expected are not in the log.</summary>
    internal void Close(in TraceLine stimulus)
    {
        while (_owed.Count > 0 && _owed.TryDequeue(out Acceptance owed))
            verdicts.Missing(stimulus, TraceEvent.ReportDelivered, owed.ToString());
    }

    private readonly record struct Acceptance(SourceName Source, int Cpu, int Vector, bool Merged)
    {
        public override string ToString() => $"cpu{Cpu} accepts 0x{Vector:x2}{(Merged ? ", merged" : "")}";
    }
}
