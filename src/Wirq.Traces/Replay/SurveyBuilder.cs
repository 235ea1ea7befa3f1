using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Collects the facts of a <see cref="LogSurvey"/>.</summary>
internal sealed class SurveyBuilder
{
    private const int MostCpus = 255, MostRuns = 8192, MostRequests = 1024;

    private readonly Dictionary<long, CpuThread> _threads = [];
    private readonly HashSet<Msi> _requests = [];
    private readonly List<ResetRun> _runs = [];
    private const int ShorthandShift = 18, ShorthandBits = 3, SelfShorthand = 1;
    private ResetRun _run;
    // Of the runs that have ended.
    private int _longest;
    private bool _sendsToOthers;
    private CpuThread? _crowd;
    private CpuThread? _last;
    private long _lastThread = -1, _sinceCpu = 1;

    internal ulong Seen { get; private set; }
    /// <summary>The first time stamp, in microseconds; -1 if no line has one.</summary>
    internal long FirstStamp { get; private set; } = -1;
    internal BeginningWatch Beginning { get; } = new();
    internal TriggerWatch Triggers { get; } = new();
    internal StartWatch Start { get; } = new();
    internal long FirstCpuLine { get; private set; } = long.MaxValue;
    internal byte IoApicVersion { get; private set; } = 0x20;
    internal bool HasThreads { get; private set; }
    internal int Requests => _requests.Count;
    /// <summary>Whether more threads than possible CPUs do what only CPUs do.</summary>
    internal bool IsCrowded => _crowd is not null;
    /// <summary>How many threads are told apart.</summary>
    internal int Threads => _threads.Count;

    internal void Add(in TraceLine line)
    {
        Seen |= 1ul << (int)line.Event;
        HasThreads |= line.Thread != 0;
        if (FirstStamp < 0)
            FirstStamp = line.Microseconds;
        Beginning.Add(line);
        Triggers.Add(line);
        Start.Add(line);
        FollowReset(line);
        switch (line.Event)
        {
            case TraceEvent.ApicRead when line.A == (uint)ApicRegister.Id:
                Touch(line).NoteId((uint)(line.B >> 24));
                break;
            case TraceEvent.ApicWrite when line.A == (uint)ApicRegister.Id:
                Touch(line).Renumbered = true;
                break;
            case TraceEvent.IoApicRead:
                Touch(line);
                if (line.A == IoApic.WindowOffset && line.B == IoApic.VersionIndex && (byte)line.D is 0x11 or 0x20)
                    IoApicVersion = (byte)line.D;
                break;
            case TraceEvent.ApicWrite when line.A == (uint)ApicRegister.CommandLow:
                _sendsToOthers |= (line.B >> ShorthandShift & ShorthandBits) != SelfShorthand;
                Touch(line);
                break;
            case TraceEvent.ApicRead or TraceEvent.ApicWrite or TraceEvent.IoApicWrite or TraceEvent.PicPortRead
                or TraceEvent.PicPortWrite or TraceEvent.PicInterrupt:
                Touch(line);
                break;
            // CPUs cause these too, but QEMU logs them on a thread that has no other lines.
            case TraceEvent.RemapRoot or TraceEvent.RemapEnable or TraceEvent.IecInvalidate or TraceEvent.RemapRegisterWrite:
                FirstCpuLine = Math.Min(FirstCpuLine, line.Number);
                break;
            case TraceEvent.RemapRequest when _requests.Count < MostRequests:
                _requests.Add(new Msi(line.A, (uint)line.B));
                break;
        }
    }

    private CpuThread Touch(in TraceLine line)
    {
        FirstCpuLine = Math.Min(FirstCpuLine, line.Number);
        _sinceCpu = 0;
        if (_last is not null && _lastThread == line.Thread)
            return _last;
        // More threads than possible CPUs means a damaged log. The further ones are one, and have no CPU.
        if (!_threads.TryGetValue(line.Thread, out CpuThread? thread))
        {
            thread = _threads.Count <= MostCpus ? new CpuThread() : _crowd ??= new CpuThread();
            if (thread != _crowd)
                _threads.Add(line.Thread, thread);
        }
        (_last, _lastThread) = (thread, line.Thread);
        return thread;
    }

