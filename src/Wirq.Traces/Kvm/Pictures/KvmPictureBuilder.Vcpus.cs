using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

// What vCPUs accept, take and end, and what messages bring it.
internal sealed partial class KvmPictureBuilder
{
    /// <inheritdoc/>
    public void Accepted(VmTrail vm, VcpuTrail vcpu, Accepted accepted, ThreadContext context, AcceptOutcome outcome)
    {
        _epoch = accepted.Epoch;
        if (!GoTo(accepted.At))
            return;
        int lane = LookAtVector(vm, vcpu, accepted.Vector);
        string words = $"{KvmNames.NameOf(KvmEvent.AcceptIrq)}: vCPU {vcpu.Index} vec {accepted.Vector}{(accepted.Source is { } source ? $", of {source}" : "")}";
        if (outcome is AcceptOutcome.Merged or AcceptOutcome.Refused)
            Strips.Add(new Instant(lane, outcome == AcceptOutcome.Merged ? InstantKind.Merged : InstantKind.Refused, Now, default, words));
        _canvas.Arrive(ArrowKind.Deliver, CauseOf(vm, accepted, context), lane);
    }

    /// <inheritdoc/>
    public void Unaccepted(VmTrail vm, in OpenMessage message, bool isIpi, int sender)
    {
        if (!_drawn || !Strips.Keeps)
            return;
        int lane = LaneOf(KeyOf(message, isIpi, sender), vm);
        string what = $"{KvmNames.NameOf(isIpi ? KvmEvent.ApicIpi : KvmEvent.MsiSetIrq)}: dst {message.Destination:x} vec {message.Vector}; no accept line follows";
        Strips.Add(new Instant(lane, vm.IsToNobody(message) ? InstantKind.Refused : InstantKind.NotKnown, message.At, default, what));
    }

    /// <summary>Where what was accepted came from: a message or an IPI that its thread sent before, a line that it drove, a pin that it served.</summary>
    private (int Lane, Mark At) CauseOf(VmTrail vm, Accepted accepted, ThreadContext context)
    {
        if (context.Message.Is && context.Message.Vector == accepted.Vector)
            return (Sent(vm, context), context.Message.At);
        switch (accepted.From.Kind)
        {
            case SenderKind.Ipi:
                return (LaneOf(KeyOf(context.Ipi, isIpi: true, context.Vcpu), vm), context.Ipi.At);
            case SenderKind.Pin:
                int pin = LaneOf(LaneKey.Pin(0, accepted.From.Number), vm);
                // Without its line, it was found high.
                if (!context.Delivers)
                    Tell(pin);
                return (pin, context.Delivers ? context.LineAt : context.Served >= 0 && _served.TryGetValue(pin, out Mark served) ? served : Now);
            case SenderKind.Line:
                return (LaneOf(LaneKey.Line(accepted.From.Number), vm), context.LineAt);
            case SenderKind.Timer:
                int timer = LaneOf(LaneKey.Of(SourceName.Local(accepted.From.Number, LocalVector.Timer)), vm);
                Strips.Add(new Instant(timer, InstantKind.Sent, Now, default, "expired; the accept line shows it"));
                return (timer, Now);
            default:
                return default;
        }
    }

    /// <summary>A message was a message, and no route that was looked at: something accepted it.</summary>
    private int Sent(VmTrail vm, ThreadContext context)
    {
        int lane = LaneOf(KeyOf(context.Message, isIpi: false, context.Vcpu), vm);
        if (context.Message.Accepts > 1)
            return lane;
        string what = $"{KvmNames.NameOf(KvmEvent.MsiSetIrq)}: dst {context.Message.Destination:x} vec {context.Message.Vector}";
        Strips.Add(new Instant(lane, InstantKind.Sent, context.Message.At, default, what));
        if (!context.HasLine)
            return lane;
        // Of a split irqchip, and of a route to a message, each rise is a message, and no fall is told.
        int line = LaneOf(LaneKey.Line(context.Gsi), vm);
        Strips.Add(new Instant(line, InstantKind.Sent, context.LineAt, default, $"{KvmNames.NameOf(KvmEvent.SetIrq)}: gsi {context.Gsi} level 1 source {context.Source}"));
        Strips.Add(new Arrow(ArrowKind.Drive, line, context.LineAt, lane, context.Message.At));
        return lane;
    }

