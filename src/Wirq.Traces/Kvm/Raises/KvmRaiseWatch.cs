using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Raises;

/// <summary>Follows the raises of one source, and keeps the last one at or before a place, for each VM.</summary>
internal sealed class KvmRaiseWatch(KvmPlaced asked, KvmSurvey survey) : IKvmWatcher
{
    /// <summary>What is kept of one source in one VM: the raise in question, and what came after it.</summary>
    private sealed class Kept
    {
        internal KvmRaise? Raise;
        internal KvmRaise? Newest;
        internal long Later;
        internal Mark FirstLater;
    }

    // By VM; in each by source: of a vector, one for each vCPU.
    private readonly Dictionary<int, Dictionary<(SourceClass Class, int Index), Kept>> _kept = [];
    private readonly long _first = Math.Max(0, survey.First);
    private Mark _start, _end;

    /// <summary>The log has nothing so early, or nothing so late.</summary>
    internal string? Missed => _start.IsStart ? null
        : asked.At.IsBefore(_start, _first) ? $"that is before its first record; expected a place from {Range}"
        : asked.At.IsAfter(_end, _first) ? $"that is behind its last record; expected a place from {Range}" : null;

    private IEnumerable<Kept> All => _kept.Values.SelectMany(vm => vm.Values);

    private string Range => $"{survey.Stamps.At(_start)} to {survey.Stamps.At(_end)}";

    /// <summary>The raises in question.</summary>
    internal IEnumerable<(KvmRaise Raise, long Later)> Raises => All.Where(kept => kept.Raise is not null).Select(kept => (kept.Raise!, kept.Later))
        .OrderBy(pair => pair.Item1.At.Event);

    /// <summary>Where the first raise of it came, if all came after the place.</summary>
    internal Mark? FirstLater => All.Where(kept => kept.Later > 0).OrderBy(kept => kept.FirstLater.Event).Select(kept => (Mark?)kept.FirstLater).FirstOrDefault();

    /// <inheritdoc/>
    public void Took(KvmRecord record, Mark at, VmTrail? vm, ThreadContext? context, int epoch)
    {
        (_start, _end) = (_start.IsStart ? at : _start, at);
        if (record.Event == KvmEvent.Lost)
        {
            foreach (Kept kept in All)
            {
                if (kept.Raise is { IsOver: false } open)
                    open.Gap = at;
                kept.Newest = null;
            }
        }
        else if (vm is not null)
            Follow(record, at, vm, context!);
    }

    private void Follow(KvmRecord record, Mark at, VmTrail vm, ThreadContext context)
    {
        switch (record.Event)
        {
            case KvmEvent.IoApicSetIrq when VmTrail.IsPin(record.Pin) && asked.IsPin(record.Pin) && context.HasLine && VmTrail.PinOfGsi(context.Gsi) == record.Pin:
                Driven(vm, vm.Pins[record.Pin], context);
                break;
            case KvmEvent.PicSetIrq when record.IsOfPic && context.HasLine && VmTrail.MayLeadToIrq(context.Gsi, record.Irq) && asked.IsIrq(record.Irq):
                Driven(vm, vm.Pic.Inputs[record.Irq], context);
                break;
            case KvmEvent.MsiSetIrq when context.HasLine && IsAsked(Sender.OfGsi(context.Gsi)):
                // Each rise of a line that a split irqchip has, or that is routed to a message, is a message.
                Raised(vm, Key(Sender.OfGsi(context.Gsi)), Sender.OfGsi(context.Gsi).Words!, "rose", context.LineAt).Lost = context.Message;
                break;
            case KvmEvent.AckIrq:
                Acknowledged(record, at, vm);
                break;
            case KvmEvent.InjectIrq or KvmEvent.Entry:
                Taken(at, vm, record.Event == KvmEvent.Entry ? record.Vcpu : context.Vcpu);
                break;
            case KvmEvent.Eoi or KvmEvent.PvEoi when record.Vector >= 0:
                Ended(record, at, vm);
                break;
        }
        if (record.Event is KvmEvent.AcceptIrq or KvmEvent.Entry or KvmEvent.Exit)
            Dropped(at, vm, record.Vcpu);
    }

