using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A place where records are missing.</summary>
internal sealed record KvmGap(Mark At, KvmLoss Loss, int Cpu);

/// <summary>A first look at a whole log: which threads are there, and what was traced.</summary>
internal sealed class KvmSurvey
{
    private const int MostThreads = 1 << 14, MostGaps = 64;

    /// <summary>Events of which a judge asks, before the end of the log, whether they are in it at all.</summary>
    private static KvmEvent[] Asked => [KvmEvent.Entry, KvmEvent.AcceptIrq, KvmEvent.AckIrq, KvmEvent.Apic, KvmEvent.UserspaceExit];

    private readonly Dictionary<int, KvmThread> _threads = [];
    /// <summary>The thread of the last record: a thread has many in a row.</summary>
    private KvmThread? _last;
    private readonly List<KvmGap> _gaps = [];
    private readonly Dictionary<int, long> _spurious = [], _ended = [];

    internal IReadOnlyDictionary<int, KvmThread> Threads => _threads;
    internal IReadOnlyList<KvmGap> Gaps => _gaps;
    internal long GapCount { get; private set; }
    /// <summary>The last gap: those between are not kept.</summary>
    internal KvmGap? LastGap { get; private set; }
    internal long LostRecords { get; private set; }
    /// <summary>How many of the gaps are places where the times go back, and the first one.</summary>
    internal (long Count, Mark First) Jumps { get; private set; }
    internal KvmCounts Counts { get; private set; } = new();
    internal bool IsText { get; private set; }
    /// <summary>Lines of other forms; null for none.</summary>
    internal LeftOutLines? LeftOut { get; set; }
    /// <summary>The time of the first record that has one; -1 for none.</summary>
    internal long First { get; private set; } = KvmRecord.Untold;
    internal Mark End { get; private set; }
    /// <summary>Records without a thread.</summary>
    internal long Threadless { get; private set; }
    internal long IoApicEois { get; private set; }
    /// <summary>It has more threads or vCPUs than are followed.</summary>
    internal bool TooMany { get; set; }
    /// <summary>The only CPU of the host that records came on, where it has several; null where they came on more, or where that is not told. So is one
    /// CPU's file of ftrace.</summary>
    internal int? OneCpu => Counts.HostCpus > 1 && _cpu >= 0 ? _cpu : null;
    /// <summary>The CPU of all records until now; -2 for several.</summary>
    private int _cpu = KvmRecord.Untold;
    private const int SeveralCpus = -2;
    /// <summary>Which threads are a VM's was guessed, and the records contradict it.</summary>
    internal bool GuessFailed { get; set; }
    /// <summary>vCPUs that are followed, of all VMs.</summary>
    internal int Vcpus { get; set; }
    /// <summary>Vectors of vCPUs that may still be followed: a text can claim any number of them.</summary>
    internal int VectorsLeft { get; set; } = 1 << 18;
    /// <summary>What vCPUs write to their local APICs stands in the log, and whose it is.</summary>
    internal bool ShowsRegisters => Counts[KvmEvent.Apic] > 0 && (Threadless == 0 || HighestVcpu <= 0);
    /// <summary>The highest vCPU that a record names.</summary>
    internal int HighestVcpu { get; private set; } = KvmRecord.Untold;
    internal IReadOnlyList<KvmVm> Vms { get; private set; } = [];

    /// <summary>The host's KVM ends an interrupt as it injects it (kvm_pvm): the guest's own EOI finds nothing in service.</summary>
    internal bool EndsAtInjection { get; private set; }

    internal Stamps Stamps => new(First < 0 ? StampStyle.None : StampStyle.Stamped, Math.Max(0, First), IsText);

    /// <summary>Surveys a whole log.</summary>
    internal static KvmSurvey Of(IKvmRecords log, Action<long, long>? progress)
    {
        var survey = new KvmSurvey();
        survey.Read(log, long.MaxValue, progress);
        return survey;
    }

    /// <summary>Surveys the first records of a log.</summary>
    /// <returns>The survey, and whether it is of the whole log.</returns>
    internal static (KvmSurvey Survey, bool IsWhole) OfBeginning(IKvmRecords log, long records)
    {
        var survey = new KvmSurvey();
        return (survey, survey.Read(log, records, null));
    }

    private bool Read(IKvmRecords log, long most, Action<long, long>? progress)
    {
        var clock = new KvmClock();
        bool isText = log.IsText, more = true;
        while (clock.Records < most && (more = log.TryRead()))
        {
            KvmRecord record = log.Record;
            Take(record, clock.Next(record, isText));
            if ((clock.Records & 0xFFFF) == 0)
                progress?.Invoke(log.Progress.Done / 2, log.Progress.All);
        }
        Complete(log, clock);
        return !more;
    }

