using Wirq.Traces.Kvm.Judging;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>What a first look at a log tells of one VM, before anything of it is replayed.</summary>
/// <param name="survey">The first look at the log.</param>
/// <param name="vm">The VM.</param>
internal sealed class VmScan(KvmSurvey survey, KvmVm vm)
{
    private readonly Dictionary<int, int> _cpuOf = [];
    private readonly SortedSet<int> _vcpus = [];
    private readonly ulong[] _toPic = new ulong[2], _toIoApic = new ulong[2];
    private readonly long[] _raises = new long[KvmMachine.PicLines], _acks = new long[KvmMachine.PicLines];
    private readonly Dictionary<int, int[]> _balances = [];
    private long _injections;
    private bool _sawRip;
    private bool _ended, _endsAlone;
    private bool _created, _acted, _hasChips, _hasTimerAtCascade;

    /// <summary>Its vCPUs, by their ids.</summary>
    internal IReadOnlyList<uint> Ids { get; private set; } = [];
    internal KvmVm Vm => vm;

    /// <summary>The log shows the VM from its creation: no restored one begins at its reset vector, or initialises its 8259 before anything comes.</summary>
    internal bool FromStart { get; private set; }
    /// <summary>KVM has local APICs only, and the VMM the rest.</summary>
    internal bool IsSplit => !_hasChips;
    /// <summary>No other VM is in the log.</summary>
    internal bool IsAlone => survey.Vms.Count == 1;
    internal bool SawLevelAccept { get; private set; }
    internal bool SawPosted { get; private set; }
    internal bool TooMany { get; private set; }

    internal bool EndsAtInjection => survey.EndsAtInjection;
    /// <summary>Records show when a vCPU takes a vector.</summary>
    /// <remarks>With APICv and AVIC, only those of the 8259 are injected by KVM; and a Hyper-V guest may let vectors end by themselves.</remarks>
    internal bool ShowsTaking => survey.EndsAtInjection || !SawPosted && !_endsAlone && (_injections > 0 || !_ended);
    /// <summary>Records show when a vCPU runs INTA.</summary>
    internal bool ShowsInta => survey.Counts[KvmEvent.InjectIrq] > 0;
    /// <summary>What came before a record is all in the log.</summary>
    internal bool IsWhole => FromStart && survey.GapCount == 0;

    /// <summary>Whether a TSC that the VMM sets is what shows a reset: entries show the reset vector, and a host whose TSC is not stable sets it at
    /// each entry.</summary>
    internal bool ShowsResetByTsc => !_sawRip;

    internal bool Saw(KvmEvent happened) => survey.Counts[happened] > 0;

    internal int CpuOf(int vcpu) => _cpuOf.GetValueOrDefault(vcpu, -1);

    /// <summary>Whether the line of a GSI leads to a chip, as other records of it show.</summary>
    internal bool LeadsToPic(int gsi) => Has(_toPic, gsi);
    internal bool LeadsToIoApic(int gsi) => Has(_toIoApic, gsi);

    /// <summary>Whether records show where an input's interrupts come from: a log may lack a thread, as that of the PIT.</summary>
    internal bool IsFed(int irq) => _acks[irq] == 0 || RaisesOf(irq) is > 0 and var raises && _acks[irq] <= raises + 1;

    /// <summary>The input of the 8259 pair to which a GSI leads.</summary>
    internal int IrqOfGsi(int gsi) => _hasTimerAtCascade && gsi == GsiMap.CascadeIrq ? 0 : gsi;

    private long RaisesOf(int irq) => _raises[irq] + (_hasTimerAtCascade && irq == 0 ? _raises[GsiMap.CascadeIrq] : 0);

    /// <summary>The same of a vector of a vCPU: it is accepted as often as it is ended.</summary>
    internal bool IsFed(int vcpu, int vector) => !_balances.TryGetValue(vcpu, out int[]? balance) || balance[vector] >= 0;

    private void Balance(int vcpu, int vector, int by)
    {
        if (vector is < 0 or > 255 || vcpu < 0)
            return;
        if (_balances.TryGetValue(vcpu, out int[]? balance))
            balance[vector] += by;
        else if (_balances.Count < KvmReplayer.MostVcpusOfVm)
            (_balances[vcpu] = new int[256])[vector] = by;
    }

