using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Pictures;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>Runs KVM's chips against a log of a KVM host, VM by VM.</summary>
internal sealed class KvmReplayer : IKvmWatcher
{
    internal const int MostVms = 256, MostVcpusOfVm = 1024, MostThreads = 1 << 14;
    private const int MostVcpus = 1 << 13, MostHeld = 1 << 15, MostHeldOfVm = 4096;

    private readonly KvmSurvey _survey;
    private readonly ReplayedVm[] _vms;
    private readonly Dictionary<int, int> _gsis = [];

    private KvmReplayer(KvmSurvey survey)
    {
        _survey = survey;
        _vms = [.. survey.Vms.Take(MostVms).Select(vm => new ReplayedVm(new VmScan(survey, vm)))];
    }

    /// <summary>Reads a log three times: who is who; how each VM begins and what its lines lead to, while the judge of <c>why</c> follows it; and
    /// then what happened.</summary>
    /// <param name="open">Opens the log.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="progress">Called now and then with the bytes done and the bytes of the file, 0 where that is not known.</param>
    /// <param name="drawn">Which part is drawn; null for no picture.</param>
    /// <exception cref="Qemu.TraceException">The text is damaged.</exception>
    /// <exception cref="KvmFileException">The file is damaged, or no log of KVM's.</exception>
    internal static KvmReplayReport Run(Func<Stream> open, string file, Action<long, long>? progress = null, PictureOptions? drawn = null)
    {
        KvmReplayer replayer = null!;
        KvmPictureBuilder? builder = null;
        KvmAnswer why = KvmJudge.Read(open, file, progress is null ? null : (done, all) => progress(done * 2 / 3, all), survey =>
        {
            replayer = new KvmReplayer(survey);
            builder = drawn is null ? null : new KvmPictureBuilder(survey, drawn);
            return KvmWatchers.Of(replayer, builder);
        });
        KvmChipPicture? chips = builder is null ? null : new KvmChipPicture(builder);
        replayer.Build(chips);
        replayer.Play(open, file, progress);
        var report = new KvmReplayReport(why, [.. replayer._vms.Select(vm => new VmReplay(vm.Scan, vm.Tally, vm.IsPlayed))]);
        return builder is null ? report : report with { Picture = builder.Build(file, report, chips!) };
    }

    private void Play(Func<Stream> open, string file, Action<long, long>? progress)
    {
        using IKvmRecords log = KvmLog.Open(open, file);
        var clock = new KvmClock();
        while (log.TryRead())
        {
            Play(log.Record, clock.Next(log.Record, log.IsText));
            if ((clock.Records & 0xFFFF) == 0)
                progress?.Invoke((log.Progress.All * 2 + log.Progress.Done) / 3, log.Progress.All);
        }
        foreach (ReplayedVm vm in _vms)
            vm.Cut();
    }

    /// <summary>The VM of a record; -1 for a thread that works for any.</summary>
    private int VmOf(KvmRecord record)
    {
        if (record.Thread < 0)
            return 0;
        int vm = record.InInterrupt ? -1 : _survey.Threads.GetValueOrDefault(record.Thread)?.Vm ?? -1;
        return vm < _vms.Length ? vm : int.MaxValue;
    }

    /// <inheritdoc/>
    public void Took(KvmRecord record, Mark at, VmTrail? vm, ThreadContext? context, int epoch) => Scan(record);

    /// <inheritdoc/>
    public void Accepted(VmTrail vm, VcpuTrail vcpu, Accepted accepted, ThreadContext context, AcceptOutcome outcome)
    {
    }

    /// <inheritdoc/>
    public void Unaccepted(VmTrail vm, in OpenMessage message, bool isIpi, int sender)
    {
    }

    private void Scan(KvmRecord record)
    {
        if (record.Event == KvmEvent.Lost)
        {
            foreach (ReplayedVm each in _vms)
                each.Scan.Lost();
            return;
        }
        int vm = VmOf(record);
        if (vm is < 0 or int.MaxValue)
            return;
        int key = record.ThreadKey;
        if (record.Event == KvmEvent.SetIrq && (_gsis.Count < MostThreads || _gsis.ContainsKey(key)))
            _gsis[key] = record.Gsi;
        _vms[vm].Scan.Take(record, _survey.Threads.GetValueOrDefault(record.Thread)?.Vcpu ?? KvmRecord.Untold, _gsis.GetValueOrDefault(key, -1));
    }

    private void Build(KvmChipPicture? picture)
    {
        int left = MostVcpus;
        foreach (ReplayedVm vm in _vms)
        {
            vm.Scan.Finish();
            left -= vm.Scan.Ids.Count;
            if (left >= 0)
                vm.Build(Math.Max(64, Math.Min(MostHeldOfVm, MostHeld / _vms.Length)), _survey.First >= 0, picture);
        }
    }

    private void Play(KvmRecord record, Mark at)
    {
        if (record.Event == KvmEvent.Lost)
        {
            foreach (ReplayedVm each in _vms)
                each.Forget(at);
            return;
        }
        int vm = VmOf(record);
        if (vm == int.MaxValue)
            return;
        if (vm < 0)
        {
            foreach (ReplayedVm each in _vms)
                each.TakeForeign(record, at);
            return;
        }
        KvmThread? thread = record.Thread < 0 ? null : _survey.Threads.GetValueOrDefault(record.Thread);
        _vms[vm].Take(record, at, thread?.Vcpu ?? KvmRecord.Untold, isForeign: _vms[vm].Scan.Vm.Guessed && thread is { Role: ThreadRole.Vmm });
    }
}
