using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>What has to be known of a log before its first line can be replayed: which thread is which CPU, how many
/// there are, which events were traced at all, and where the machine was reset.</summary>
/// <remarks>A pass of its own over the whole log. To hold lines back until a thread shows its CPU would not do: the
/// thread
/// of a machine with one CPU may never show it, and an event that is not traced cannot be told from one that is
/// missing before the end.</remarks>
internal sealed class LogSurvey
{
    private readonly ulong _seen;
    private readonly Dictionary<long, int> _cpuOfThread;

    internal LogSurvey(SurveyBuilder found)
    {
        _seen = found.Seen;
        _cpuOfThread = found.CpuOfThread();
        ApicIds = found.ApicIds();
        Resets = found.Resets();
        FirstCpuLine = found.FirstCpuLine;
        IoApicVersion = found.IoApicVersion;
        HasThreads = found.HasThreads;
        Requests = found.Requests;
        KnowsCpus = (Saw(TraceEvent.ApicWrite) || Saw(TraceEvent.ApicRead)) && _cpuOfThread.Count > 0 && _cpuOfThread.Values.All(cpu => cpu >= 0);
    }

    /// <summary>The ids of the CPUs, ascending: CPU n has the nth.</summary>
    internal IReadOnlyList<uint> ApicIds { get; }
    /// <summary>Lines that belong to a reset of the machine, from the first to the last, in order.</summary>
    internal IReadOnlyList<(long From, long To)> Resets { get; }
    /// <summary>The first line of a CPU; <see cref="long.MaxValue"/> where there is none.</summary>
    internal long FirstCpuLine { get; }
    internal byte IoApicVersion { get; }
    internal bool HasThreads { get; }
    /// <summary>How many different messages were asked of a remapping unit; of very many, the first.</summary>
    internal int Requests { get; }

    /// <summary>Whether messages go through a remapping unit, and the log tells which.</summary>
    internal bool Remaps => Saw(TraceEvent.RemapRequest);

    /// <summary>The CPU of a thread; -1 where it is none, or where several share it.</summary>
    internal int CpuOf(long thread) => _cpuOfThread.GetValueOrDefault(thread, -1);

    /// <summary>Whether any line is one of a CPU's own.</summary>
    internal bool ShowsCpus => _cpuOfThread.Count > 0;

    /// <summary>Whether every line of a CPU tells which one, and those of its local APIC are there.</summary>
    internal bool KnowsCpus { get; }

    /// <summary>Whether the log shows acknowledges.</summary>
    internal bool HasServicing => Saw(TraceEvent.ServicingInterrupt);

    internal bool Saw(TraceEvent happened) => (_seen >> (int)happened & 1) != 0;

    /// <summary>Whether an event is traced: it is there, or so many of its family are that all were asked
    /// for.</summary>
    internal bool Traces(TraceEvent happened)
    {
        const int enough = 3;
        if (Saw(happened))
            return true;
        int seen = 0;
        foreach (TraceEvent member in FamilyOf(happened))
            seen += Saw(member) ? 1 : 0;
        return seen >= enough;
    }

    private static ReadOnlySpan<TraceEvent> FamilyOf(TraceEvent happened) => happened switch
    {
        TraceEvent.PicUpdateIrq or TraceEvent.PicSetIrq or TraceEvent.PicInterrupt =>
        [
            TraceEvent.PicSetIrq, TraceEvent.PicUpdateIrq, TraceEvent.PicInterrupt, TraceEvent.PicPortWrite, TraceEvent.PicPortRead,
        ],
        TraceEvent.IoApicSetRemoteIrr or TraceEvent.IoApicClearRemoteIrr or TraceEvent.IoApicEoiBroadcast or TraceEvent.IoApicDelayedReassert =>
        [
            TraceEvent.IoApicSetIrq, TraceEvent.IoApicSetRemoteIrr, TraceEvent.IoApicClearRemoteIrr,
            TraceEvent.IoApicEoiBroadcast, TraceEvent.IoApicRead, TraceEvent.IoApicWrite,
        ],
        TraceEvent.ApicDeliverIrq or TraceEvent.ApicLocalDeliver =>
        [
            TraceEvent.ApicDeliverIrq, TraceEvent.ApicLocalDeliver, TraceEvent.ApicRead, TraceEvent.ApicWrite,
        ],
        TraceEvent.RemapEntry or TraceEvent.RemapDone or TraceEvent.RemapEnable =>
        [
            TraceEvent.RemapRequest, TraceEvent.RemapFetch, TraceEvent.RemapEntry, TraceEvent.RemapDone, TraceEvent.RemapEnable,
        ],
        _ => [],
    };

    /// <summary>Surveys a log.</summary>
    /// <param name="reader">The log.</param>
    /// <param name="progress">Told the lines read so far, now and then.</param>
    internal static LogSurvey Of(QemuLogReader reader, Action<long>? progress)
    {
        const int report = 1 << 16;
        var builder = new SurveyBuilder();
        long lines = 0;
        while (reader.TryRead(out TraceLine line))
        {
            builder.Add(line);
            if (++lines % report == 0)
                progress?.Invoke(reader.Lines);
        }
        return new LogSurvey(builder);
    }
}