    /// <summary>A reset of the machine ends with one line per local APIC. The real-time clock prints single such lines
    /// when it makes up for lost ticks, and reads the count soon after.</summary>
    private void FollowReset(in TraceLine line)
    {
        // CPUs are stopped during a reset. Lines that still follow from the last action of a CPU are not part of it.
        if (_sinceCpu == 0 && (HasThreads ? line.Thread != _lastThread : IsStimulus(line)))
            _sinceCpu = line.Number;
        if (line.Event == TraceEvent.ResetDelivered)
        {
            if (_run.Length == 0)
                _run = new ResetRun(_sinceCpu, line.Number, 0);
            _run = _run with { To = line.Number, Length = _run.Length + 1 };
        }
        else if (line.Event == TraceEvent.GetDelivered && _runs.Count > 0 && _run.Length == 0 && _runs[^1].Length == 1)
            ForgetLast();
        else if (_run.Length > 0 && line.Event is not (TraceEvent.GetApicBase or TraceEvent.SetApicBase))
        {
            if (_runs.Count < MostRuns)
            {
                _runs.Add(_run);
                _longest = Math.Max(_longest, _run.Length);
            }
            _run = default;
        }
    }

    private static bool IsStimulus(in TraceLine line) => line.Event is TraceEvent.GsiInterrupt or TraceEvent.IoApicSetIrq
        or TraceEvent.ResetDelivered || line.Event == TraceEvent.PicSetIrq && !(line.A != 0 && line.B == Pic8259.Cascade);

    private void ForgetLast()
    {
        _runs.RemoveAt(_runs.Count - 1);
        // It was one line, and no run is shorter.
        if (_runs.Count == 0)
            _longest = 0;
    }

    /// <summary>Every CPU is reset, so the longest run is the number of CPUs.</summary>
    private int LongestRun => Math.Max(_longest, _run.Length);

    internal (long From, long To)[] Resets()
    {
        int longest = LongestRun;
        if (longest == 0)
            return [];
        var resets = new List<(long From, long To)>(_runs.Count + 1);
        foreach (ResetRun run in _runs)
        {
            if (run.Length == longest)
                resets.Add((run.From, run.To));
        }
        if (_run.Length == longest)
            resets.Add((_run.From, _run.To));
        return [.. resets];
    }

    internal IReadOnlyList<uint> ApicIds()
    {
        SortedSet<uint> ids = [.. _threads.Values.SelectMany(thread => thread.Ids)];
        // A reset shows the number of CPUs. Threads are used only if no reset is logged, because a file may contain
        // more than one machine.
        int shown = LongestRun > 0 ? LongestRun : HasThreads ? _threads.Count : 1;
        // Without a reset, a CPU may have no line. The ids of a PC's CPUs begin with 0.
        if (LongestRun == 0 && ids.Count > 0)
            shown = Math.Max(shown, (int)Math.Min(ids.Max + 1, MostCpus));
        int count = Math.Clamp(shown, 1, MostCpus);
        for (uint id = 0; ids.Count < count; id++)
            ids.Add(id);
        return [.. ids];
    }

    internal Dictionary<long, int> CpuOfThread()
    {
        IReadOnlyList<uint> ids = ApicIds();
        var cpus = new Dictionary<long, int>();
        foreach ((long number, CpuThread thread) in _threads)
            cpus[number] = thread.Ids.Count == 1 ? IndexOf(ids, thread.Ids.First()) : -1;
        // If one thread and one CPU are left, they belong together, even if the thread never read its id.
        long[] open = [.. _threads.Where(pair => pair.Value.Ids.Count == 0).Select(pair => pair.Key)];
        HashSet<int> taken = [.. cpus.Values];
        int[] free = [.. Enumerable.Range(0, ids.Count).Where(cpu => !taken.Contains(cpu))];
        // Where the log does not show how many CPUs there are, one that has no line may be left as well.
        bool counted = LongestRun > 0;
        if (counted && open.Length == 1 && free.Length == 1)
            cpus[open[0]] = free[0];
        else if ((counted || !_sendsToOthers) && _threads.Count == 1 && open.Length == 1 && (HasThreads || ids.Count == 1))
            cpus[open[0]] = 0;
        // Without threads all lines look like those of one CPU.
        if (!HasThreads && ids.Count > 1)
            cpus[0] = -1;
        return cpus;
    }

    private static int IndexOf(IReadOnlyList<uint> ids, uint id)
    {
        int at = 0;
        while (ids[at] != id)
            at++;
        return at;
    }

    private readonly record struct ResetRun(long From, long To, int Length);

    /// <summary>Facts about a thread that does what only a CPU does.</summary>
    private sealed class CpuThread
    {
        internal HashSet<uint> Ids { get; } = [];
        /// <summary>Whether it wrote another id to its local APIC. The ids that it reads after that are not the initial
        /// one.</summary>
        internal bool Renumbered { get; set; }

        internal void NoteId(uint id)
        {
            if (!Renumbered && Ids.Count < 2)
                Ids.Add(id);
        }
    }
}
