using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;

namespace Wirq.Traces.Replay;

/// <summary>Facts about a log that must be known before its first line can be replayed: the CPU of each thread, the
/// number of CPUs, the traced events, and the lines of machine resets.</summary>
/// <remarks>This is a separate pass over the whole log. It would not be enough to delay lines until a thread shows its
/// CPU: the thread of a machine with one CPU may never show it, and an event that is not traced cannot be distinguished
/// from a missing one before the end.</remarks>
internal sealed class LogSurvey
{
    private readonly ulong _seen;
    private readonly Dictionary<long, int> _cpuOfThread;
    private readonly MidLifeSign _sign;
    private readonly long _signLine;
    private readonly bool _entriesUntold;
    private long _damaged;

    internal LogSurvey(SurveyBuilder found)
    {
        _seen = found.Seen;
        _cpuOfThread = found.CpuOfThread();
        ApicIds = found.ApicIds();
        Start = found.Start;
        Resets = found.Resets();
        FirstCpuLine = found.FirstCpuLine;
        IoApicVersion = found.IoApicVersion;
        HasThreads = found.HasThreads;
        Requests = found.Requests;
        FirstStamp = found.FirstStamp;
        MayShowTriggers = found.Triggers.MayShow && Saw(TraceEvent.PicSetIrq) && Saw(TraceEvent.PicPortWrite);
        (_sign, _signLine, _entriesUntold) = (found.Beginning.Sign, found.Beginning.Line, found.Beginning.EntriesUntold);
        FromReset = Resets.Length > 0 && Resets[0].To < FirstCpuLine && (_sign == MidLifeSign.None || _signLine > Resets[0].From);
        KnowsCpus = (Saw(TraceEvent.ApicWrite) || Saw(TraceEvent.ApicRead)) && _cpuOfThread.Count > 0 && _cpuOfThread.Values.All(cpu => cpu >= 0);
    }

    /// <summary>The registers at the first line, if the log begins in mid-life.</summary>
    internal StartWatch Start { get; }
    /// <summary>The APIC ids of the CPUs, ascending: CPU n has the nth id.</summary>
    internal IReadOnlyList<uint> ApicIds { get; }
    /// <summary>Lines that belong to a reset of the machine, from the first to the last, in order.</summary>
    internal (long From, long To)[] Resets { get; }
    /// <summary>The first line of a CPU; <see cref="long.MaxValue"/> if there is none.</summary>
    internal long FirstCpuLine { get; }
    internal byte IoApicVersion { get; }
    /// <summary>The first time stamp, in microseconds; -1 if no line has one.</summary>
    internal long FirstStamp { get; }
    /// <summary>Whether the machine's reset comes before any action of a CPU.</summary>
    internal bool FromReset { get; }
    internal bool HasThreads { get; }
    /// <summary>The number of different messages that a remapping unit got; if there are very many, only the first are
    /// counted.</summary>
    internal int Requests { get; }

    /// <summary>Whether it may show that an input of the 8259 is level-triggered.</summary>
    internal bool MayShowTriggers { get; }

    /// <summary>Whether messages go through a remapping unit, and the log shows them.</summary>
    internal bool Remaps => Saw(TraceEvent.RemapRequest);

    /// <summary>Whether the local APICs are a kernel's and the I/OAPIC is not, and the log shows the kernel's
    /// routes.</summary>
    internal bool IsSplit => (Saw(TraceEvent.KernelTrigger) || Saw(TraceEvent.KernelRoute)
        || (Saw(TraceEvent.KernelRouteUpdate) || Saw(TraceEvent.KernelRouteCommit)) && (Saw(TraceEvent.IoApicSetIrq) || Saw(TraceEvent.IoApicWrite)))
        && !Saw(TraceEvent.ApicWrite) && !Saw(TraceEvent.ApicRead) && !Saw(TraceEvent.ApicDeliverIrq);
    /// <summary>The CPU of a thread; -1 if it has none, or if several share it.</summary>
    internal int CpuOf(long thread) => _cpuOfThread.GetValueOrDefault(thread, -1);