    /// <inheritdoc/>
    public void Accepted(VmTrail vm, VcpuTrail vcpu, Accepted accepted, ThreadContext context, AcceptOutcome outcome)
    {
        var delivery = new KvmDelivery(vcpu, accepted, outcome);
        bool isMessage = context.Message.Is && context.Message.Vector == accepted.Vector;
        Mark cause = isMessage ? context.Message.At : context.Ipi.Is ? context.Ipi.At : context.Delivers ? context.LineAt : accepted.At;
        if (asked.IsVector(accepted.Vector, vcpu.Index))
            Raised(vm, (SourceClass.Vector, vcpu.Index), $"vector 0x{accepted.Vector:x2} at vCPU {vcpu.Index}", "was accepted", accepted.At).Add(delivery, cause);
        else if (isMessage && asked.IsMessage(context.Message))
            Raised(vm, (SourceClass.Message, 0), asked.Source, "was sent", context.Message.At).Add(delivery, cause);
        else if (IsAsked(accepted.From))
        {
            // What comes again without its line's change is the last raise that is delivered again.
            var key = Key(accepted.From);
            KvmRaise raise = context.Delivers ? Raised(vm, key, accepted.From.Words!, "rose", context.LineAt)
                : Newest(vm, key) ?? Raised(vm, key, accepted.From.Words!, "was found high", accepted.At);
            raise.Lost = null;
            raise.Add(delivery, cause);
        }
    }

    /// <inheritdoc/>
    public void Unaccepted(VmTrail vm, in OpenMessage message, bool isIpi, int sender)
    {
        if (asked.IsVector(message.Vector, asked.Vcpu < 0 ? KvmRecord.Untold : -2))
            Raised(vm, (SourceClass.Vector, KvmRecord.Untold), $"vector 0x{message.Vector:x2}", "was sent", message.At).Lost = message;
        else if (!isIpi && asked.IsMessage(message))
            Raised(vm, (SourceClass.Message, 0), asked.Source, "was sent", message.At).Lost = message;
    }

    private static (SourceClass, int) Key(Sender sender) => (sender.Kind == SenderKind.Pin ? SourceClass.Pin : SourceClass.Line, sender.Number);

    private bool IsAsked(Sender sender) => sender.Kind switch
    {
        SenderKind.Pin => asked.IsPin(sender.Number),
        SenderKind.Line => asked.IsLine(sender.Number),
        _ => false,
    };

    private void Driven(VmTrail vm, PinState pin, ThreadContext context)
    {
        if (pin.Raised == context.LineAt)
        {
            KvmRaise raise = Raised(vm, (SourceClass.Pin, pin.Pin), pin.Name, "rose", context.LineAt, pin.Masked, pin.MaskSince);
            raise.EdgeLost |= pin.LostEdge == context.LineAt;
        }
        else if (!pin.High && Newest(vm, (SourceClass.Pin, pin.Pin)) is { Fell: null } high)
            high.Fell = context.LineAt;
    }

    private void Driven(VmTrail vm, PicInput input, ThreadContext context)
    {
        if (context.Level && input.Last == context.LineAt)
            Raised(vm, (SourceClass.Irq, input.Irq), input.Name, "rose", context.LineAt, input.Masked == true, input.MaskSince);
        else if (!input.Line && Newest(vm, (SourceClass.Irq, input.Irq)) is { Fell: null } high)
            high.Fell = context.LineAt;
    }

