using Wirq.Laws;
using Wirq.State;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>Runs KVM's chips against a log of a KVM host, VM by VM.</summary>
internal sealed class KvmReplayer : IKvmWatcher
{
    internal const int MostVms = 256, MostVcpusOfVm = 1024, MostThreads = 1 << 14;
    private const int MostVcpus = 1 << 13, MostHeld = 1 << 15, MostHeldOfVm = 4096;

    private readonly KvmSurvey _survey;
    private readonly VmScan[] _scans;
    private readonly VmPlayer?[] _players;
    private readonly StepQueue?[] _queues;
    private readonly VmTally[] _tallies;
    private readonly Dictionary<int, int> _gsis = [];
    private readonly bool[] _hasRun, _hasLeft;

    private KvmReplayer(KvmSurvey survey)
    {
        _survey = survey;
        _scans = [.. survey.Vms.Take(MostVms).Select(vm => new VmScan(survey, vm))];
        _tallies = [.. _scans.Select(_ => new VmTally())];
        (_hasRun, _hasLeft) = (new bool[_scans.Length], new bool[_scans.Length]);
        _players = new VmPlayer?[_scans.Length];
        _queues = new StepQueue?[_scans.Length];
    }

    /// <summary>Reads a log three times: who is who; how each VM begins and what its lines lead to, while the judge of <c>why</c> follows it; and
    /// then what happened.</summary>
    /// <param name="open">Opens the log.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="progress">Called now and then with the bytes done and the bytes of the file, 0 where that is not known.</param>
    /// <exception cref="Qemu.TraceException">The text is damaged.</exception>
    /// <exception cref="KvmFileException">The file is damaged, or no log of KVM's.</exception>
    internal static KvmReplayReport Run(Func<Stream> open, string file, Action<long, long>? progress = null)
    {
        KvmReplayer replayer = null!;
        KvmAnswer why = KvmJudge.Read(open, file, progress is null ? null : (done, all) => progress(done * 2 / 3, all), survey => replayer = new KvmReplayer(survey));
        replayer.Build();
        replayer.Play(open, file, progress);
        return new KvmReplayReport(why, [.. replayer._scans.Select((scan, vm) => new VmReplay(scan, replayer._tallies[vm], IsPlayed: replayer._players[vm] is not null))]);
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
        foreach (VmPlayer? player in _players)
            player?.Cut();
    }

    /// <summary>The VM of a record; -1 for a thread that works for any.</summary>
    private int VmOf(KvmRecord record)
    {
        if (record.Thread < 0)
            return 0;
        int vm = record.InInterrupt ? -1 : _survey.Threads.GetValueOrDefault(record.Thread)?.Vm ?? -1;
        return vm < _scans.Length ? vm : int.MaxValue;
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
            foreach (VmScan scan in _scans)
                scan.Lost();
            return;
        }
        int vm = VmOf(record);
        if (vm is < 0 or int.MaxValue)
            return;
        int key = record.ThreadKey;
        if (record.Event == KvmEvent.SetIrq && (_gsis.Count < MostThreads || _gsis.ContainsKey(key)))
            _gsis[key] = record.Gsi;
        _scans[vm].Take(record, _survey.Threads.GetValueOrDefault(record.Thread)?.Vcpu ?? KvmRecord.Untold, _gsis.GetValueOrDefault(key, -1));
    }

    private void Build()
    {
        int left = MostVcpus;
        for (int vm = 0; vm < _scans.Length; vm++)
        {
            VmScan scan = _scans[vm];
            scan.Finish();
            left -= scan.Ids.Count;
            if (left < 0)
                continue;
            _queues[vm] = new StepQueue(scan, _tallies[vm], Math.Max(64, Math.Min(MostHeldOfVm, MostHeld / _scans.Length)));
            _players[vm] = new VmPlayer(scan, _queues[vm]!, _survey.First >= 0);
            if (scan.IsWhole)
                _tallies[vm].Laws = new LawSet(_queues[vm]!.Chips.Machine.Options, _queues[vm]!.Chips.Machine.Fabric.Gsis, new StateArena());
        }
    }

    private void Play(KvmRecord record, Mark at)
    {
        if (record.Event == KvmEvent.Lost)
        {
            for (int each = 0; each < _players.Length; each++)
                Forget(each);
            return;
        }
        int vm = VmOf(record);
        if (vm == int.MaxValue)
            return;
        if (vm < 0)
        {
            for (int each = 0; each < _players.Length; each++)
                _players[each]?.Take(record, at, record.ThreadKey, KvmRecord.Untold, isForeign: true);
            return;
        }
        if (_players[vm] is not { } player)
            return;
        VmScan scan = _scans[vm];
        // The VMM loads the state of a machine that it resets: no record shows that state.
        if (Resets(vm, record) && !_queues[vm]!.Chips.IsLoading)
        {
            Forget(vm);
            _queues[vm]!.Chips.IsLoading = !record.HasRip;
        }
        else if (_queues[vm]!.Chips.IsLoading && Runs(record))
            Start(vm);
        KvmThread? thread = record.Thread < 0 ? null : _survey.Threads.GetValueOrDefault(record.Thread);
        player.Take(record, at, record.ThreadKey, thread?.Vcpu ?? KvmRecord.Untold, isForeign: scan.Vm.Guessed && thread is { Role: ThreadRole.Vmm });
    }

    private bool Resets(int vm, KvmRecord record)
    {
        if (record is { Event: KvmEvent.TscOffset, Vcpu: 0 })
            return _scans[vm].ShowsResetByTsc;
        if (record is not { Event: KvmEvent.Entry, Vcpu: 0, HasRip: true })
            return false;
        bool again = record.IsAtResetVector && _hasLeft[vm];
        _hasLeft[vm] = !record.IsAtResetVector;
        return again;
    }

    /// <summary>Only a guest that runs makes these records.</summary>
    private static bool Runs(KvmRecord record) => record.Event is KvmEvent.Entry or KvmEvent.Exit or KvmEvent.UserspaceExit or KvmEvent.Pio or KvmEvent.Mmio or KvmEvent.Apic
        or KvmEvent.Eoi or KvmEvent.Msr or KvmEvent.InjectIrq or KvmEvent.AckIrq;

    /// <summary>The guest begins to run: the VMM has loaded the state that it begins with.</summary>
    private void Start(int vm)
    {
        KvmChips chips = _queues[vm]!.Chips;
        _players[vm]!.Cut();
        if (!_hasRun[vm] && _scans[vm].FromStart && !_queues[vm]!.HasParted)
            chips.Started();
        else
        {
            chips.Forget();
            _tallies[vm].Laws = null;
        }
        (_hasRun[vm], chips.IsLoading) = (true, false);
    }

    private void Forget(int vm)
    {
        _players[vm]?.Cut();
        _queues[vm]?.Chips.Forget();
        _tallies[vm].Laws = null;
    }
}