    private static LaneKey KeyOf(in OpenMessage message, bool isIpi, int sender) => LaneKey.Of(isIpi ? SentText.OfIpi(message, sender) : SentText.Of(message));

    private void Signalled(KvmRecord record, VmTrail vm)
    {
        if (record.Mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority || !vm.HasVcpu(record.Vcpu))
            return;
        bool isInit = record.Mode == DeliveryMode.Init;
        // The level de-assert of INIT does nothing.
        if (isInit && record.LevelTrigger)
            return;
        int lane = LaneOf(LaneKey.Cpu(record.Vcpu), vm);
        Note(lane, isInit ? InstantKind.Reset : InstantKind.Signalled, record);
        if (isInit)
            LookAtCpu(vm, vm.VcpuAt(record.Vcpu)!);
    }

    private void Entered(KvmRecord record, VmTrail vm, VcpuTrail vcpu)
    {
        const uint valid = 1u << 31;
        if (record.IsAtResetVector)
            LookAtCpu(vm, vcpu);
        else if ((record.InterruptInfo & valid) != 0 && Find(LaneKey.Vector(vcpu.Index, (int)(record.InterruptInfo & 0xFF)), vm) >= 0)
            LookAtVector(vm, vcpu, (int)(record.InterruptInfo & 0xFF));
    }

    private void Injected(KvmRecord record, VmTrail vm, VcpuTrail? vcpu, int vector)
    {
        if (vcpu is null || vector is < 0 or > 255)
            return;
        int lane = LookAtVector(vm, vcpu, vector);
        if (Strips.Since(lane, SpanKind.InService) is not null || record.Reinjected && !vm.Vm.HasNoChips)
            return;
        // No local APIC has it in service: the 8259 gave it, or its accept line stands behind.
        Note(lane, InstantKind.Taken, record);
        foreach (PicInput input in vm.Pic.Inputs)
        {
            int irq = Find(LaneKey.Irq(input.Irq), vm);
            if (irq < 0 || input.InService != Now)
                continue;
            Tell(irq);
            LookAtIrq(vm, input);
            _canvas.Arrive(ArrowKind.Give, (irq, Now), lane);
        }
    }

    private void Ended(KvmRecord record, VmTrail vm, VcpuTrail vcpu, ThreadContext context)
    {
        if (record.Vector > 255)
            return;
        int lane = LaneOf(LaneKey.Vector(vcpu.Index, record.Vector), vm);
        bool served = Strips.Since(lane, SpanKind.InService) is not null;
        LookAtVector(vm, vcpu, record.Vector);
        // A host that ends an interrupt as it injects it shows here that it was taken.
        if (!served)
            Note(lane, _survey.EndsAtInjection ? InstantKind.Taken : InstantKind.Ended, record);
        if (_ended.Count < MostEnded || _ended.ContainsKey(context))
            _ended[context] = (lane, Now);
        LookAtPins(vm);
    }

    private int LookAtVector(VmTrail vm, VcpuTrail vcpu, int vector)
    {
        int lane = LaneOf(LaneKey.Vector(vcpu.Index, vector), vm);
        bool isPending = vcpu.Pending.TryGetValue(vector, out Accepted? pending), isServed = vcpu.InService.TryGetValue(vector, out (Mark At, int Epoch) served);
        bool knowsPending = isPending && pending!.Epoch == _epoch && !pending.Foreign, knowsServed = isServed && served.Epoch == _epoch;
        Strips.Set(lane, SpanKind.Requested, knowsPending, Now, vector);
        Strips.Set(lane, SpanKind.InService, knowsServed, Now, vector);
        Strips.Set(lane, SpanKind.NotKnown, isPending && !knowsPending || isServed && !knowsServed, Now);
        AskGate(lane);
        return lane;
    }

    private void LookAtCpu(VmTrail vm, VcpuTrail vcpu)
    {
        for (int vector = 0; vector <= byte.MaxValue; vector++)
        {
            if (Find(LaneKey.Vector(vcpu.Index, vector), vm) >= 0)
                LookAtVector(vm, vcpu, vector);
        }
    }
}
