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
    internal const int IoApicEoi = 26;

    private const int MostContexts = 1 << 16;

    private readonly KvmSurvey _survey;
    private readonly VmTrail[] _vms;
    private readonly Dictionary<int, ThreadContext> _contexts = [];
    private readonly ThreadContext _threadless;
    private readonly ForeignRecords _foreign;
    private readonly IKvmWatcher? _watcher;
    private int _epoch;

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

    /// <summary>Reads a log twice: who is who, then what happened.</summary>
    /// <param name="open">Opens the log.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="progress">Called now and then with the bytes done and the bytes of the file, 0 where that is not known.</param>
    /// <param name="watch">Makes a watcher of what is judged; null for none.</param>
    /// <exception cref="Qemu.TraceException">The text is damaged.</exception>
    /// <exception cref="KvmFileException">The file is damaged, or no log of KVM's.</exception>
    internal static KvmAnswer Read(Func<Stream> open, string file, Action<long, long>? progress = null, Func<KvmSurvey, IKvmWatcher?>? watch = null)
    {
        KvmSurvey survey;
        using (IKvmRecords log = KvmLog.Open(open, file))
            survey = KvmSurvey.Of(log, progress);
        var judge = new KvmJudge(survey, watch?.Invoke(survey));
        using (IKvmRecords log = KvmLog.Open(open, file))
        {
            var clock = new KvmClock();
            while (log.TryRead())
            {
                judge.Take(log.Record, clock.Next(log.Record, log.IsText));
                if ((clock.Records & 0xFFFF) == 0)
                    progress?.Invoke((log.Progress.All + log.Progress.Done) / 2, log.Progress.All);
            }
        }
        return judge.Answer();
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
        if (vm is null)
            vm = _foreign.Take(record, at, context, _epoch);
        else
            vm.Take(record, at, context, _epoch);
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
        // In an interrupt the thread is whatever ran there.
        int key = record.InInterrupt ? -2 - Math.Max(0, record.Cpu) : record.Thread;
        if (_contexts.TryGetValue(key, out ThreadContext? context))
            return context;
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
        VmAnswer[] vms = [.. _vms.Select(vm => new KvmOwed(vm, _survey, _epoch).Find())];
        return new KvmAnswer(_survey, vms, new KvmLimits(_survey, _vms).Find());
    }
}
