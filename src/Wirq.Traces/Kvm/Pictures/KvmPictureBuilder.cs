using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

/// <summary>Draws the records of a log of KVM.</summary>
/// <remarks>What is so at each moment, the trails of the judge know. The builder asks them after each record about what the record is about,
/// and notes what changed. So the picture shows what the answers say. Where records are missing, a state that was so before is drawn as not
/// known until a record tells it again.</remarks>
internal sealed partial class KvmPictureBuilder : IKvmWatcher
{
    private readonly KvmSurvey _survey;
    private readonly Canvas _canvas;
    private readonly Func<LaneKey, Lane> _made;
    // How many gaps the log had when a record last told of a lane, and where one first did.
    private readonly Dictionary<int, int> _told = [];
    private readonly Dictionary<int, (VmTrail Vm, Mark At)> _begun = [];
    // Lanes that were drawn in since the last gap.
    private readonly HashSet<int> _fresh = [];
    private int _epoch;
    private bool _drawn;

    /// <summary>Starts.</summary>
    /// <param name="survey">The first look at the log.</param>
    /// <param name="options">Which part is drawn; null for the end of the log.</param>
    internal KvmPictureBuilder(KvmSurvey survey, PictureOptions? options = null)
    {
        _survey = survey;
        _canvas = new Canvas(options);
        _made = key => new Lane(key, NameOf(key), HasVm(key) ? $"{survey.Vms[key.Vm].Name}" : "");
    }

    /// <summary>The time of the first record, in nanoseconds; 0 without times.</summary>
    internal long FirstStamp => Math.Max(0, _survey.First);

    /// <summary>What is drawn.</summary>
    internal Canvas Canvas => _canvas;

    /// <summary>Makes a lane of its key.</summary>
    internal Func<LaneKey, Lane> Made => _made;

    private Strips Strips => _canvas.Strips;
    private Mark Now => _canvas.Now;

    private bool HasVm(LaneKey key) => _survey.Vms.Count > 1 && key.Group is not (LaneGroup.Machine or LaneGroup.OtherVm);

    /// <inheritdoc/>
    public void Took(KvmRecord record, Mark at, VmTrail? vm, ThreadContext? context, int epoch)
    {
        _epoch = epoch;
        if (!GoTo(at))
            return;
        if (record.Event == KvmEvent.Lost)
            Lost(record);
        else if (vm is null)
            OfNoVm(record);
        else
        {
            Follow(record, vm, context!);
            AskGates(record, vm);
        }
    }

    private bool GoTo(Mark at)
    {
        if (Now != at)
            _drawn = _canvas.Move(at, FirstStamp, isSetUp: false);
        return _drawn;
    }

    private void Follow(KvmRecord record, VmTrail vm, ThreadContext context)
    {
        switch (record.Event)
        {
            case KvmEvent.PicSetIrq or KvmEvent.IoApicSetIrq:
                Driven(record, vm, context);
                break;
            case KvmEvent.AckIrq:
                Acknowledged(record, vm, context);
                break;
            case KvmEvent.DelayedEoi:
                Braked(vm.PinBraked(record, context), vm);
                break;
            case KvmEvent.Mmio when vm.PinWritten(record) is { } pin:
                Written(record, vm, pin);
                break;
            case KvmEvent.Pio when record.Write:
                LookAtIrqs(vm);
                break;
            case KvmEvent.ApicIpi:
                Note(LaneOf(KeyOf(context.Ipi, isIpi: true, context.Vcpu), vm), InstantKind.Sent, record);
                break;
            case KvmEvent.AcceptIrq:
                Signalled(record, vm);
                LookAtPins(vm);
                break;
            case KvmEvent.InjectIrq when !record.Soft:
                Injected(record, vm, vm.HasVcpu(context.Vcpu) ? vm.VcpuAt(context.Vcpu) : null, record.Vector);
                break;
            case KvmEvent.Entry when vm.HasVcpu(record.Vcpu):
                Entered(record, vm, vm.VcpuAt(record.Vcpu)!);
                break;
            case KvmEvent.Eoi or KvmEvent.PvEoi when record.Vector >= 0 && vm.HasVcpu(record.Vcpu):
                Ended(record, vm, vm.VcpuAt(record.Vcpu)!, context);
                break;
            case KvmEvent.ApicvAcceptIrq when record.Vector >= 0 && vm.HasVcpu(record.Vcpu):
                Note(LookAtVector(vm, vm.VcpuAt(record.Vcpu)!, record.Vector), InstantKind.Sent, record);
                break;
        }
    }

