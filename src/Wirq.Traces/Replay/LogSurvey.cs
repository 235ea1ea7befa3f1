using System.Numerics;
using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;

namespace Wirq.Traces.Replay;

/// <summary>Facts about a log that must be known before its first line can be replayed: the CPU of each thread, the
/// number of CPUs, the traced events, and the lines of machine resets.</summary>
/// <remarks>They are known for certain at the end of the log only. It would not be enough to delay lines until a thread shows its
/// CPU: the thread of a machine with one CPU may never show it, and an event that is not traced cannot be distinguished
/// from a missing one before the end. But the beginning of a long log shows most likely what the whole does: then
/// <see cref="StillHolds"/> says of each further piece whether that was right.</remarks>
internal sealed class LogSurvey
{
    private const int MostAsked = 256, FewestRoutes = 16;

    // What answers of no rested on: it may not show later.
    private readonly HashSet<long> _askedThreads = [];
    private ulong _seen, _asked;
    private Dictionary<long, int> _cpuOfThread;
    private readonly MidLifeSign _sign;
    private readonly long _signLine;
    private readonly bool _entriesUntold;
    private readonly long _damaged;

    /// <summary>What was found so far.</summary>
    /// <param name="found">It may find more later: this stays as it is.</param>
    /// <param name="damaged">Lines that have an event's name and not its fields.</param>
    internal LogSurvey(SurveyBuilder found, long damaged)
    {
        _seen = found.Seen;
        _damaged = damaged;
        _cpuOfThread = found.CpuOfThread();
        ApicIds = found.ApicIds();
        Resets = found.Resets();
        FirstCpuLine = found.FirstCpuLine;
        IoApicVersion = found.IoApicVersion;
        HasThreads = found.HasThreads;
        Routes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(FewestRoutes, found.Requests));
        FirstStamp = found.FirstStamp;
        MayShowTriggers = found.Triggers.MayShow && Has(TraceEvent.PicSetIrq) && Has(TraceEvent.PicPortWrite);
        (_sign, _signLine, _entriesUntold) = (found.Beginning.Sign, found.Beginning.Line, found.Beginning.EntriesUntold);
        FromReset = Resets.Length > 0 && Resets[0].To < FirstCpuLine && (_sign == MidLifeSign.None || _signLine > Resets[0].From);
        Start = FromReset ? new StartWatch() : found.Start.Copy();
        KnowsCpus = !found.IsCrowded && (Has(TraceEvent.ApicWrite) || Has(TraceEvent.ApicRead)) && _cpuOfThread.Count > 0 && _cpuOfThread.Values.All(cpu => cpu >= 0);
    }

    /// <summary>The registers at the first line, if the log begins in mid-life; else nothing.</summary>
    internal StartWatch Start { get; }
    /// <summary>The APIC ids of the CPUs, ascending: CPU n has the nth id.</summary>
    internal IReadOnlyList<uint> ApicIds { get; }
    /// <summary>Lines that belong to a reset of the machine, from the first to the last, in order.</summary>
    internal (long From, long To)[] Resets { get; private set; }
    /// <summary>The first line of a CPU; <see cref="long.MaxValue"/> if there is none.</summary>
    internal long FirstCpuLine { get; }
    internal byte IoApicVersion { get; }
    /// <summary>The first time stamp, in microseconds; -1 if no line has one.</summary>
    internal long FirstStamp { get; }
    /// <summary>Whether the machine's reset comes before any action of a CPU.</summary>
    internal bool FromReset { get; }
    internal bool HasThreads { get; }
    /// <summary>At least the number of different messages that a remapping unit got; if there are very many, only the first are
    /// counted.</summary>
    internal int Routes { get; }

    /// <summary>Whether it may show that an input of the 8259 is level-triggered.</summary>
    internal bool MayShowTriggers { get; }

    /// <summary>Whether messages go through a remapping unit, and the log shows them.</summary>
    internal bool Remaps => Has(TraceEvent.RemapRequest);

    /// <summary>Whether the local APICs are a kernel's and the I/OAPIC is not, and the log shows the kernel's
    /// routes.</summary>
    internal bool IsSplit => (Has(TraceEvent.KernelTrigger) || Has(TraceEvent.KernelRoute)
        || (Has(TraceEvent.KernelRouteUpdate) || Has(TraceEvent.KernelRouteCommit)) && (Has(TraceEvent.IoApicSetIrq) || Has(TraceEvent.IoApicWrite)))
        && !Has(TraceEvent.ApicWrite) && !Has(TraceEvent.ApicRead) && !Has(TraceEvent.ApicDeliverIrq);
    /// <summary>The CPU of a thread; -1 if it has none, or if several share it.</summary>
    internal int CpuOf(long thread)
    {
        if (_cpuOfThread.TryGetValue(thread, out int cpu))
            return cpu;
        if (_askedThreads.Count < MostAsked)
            _askedThreads.Add(thread);
        return -1;
    }

    /// <summary>Whether any line belongs to a known CPU.</summary>
    internal bool ShowsCpus => _cpuOfThread.Count > 0;

    /// <summary>Whether every line of a CPU shows which CPU it is, and the lines of local APICs are traced.</summary>
    internal bool KnowsCpus { get; }

    /// <summary>Whether the log shows what LINT0 passes, and how each CPU programmed it.</summary>
    internal bool ShowsLint => Has(TraceEvent.ApicLocalDeliver) && Has(TraceEvent.ApicWrite) && KnowsCpus;

    /// <summary>Whether the log shows acknowledges.</summary>
    internal bool HasServicing => Has(TraceEvent.ServicingInterrupt);

    /// <summary>The facts for a recording of its replay.</summary>
    internal LogFacts Facts
    {
        get
        {
            const long perMicrosecond = 1000;
            LogParts parts = LogParts.None;
            Add(LogParts.PicInputs, Has(TraceEvent.PicSetIrq));
            Add(LogParts.PicWrites, Enables(TraceEvent.PicPortWrite));
            Add(LogParts.Pins, Has(TraceEvent.IoApicSetIrq));
            // If messages are traced, a pin whose entry is unmasked is visible without a write of the entry.
            Add(LogParts.Entries, Has(TraceEvent.IoApicWrite) || !_entriesUntold && (Enables(TraceEvent.IoApicWrite)
                || Has(TraceEvent.IoApicSetIrq) && Has(TraceEvent.ApicDeliverIrq)));
            Add(LogParts.LocalApics, Has(TraceEvent.ApicWrite));
            Add(LogParts.Messages, Has(TraceEvent.ApicDeliverIrq));
            Add(LogParts.Taking, HasServicing);
            Add(LogParts.Counts, Has(TraceEvent.ReportDelivered));
            Add(LogParts.KernelRoutes, IsSplit);
            Add(LogParts.Remapping, Has(TraceEvent.RemapRequest));
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

    /// <summary>Whether an event occurs in the log.</summary>
    internal bool Saw(TraceEvent happened)
    {
        if (Has(happened))
            return true;
        _asked |= Bit(happened);
        return false;
    }

    /// <summary>Whether an event is traced: it occurs in the log, or enough events of its family do that all of them
    /// must have been enabled.</summary>
    internal bool Traces(TraceEvent happened)
    {
        if (Enables(happened))
            return true;
        _asked |= Bit(happened);
        foreach (TraceEvent member in FamilyOf(happened))
            _asked |= Bit(member) & ~_seen;
        return false;
    }

    private bool Enables(TraceEvent happened)
    {
        const int enough = 3;
        if (Has(happened))
            return true;
        int seen = 0;
        foreach (TraceEvent member in FamilyOf(happened))
            seen += Has(member) ? 1 : 0;
        return seen >= enough;
    }

    private static ulong Bit(TraceEvent happened) => 1ul << (int)happened;

    private bool Has(TraceEvent happened) => (_seen & Bit(happened)) != 0;

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

    /// <summary>Whether every answer that this gave, from the beginning of the log, is that of more of the log. If so, this knows from now
    /// on what was found since.</summary>
    /// <param name="more">What was found since.</param>
    /// <param name="next">The next line to be judged: a reset that begins before it was found too late.</param>
    internal bool StillHolds(LogSurvey more, long next)
    {
        bool same = (_asked & more._seen) == 0 && Remaps == more.Remaps && IsSplit == more.IsSplit && ShowsLint == more.ShowsLint
            && HasServicing == more.HasServicing && KnowsCpus == more.KnowsCpus && HasThreads == more.HasThreads && Routes == more.Routes
            && IoApicVersion == more.IoApicVersion && FirstStamp == more.FirstStamp && FirstCpuLine == more.FirstCpuLine
            && FromReset == more.FromReset && Facts with { Damaged = 0 } == more.Facts with { Damaged = 0 }
            && ApicIds.SequenceEqual(more.ApicIds) && AgreesOnThreads(more) && Start.SaysTheSame(more.Start)
            && more.Resets.AsSpan().StartsWith(Resets) && (more.Resets.Length == Resets.Length || more.Resets[Resets.Length].From >= next);
        if (same)
            (_seen, _cpuOfThread, Resets) = (more._seen, more._cpuOfThread, more.Resets);
        return same;
    }

    private bool AgreesOnThreads(LogSurvey more)
    {
        int known = 0;
        foreach ((long thread, int cpu) in more._cpuOfThread)
        {
            if (_cpuOfThread.TryGetValue(thread, out int mine))
                known++;
            else if (_askedThreads.Count == MostAsked || _askedThreads.Contains(thread))
                mine = -1;
            else
                continue;
            if (mine != cpu)
                return false;
        }
        return known == _cpuOfThread.Count;
    }
}
