using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>Follows the records of a log, VM by VM, and judges what is owed at its end.</summary>
/// <remarks>
/// The records of KVM print what it did, from several threads, and the registers of its chips only where the guest touches them. So this
/// judge follows the records, and does not run chips beside them: a register is what a record told, or it is not known.
/// </remarks>
internal sealed class KvmJudge
{
    /// <summary>KVM_EXIT_IOAPIC_EOI: a vector ended that the VMM's I/OAPIC sent as a level.</summary>
    private const int IoApicEoi = 26;

    /// <summary>The VMM hears of an EOI.</summary>
    internal static bool IsEoiExit(KvmRecord record) => record is { Event: KvmEvent.UserspaceExit, Reason: IoApicEoi, Restart: false };

    private const int MostContexts = 1 << 16;

    /// <summary>Some seconds of a busy host.</summary>
    private const long Beginning = 1 << 16;

    private readonly KvmSurvey _survey;
    private readonly VmTrail[] _vms;
    private readonly Dictionary<int, ThreadContext> _contexts = [];
    private readonly ThreadContext _threadless;
    private readonly ForeignRecords _foreign;
    private readonly IKvmWatcher? _watcher;
    private int _epoch;
    private bool _made;
    /// <summary>The context of the last record, and its key: a thread has many records in a row.</summary>
    private (int Key, ThreadContext Context)? _last;

    private KvmJudge(KvmSurvey survey, IKvmWatcher? watcher)
    {
        _survey = survey;
        _watcher = watcher;
        _vms = [.. survey.Vms.Select(vm => new VmTrail(vm, survey) { Watcher = watcher })];
        _foreign = new ForeignRecords(_vms);
        // Without threads, what a register's record is of is told only where there is one vCPU.
        var alone = new KvmThread(KvmRecord.Untold);
        if (survey.HighestVcpu <= 0)
            alone.Runs(0);
        _threadless = new ThreadContext(alone);
    }

    /// <summary>Reads a log. Who is who must be known before what happened, and the beginning of a long log tells it: so the log is judged by
    /// a survey of its beginning, while all of it is surveyed. Where that tells something else, it is judged again.</summary>
    /// <param name="open">Opens the log.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="progress">Called now and then with the bytes done and the bytes of the file, 0 where that is not known.</param>
    /// <param name="watch">Makes a watcher of what is judged; null for none.</param>
    /// <param name="beginning">How many records are its beginning.</param>
    /// <exception cref="Qemu.TraceException">The text is damaged.</exception>
    /// <exception cref="KvmFileException">The file is damaged, or no log of KVM's.</exception>
    internal static KvmAnswer Read(Func<Stream> open, string file, Action<long, long>? progress = null, Func<KvmSurvey, IKvmWatcher?>? watch = null,
        long beginning = Beginning)
    {
        var others = new LeftOut(LeftOut.OfQemu);
        KvmSurvey survey;
        bool isWhole;
        // What is watched is judged once, so all must be surveyed before.
        using (IKvmRecords log = KvmLog.Open(open, file, others))
            (survey, isWhole) = watch is null ? KvmSurvey.OfBeginning(log, beginning) : (KvmSurvey.Of(log, progress), true);
        if (isWhole)
            survey.LeftOut = others.Lines;
        else
        {
            var whole = new KvmSurvey();
            var guess = new KvmJudge(survey, null);
            guess.Follow(open, file, progress, whole);
            if (survey.TryBecome(whole))
                return guess.Answer();
            survey = whole;
        }
        var judge = new KvmJudge(survey, watch?.Invoke(survey));
        // The survey of what is watched was the first half of the work.
        judge.Follow(open, file, watch is null || progress is null ? progress : (done, all) => progress((all + done) / 2, all), null);
        return judge.Answer();
    }