    /// <summary>All records were taken.</summary>
    internal void Complete(IKvmRecords log, KvmClock clock)
    {
        IsText = log.IsText;
        Counts = log.Counts;
        First = clock.First;
        EndsAtInjection = Ends();
        Vms = KvmVms.Find(this);
    }

    /// <summary>Takes a record.</summary>
    internal void Take(KvmRecord record, Mark at)
    {
        End = at;
        if (record.Event == KvmEvent.Lost)
        {
            GapCount++;
            LastGap = new(at, record.Loss, record.Cpu);
            LostRecords += Math.Min(record.LostCount, long.MaxValue - LostRecords);
            if (record.Loss == KvmLoss.WentBack)
                Jumps = (Jumps.Count + 1, Jumps.Count == 0 ? at : Jumps.First);
            if (_gaps.Count < MostGaps)
                _gaps.Add(LastGap);
            return;
        }
        if (record.Cpu >= 0 && record.Cpu != _cpu)
            _cpu = _cpu == KvmRecord.Untold ? record.Cpu : SeveralCpus;
        if (record.Event is KvmEvent.Eoi)
        {
            Dictionary<int, long> counts = record.Vector < 0 ? _spurious : _ended;
            counts[record.Vcpu] = counts.GetValueOrDefault(record.Vcpu) + 1;
        }
        else if (KvmJudge.IsEoiExit(record))
            IoApicEois++;
        if (record.Event is not (KvmEvent.Other or KvmEvent.TscOffset))
            HighestVcpu = Math.Max(HighestVcpu, record.Vcpu);
        if (record.Thread < 0)
        {
            Threadless++;
            return;
        }
        if (_last?.Number != record.Thread)
            _last = Thread(record.Thread);
        if (!record.InInterrupt)
            _last?.Take(record);
    }

    private KvmThread? Thread(int number)
    {
        if (_threads.TryGetValue(number, out KvmThread? thread))
            return thread;
        if (_threads.Count < MostThreads)
            return _threads[number] = new KvmThread(number);
        TooMany = true;
        return null;
    }

    /// <summary>Becomes the survey of the whole log, if a judge that followed the log by this one, of its beginning, had judged the same by
    /// that one.</summary>
    internal bool TryBecome(KvmSurvey whole)
    {
        bool same = EndsAtInjection == whole.EndsAtInjection && IoApicEois > 0 == whole.IoApicEois > 0 && HighestVcpu <= 0 == whole.HighestVcpu <= 0 && Threadless == 0 == (whole.Threadless == 0)
            && Asked.All(one => Counts[one] > 0 == whole.Counts[one] > 0)
            && Vms.Count == whole.Vms.Count && Vms.Zip(whole.Vms).All(pair => pair.First.IsLike(pair.Second))
            // A thread of the kernel works for any VM, known or not.
            && whole.Threads.Values.All(thread => _threads.TryGetValue(thread.Number, out KvmThread? known) ? known.IsLike(thread) : thread.Role == ThreadRole.Kernel);
        if (!same)
            return false;
        (GapCount, LastGap, LostRecords, Counts, First, End) = (whole.GapCount, whole.LastGap, whole.LostRecords, whole.Counts, whole.First, whole.End);
        (Threadless, IoApicEois, HighestVcpu, LeftOut, Jumps, _cpu) = (whole.Threadless, whole.IoApicEois, whole.HighestVcpu, whole.LeftOut, whole.Jumps, whole._cpu);
        TooMany |= whole.TooMany;
        _gaps.Clear();
        _gaps.AddRange(whole.Gaps);
        return true;
    }

    /// <summary>On such a host each vCPU's interrupts end twice, and nothing is injected that a record would show. A guest's own
    /// superfluous EOI is rare, and comes beside injections.</summary>
    private bool Ends()
    {
        if (Counts[KvmEvent.InjectIrq] + Counts[KvmEvent.Entry] + Counts[KvmEvent.Exit] > 0 || _spurious.Count == 0)
            return false;
        long ended = _ended.Values.Sum(), spurious = _spurious.Values.Sum();
        return spurious > 0 && (ended == 0 || spurious * 2 >= ended);
    }
}

/// <summary>Numbers records, and gives them a time in microseconds, as the texts have it.</summary>
internal sealed class KvmClock
{
    internal long Records { get; private set; }
    internal long First { get; private set; } = KvmRecord.Untold;

    private long _last;

    internal Mark Next(KvmRecord record, bool isText)
    {
        Records++;
        if (record.Time >= 0)
        {
            // All forms of a log tell the same times: the texts round to microseconds.
            long time = (record.Time + 500) / 1000 * 1000;
            if (First < 0)
                First = time;
            _last = time - First;
        }
        return new Mark(isText ? Records : record.Place, isText ? record.Place : 0, _last);
    }
}