    /// <summary>Records are missing: what was so until here may have ended since.</summary>
    private void Lost(KvmRecord record)
    {
        string count = record.LostCount > 0 ? $"{record.LostCount} records are missing" : record.Loss == KvmLoss.WentBack ? "times go back" : "records are missing";
        _canvas.Strips.Add(new Instant(_canvas.LaneOf(LaneKey.Machine, _made), InstantKind.RecordsLost, Now, default, count));
        int[] fresh = [.. _fresh];
        _fresh.Clear();
        foreach (int lane in fresh)
            LookAgain(_begun[lane].Vm, _canvas.KeyOf(lane));
        SetGates();
    }

    private void LookAgain(VmTrail vm, LaneKey key)
    {
        switch (key.Group)
        {
            case LaneGroup.Device:
                LookAtSource(_canvas.Find(key));
                break;
            case LaneGroup.Line:
                LookAtLine(vm, key.Index);
                break;
            case LaneGroup.Pic:
                LookAtIrq(vm, vm.Pic.Inputs[key.Index]);
                break;
            case LaneGroup.IoApic:
                LookAtPin(vm, vm.Pins[key.Index]);
                break;
            case LaneGroup.Cpu when key.Index >= 0:
                LookAtVector(vm, vm.VcpuAt(key.Unit)!, key.Index);
                break;
        }
    }

    /// <summary>A thread of the kernel did it for some VM, and which one is not told.</summary>
    private void OfNoVm(KvmRecord record)
    {
        LaneKey? key = record.Event switch
        {
            KvmEvent.AcceptIrq when record.Vcpu >= 0 => new(LaneGroup.OtherVm, 0, record.Vcpu),
            KvmEvent.IoApicSetIrq when record.Pin >= 0 => new(LaneGroup.OtherVm, 1, record.Pin),
            KvmEvent.PicSetIrq when record.IsOfPic => new(LaneGroup.OtherVm, 2, record.Irq),
            KvmEvent.MsiSetIrq => new(LaneGroup.OtherVm, 3, 0),
            _ => null,
        };
        if (key is { } lane)
            Note(_canvas.LaneOf(lane, _made), InstantKind.OtherVm, record);
    }

    private void Note(int lane, InstantKind kind, KvmRecord record, Mark? at = null)
    {
        if (Strips.Keeps && lane >= 0)
            Strips.Add(new Instant(lane, kind, at ?? Now, default, RecordText.Of(record)));
    }

    /// <summary>The lane of a VM, which begins if there is none; -1 if there are too many.</summary>
    private int LaneOf(LaneKey key, VmTrail vm)
    {
        int lane = _canvas.LaneOf(key with { Vm = vm.Vm.Number }, _made);
        if (lane < 0)
            return lane;
        _begun.TryAdd(lane, (vm, Now));
        _fresh.Add(lane);
        return lane;
    }

    private int Find(LaneKey key, VmTrail vm) => _canvas.Find(key with { Vm = vm.Vm.Number });

    /// <summary>A record tells what is so in a lane.</summary>
    private int Tell(int lane)
    {
        if (lane >= 0)
            _told[lane] = _epoch;
        return lane;
    }

    private bool IsTold(int lane) => lane >= 0 && _told.GetValueOrDefault(lane, -1) == _epoch;

    private static string NameOf(LaneKey key) => key.Group switch
    {
        LaneGroup.Machine => "log",
        LaneGroup.Device => $"{SourceWord(key.Unit)} (gsi:{key.Index})",
        LaneGroup.Line => SourceName.Gsi(key.Index).ToString(),
        LaneGroup.Pic => SourceName.Irq(key.Index).ToString(),
        LaneGroup.IoApic => SourceName.Pin(0, key.Index).ToString(),
        LaneGroup.Sender => SentText.NameOf(key.Sender),
        LaneGroup.OtherVm => key.Unit switch
        {
            0 => $"accepted by a cpu{key.Index}",
            1 => SourceName.Pin(0, key.Index).ToString(),
            2 => SourceName.Irq(key.Index).ToString(),
            _ => "messages",
        },
        _ => key.Index < 0 ? $"cpu{key.Unit}" : $"cpu{key.Unit} 0x{key.Index:x2}",
    };

    /// <summary>The source of a line (KVM_USERSPACE_IRQ_SOURCE_ID and the like).</summary>
    private static string SourceWord(int source) => source switch
    {
        0 => "VMM or irqfd",
        1 => "resample irqfd",
        2 => "PIT",
        _ => $"source {source}",
    };
}