    /// <summary>Whether any line belongs to a known CPU.</summary>
    internal bool ShowsCpus => _cpuOfThread.Count > 0;

    /// <summary>Whether every line of a CPU shows which CPU it is, and the lines of local APICs are traced.</summary>
    internal bool KnowsCpus { get; }

    /// <summary>Whether the log shows what LINT0 passes, and how each CPU programmed it.</summary>
    internal bool ShowsLint => Saw(TraceEvent.ApicLocalDeliver) && Saw(TraceEvent.ApicWrite) && KnowsCpus;

    /// <summary>Whether the log shows acknowledges.</summary>
    internal bool HasServicing => Saw(TraceEvent.ServicingInterrupt);

    /// <summary>The facts for a recording of its replay.</summary>
    internal LogFacts Facts
    {
        get
        {
            const long perMicrosecond = 1000;
            LogParts parts = LogParts.None;
            Add(LogParts.PicInputs, Saw(TraceEvent.PicSetIrq));
            Add(LogParts.PicWrites, Traces(TraceEvent.PicPortWrite));
            Add(LogParts.Pins, Saw(TraceEvent.IoApicSetIrq));
            // If messages are traced, a pin whose entry is unmasked is visible without a write of the entry.
            Add(LogParts.Entries, Saw(TraceEvent.IoApicWrite) || !_entriesUntold && (Traces(TraceEvent.IoApicWrite)
                || Saw(TraceEvent.IoApicSetIrq) && Saw(TraceEvent.ApicDeliverIrq)));
            Add(LogParts.LocalApics, Saw(TraceEvent.ApicWrite));
            Add(LogParts.Messages, Saw(TraceEvent.ApicDeliverIrq));
            Add(LogParts.Taking, HasServicing);
            Add(LogParts.Counts, Saw(TraceEvent.ReportDelivered));
            Add(LogParts.KernelRoutes, IsSplit);
            Add(LogParts.Remapping, Saw(TraceEvent.RemapRequest));
            bool midLife = !FromReset && _sign != MidLifeSign.None;
            return new LogFacts
            {
                Stamped = FirstStamp >= 0,
                // A stamp above the range of a recording is not from a clock.
                FirstStamp = Math.Clamp(FirstStamp, 0, long.MaxValue / 2 / perMicrosecond) * perMicrosecond,
                FromReset = FromReset,
                MidLife = midLife ? _sign : MidLifeSign.None,
                MidLifeLine = midLife ? _signLine : 0,
                Parts = parts,
                Damaged = _damaged,
                KnowsCpus = KnowsCpus,
            };

            void Add(LogParts part, bool told) => parts |= told ? part : LogParts.None;
        }
    }

    internal bool Saw(TraceEvent happened) => (_seen >> (int)happened & 1) != 0;

    /// <summary>Whether an event is traced: it occurs in the log, or enough events of its family do that all of them
    /// must have been enabled.</summary>
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
        TraceEvent.PicUpdateIrq or TraceEvent.PicSetIrq or TraceEvent.PicInterrupt or TraceEvent.PicPortWrite =>
        [
            TraceEvent.PicSetIrq, TraceEvent.PicUpdateIrq, TraceEvent.PicInterrupt, TraceEvent.PicPortWrite, TraceEvent.PicPortRead,
        ],
        TraceEvent.IoApicSetRemoteIrr or TraceEvent.IoApicClearRemoteIrr or TraceEvent.IoApicEoiBroadcast
            or TraceEvent.IoApicDelayedReassert or TraceEvent.IoApicWrite =>
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
    /// <param name="progress">Called regularly with the number of lines read so far.</param>
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
        return new LogSurvey(builder) { _damaged = reader.Malformed };
    }
}