    /// <summary>Follows a log to its end.</summary>
    /// <param name="open">Opens the log.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="progress">Called now and then.</param>
    /// <param name="survey">Takes the records too; null for none.</param>
    private void Follow(Func<Stream> open, string file, Action<long, long>? progress, KvmSurvey? survey)
    {
        LeftOut? others = survey is null ? null : new LeftOut(LeftOut.OfQemu);
        using IKvmRecords log = KvmLog.Open(open, file, others);
        var clock = new KvmClock();
        bool isText = log.IsText;
        while (log.TryRead())
        {
            KvmRecord record = log.Record;
            Mark at = clock.Next(record, isText);
            survey?.Take(record, at);
            Take(record, at);
            if ((clock.Records & 0xFFFF) == 0)
                progress?.Invoke(log.Progress.Done, log.Progress.All);
        }
        if (survey is null)
            return;
        survey.Complete(log, clock);
        survey.LeftOut = others!.Lines;
    }

    private void Take(KvmRecord record, Mark at)
    {
        if (record.Event == KvmEvent.Lost)
        {
            _epoch++;
            foreach (VmTrail one in _vms)
                one.Gap();
            _watcher?.Took(record, at, null, null, _epoch);
            return;
        }
        ThreadContext context = Context(record);
        VmTrail? vm = context.Thread is { Vm: >= 0 } thread ? _vms[thread.Vm] : context == _threadless ? _vms[0] : null;
        if (record.Event is KvmEvent.Eoi or KvmEvent.PvEoi && vm?.VcpuAt(record.Vcpu) is { } ended && ended.IsSameEoi(record))
            record.Event = KvmEvent.Other;
        if (vm is null)
            vm = _foreign.Take(record, at, context, _epoch);
        else
        {
            // A thread that makes several VMs is of none of them: which one it made tells the first record of that.
            if (vm.Vm.Guessed && context.Thread is { Role: ThreadRole.Vmm })
                _made |= VmTrail.IsCreation(record);
            else if (_made && vm.Vm.Guessed && context.Vcpu == 0 && !vm.HasVcpu(0))
            {
                _made = false;
                vm.Created();
            }
            vm.Take(record, at, context, _epoch);
        }
        _watcher?.Took(record, at, vm, context, _epoch);
    }

    /// <summary>The context of a record's thread; it forgets what it began before a gap.</summary>
    private ThreadContext Context(KvmRecord record)
    {
        ThreadContext context = Find(record);
        if (context.Epoch != _epoch)
        {
            context.Close();
            context.Epoch = _epoch;
        }
        return context;
    }

    private ThreadContext Find(KvmRecord record)
    {
        if (record.Thread < 0)
            return _threadless;
        int key = record.ThreadKey;
        if (_last is { } last && last.Key == key)
            return last.Context;
        if (_contexts.TryGetValue(key, out ThreadContext? context))
        {
            _last = (key, context);
            return context;
        }
        context = new ThreadContext(record.InInterrupt ? null : _survey.Threads.GetValueOrDefault(record.Thread));
        if (_contexts.Count < MostContexts)
            _contexts[key] = context;
        else
            _survey.TooMany = true;
        return context;
    }

    private KvmAnswer Answer()
    {
        foreach (ThreadContext context in _contexts.Values.Append(_threadless))
        {
            if (context.Epoch != _epoch)
                context.Close();
            int vm = context.Thread?.Vm ?? -1;
            // The last message of a log has no record behind it that would accept it.
            if (context.Message.Is && context.Message.At.Event >= _survey.End.Event)
                context.Close();
            if (vm >= 0)
                _vms[vm].CloseMessages(context, _epoch);
            else
                _foreign.CloseMessage(context);
        }
        _foreign.Finish();
        _survey.GuessFailed = Array.Exists(_vms, vm => vm.Vm.Guessed && vm.EndedUnraised is not null);
        VmAnswer[] vms = [.. _vms.Select(vm => new KvmOwed(vm, _survey, _epoch).Find())];
        return new KvmAnswer(_survey, vms, new KvmLimits(_survey, vms).Find());
    }
}