    private void Acknowledged(KvmRecord record, Mark at, VmTrail vm)
    {
        bool isPin = record.Chip == KvmFields.IoApicChip;
        int irq = record.AcknowledgedIrq;
        if (isPin && asked.IsPin(record.Pin) && Newest(vm, (SourceClass.Pin, record.Pin)) is { Attempts: > 0 } raise)
            raise.Acknowledged = at;
        else if (irq >= 0 && asked.IsIrq(irq) && Newest(vm, (SourceClass.Irq, irq)) is { Ended: null } request)
            request.Ended = at;
    }

    private void Taken(Mark at, VmTrail vm, int vcpu)
    {
        foreach (KvmRaise raise in Open(vm, vcpu))
        {
            foreach (KvmDelivery one in raise.Last.Where(one => one.IsOpen && one.Injected is null))
            {
                if (one.Vcpu.InService.TryGetValue(one.Accepted.Vector, out (Mark At, int Epoch) served) && served.At == at)
                    one.Injected = at;
            }
            if (raise.Injected is null && vm.Pic.Inputs.FirstOrDefault(input => input.Name == raise.Source)?.InService == at)
                raise.Injected = at;
        }
    }

    /// <summary>An EOI ends what was taken. Where no injection is told, it ends what was accepted.</summary>
    private void Ended(KvmRecord record, Mark at, VmTrail vm)
    {
        foreach (KvmRaise raise in Open(vm, record.Vcpu))
        {
            foreach (KvmDelivery one in raise.Last.Where(one => one.IsOpen && one.Vcpu.Index == record.Vcpu && one.Accepted.Vector == record.Vector))
            {
                // One that came while another was in service is pending yet.
                if (one.Injected is not null || !one.Vcpu.Pending.ContainsKey(record.Vector))
                    one.Ended = at;
            }
        }
    }

    /// <summary>INIT or a reset of the vCPU takes what was pending or in service.</summary>
    private void Dropped(Mark at, VmTrail vm, int vcpu)
    {
        foreach (KvmRaise raise in Open(vm, vcpu))
        {
            foreach (KvmDelivery one in raise.Last.Where(one => one.IsOpen && one.Accepted.At != at
                && !one.Vcpu.Pending.ContainsKey(one.Accepted.Vector) && !one.Vcpu.InService.ContainsKey(one.Accepted.Vector)))
                one.Dropped = at;
        }
    }

    /// <summary>The raises in question that a record of a vCPU may tell more of.</summary>
    private IEnumerable<KvmRaise> Open(VmTrail vm, int vcpu)
    {
        if (!_kept.TryGetValue(vm.Vm.Number, out var own))
            return [];
        IEnumerable<Kept> kept = asked.Name.Class != SourceClass.Vector ? own.Values : own.TryGetValue((SourceClass.Vector, vcpu), out Kept? one) ? [one] : [];
        return kept.Select(one => one.Raise).OfType<KvmRaise>().Where(raise => raise.Gap is null);
    }

    private KvmRaise? Newest(VmTrail vm, (SourceClass, int) key) => _kept.GetValueOrDefault(vm.Vm.Number)?.GetValueOrDefault(key)?.Newest;

    /// <summary>The raise of a source at a place; a new one if there is none.</summary>
    private KvmRaise Raised(VmTrail vm, (SourceClass, int) key, string source, string verb, Mark at, bool masked = false, Mark? maskSince = null)
    {
        if (!_kept.TryGetValue(vm.Vm.Number, out var own))
            _kept[vm.Vm.Number] = own = [];
        if (!own.TryGetValue(key, out Kept? kept))
            own[key] = kept = new Kept();
        if (kept.Newest is { } known && known.At == at)
            return known;
        kept.Newest = new KvmRaise(source, vm, verb, at) { WasMasked = masked, MaskSince = masked ? maskSince : null };
        if (!asked.At.IsBefore(at, _first))
            kept.Raise = kept.Newest;
        else if (kept.Later++ == 0)
            kept.FirstLater = at;
        return kept.Newest;
    }
}
