using Wirq.Laws;
using Wirq.State;
using Wirq.Traces.Kvm.Pictures;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>One VM of a log while it is replayed: when it begins to run, and when it is reset.</summary>
internal sealed class ReplayedVm(VmScan scan)
{
    private StepQueue? _queue;
    private VmPlayer? _player;
    private VmChipLanes? _drawn;
    private bool _hasRun, _hasLeft;

    internal VmScan Scan => scan;
    internal VmTally Tally { get; } = new();
    internal bool IsPlayed => _player is not null;

    /// <summary>Makes its chips; without it, nothing is played.</summary>
    /// <param name="mostHeld">Steps that may wait at one time.</param>
    /// <param name="isTimed">The log has times.</param>
    /// <param name="picture">Where its chips are drawn; null for nowhere.</param>
    internal void Build(int mostHeld, bool isTimed, KvmChipPicture? picture)
    {
        _drawn = picture?.Of(scan);
        _queue = new StepQueue(scan, Tally, mostHeld) { Drawn = _drawn };
        _drawn?.Start(_queue.Chips);
        _player = new VmPlayer(scan, _queue, isTimed);
        if (scan.IsWhole)
            Tally.Laws = new LawSet(_queue.Chips.Machine.Options, _queue.Chips.Machine.Fabric.Gsis, new StateArena());
    }

    /// <summary>Takes a record of one of its threads.</summary>
    internal void Take(KvmRecord record, Mark at, int vcpu, bool isForeign)
    {
        if (_player is null)
            return;
        KvmChips chips = _queue!.Chips;
        // The VMM loads the state of a machine that it resets: no record shows that state.
        if (Resets(record) && !chips.IsLoading)
        {
            Forget(at);
            chips.IsLoading = !record.HasRip;
        }
        else if (chips.IsLoading && Runs(record))
            Start(at);
        _player.Take(record, at, record.ThreadKey, vcpu, isForeign);
    }

    /// <summary>Takes a record of a thread of the kernel, which works for any VM.</summary>
    internal void TakeForeign(KvmRecord record, Mark at) => _player?.Take(record, at, record.ThreadKey, KvmRecord.Untold, isForeign: true);

    private bool Resets(KvmRecord record)
    {
        if (record is { Event: KvmEvent.TscOffset, Vcpu: 0 })
            return scan.ShowsResetByTsc;
        if (record is not { Event: KvmEvent.Entry, Vcpu: 0, HasRip: true })
            return false;
        bool again = record.IsAtResetVector && _hasLeft;
        _hasLeft = !record.IsAtResetVector;
        return again;
    }

    /// <summary>Only a guest that runs makes these records.</summary>
    private static bool Runs(KvmRecord record) => record.Event is KvmEvent.Entry or KvmEvent.Exit or KvmEvent.UserspaceExit or KvmEvent.Pio or KvmEvent.Mmio or KvmEvent.Apic
        or KvmEvent.Eoi or KvmEvent.Msr or KvmEvent.InjectIrq or KvmEvent.AckIrq;

    /// <summary>The guest begins to run: the VMM has loaded the state that it begins with.</summary>
    private void Start(Mark at)
    {
        Cut();
        if (!_hasRun && scan.FromStart && !_queue!.HasParted)
            _queue.Chips.Started();
        else
            ForgetState(at);
        (_hasRun, _queue!.Chips.IsLoading) = (true, false);
    }

    /// <summary>Records are missing, or the VMM loads a state.</summary>
    /// <param name="at">Where.</param>
    internal void Forget(Mark at)
    {
        Cut();
        ForgetState(at);
    }

    private void ForgetState(Mark at)
    {
        if (_queue is not null)
        {
            _queue.Chips.Forget();
            _drawn?.Forgot(at, _queue.Chips);
        }
        Tally.Laws = null;
    }

    /// <summary>What threads had begun is not told further.</summary>
    internal void Cut() => _player?.Cut();
}