    private static bool Has(ulong[] gsis, int gsi) => gsi is >= 0 and < 128 && (gsis[gsi >> 6] >> (gsi & 63) & 1) != 0;

    private static void Add(ulong[] gsis, int gsi)
    {
        if (gsi is >= 0 and < 128)
            gsis[gsi >> 6] |= 1UL << (gsi & 63);
    }

    /// <summary>Takes a record of one of its threads.</summary>
    /// <param name="record">The record.</param>
    /// <param name="vcpu">The vCPU that the thread runs; negative for none.</param>
    /// <param name="gsi">The line that the thread drives; negative for none.</param>
    internal void Take(KvmRecord record, int vcpu, int gsi)
    {
        if (record.Vcpu >= 0 && record.Event is KvmEvent.AcceptIrq or KvmEvent.Eoi or KvmEvent.Entry or KvmEvent.Exit or KvmEvent.TscOffset or KvmEvent.ApicvAcceptIrq)
        {
            if (_vcpus.Count < KvmReplayer.MostVcpusOfVm)
                _vcpus.Add(record.Vcpu);
            else
                TooMany |= !_vcpus.Contains(record.Vcpu);
        }
        switch (record.Event)
        {
            case KvmEvent.PicSetIrq:
                _hasChips = true;
                if (record.IsOfPic && VmTrail.MayLeadToIrq(gsi, record.Irq))
                {
                    Add(_toPic, gsi);
                    _hasTimerAtCascade |= gsi != record.Irq;
                }
                break;
            case KvmEvent.IoApicSetIrq:
                _hasChips = true;
                Add(_toIoApic, gsi);
                break;
            case KvmEvent.AckIrq:
                _hasChips = true;
                if (record.AcknowledgedIrq is >= 0 and var acknowledged)
                    _acks[acknowledged]++;
                break;
            case KvmEvent.SetIrq when record is { Level: true, Gsi: >= 0 and < KvmMachine.PicLines }:
                _raises[record.Gsi]++;
                break;
            case KvmEvent.Eoi:
                _ended |= record.Vector >= 0;
                Balance(record.Vcpu, record.Vector, -1);
                break;
            case KvmEvent.InjectIrq when vcpu >= 0 && record.Vector is >= 0 and < 256 && _balances.TryGetValue(vcpu, out int[]? accepted) && accepted[record.Vector] > 0:
                _injections++;
                break;
            case KvmEvent.AcceptIrq:
                SawLevelAccept |= record.LevelTrigger;
                Balance(record.Vcpu, record.Vector, 1);
                break;
            case KvmEvent.ApicvAcceptIrq:
                SawPosted = true;
                break;
        }
        _sawRip |= record.HasRip;
        Beginning(record);
    }

    private void Beginning(KvmRecord record)
    {
        if (_acted)
            return;
        _created |= VmTrail.IsCreation(record);
        if (record.Event is KvmEvent.Entry or KvmEvent.Exit)
            FromStart = record is { IsAtResetVector: true, Vcpu: 0 };
        else if (record.Event == KvmEvent.Pio && _created && record is { Write: true, Address: PicPair.MasterCommand } && Icw1.Is((byte)record.Value))
            FromStart = true;
        _acted = FromStart || record is { Event: KvmEvent.AcceptIrq, Vector: >= 0x10 } or { Event: KvmEvent.Eoi, Vector: >= 0 }
            || record.Event is KvmEvent.AckIrq or KvmEvent.InjectIrq or KvmEvent.Entry or KvmEvent.Exit or KvmEvent.Lost;
    }

    internal void Lost() => _acted = true;

    /// <summary>All records were taken.</summary>
    internal void Finish()
    {
        _endsAlone = survey.Counts.All.Any(static one => one.Name is "kvm_hv_synic_send_eoi" or "kvm_hv_synic_set_irq");
        foreach (KvmThread thread in vm.Threads)
        {
            if (thread.Vcpu >= 0 && _vcpus.Count < KvmReplayer.MostVcpusOfVm)
                _vcpus.Add(thread.Vcpu);
        }
        if (_vcpus.Count == 0)
            _vcpus.Add(0);
        Ids = [.. _vcpus.Select(id => (uint)id)];
        foreach (int id in _vcpus)
            _cpuOf[id] = _cpuOf.Count;
    }
}
