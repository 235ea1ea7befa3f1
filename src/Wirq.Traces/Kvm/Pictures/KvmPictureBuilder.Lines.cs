using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

// Sources, lines, and pins of KVM's chips.
internal sealed partial class KvmPictureBuilder
{
    // The last EOI of each thread, whose pin hears of it next; and where a pin was served last, so that it may be delivered again.
    private const int MostEnded = 1 << 16;
    private readonly Dictionary<ThreadContext, (int Lane, Mark At)> _ended = [];
    private readonly Dictionary<int, Mark> _served = [];
    // Pins that a brake holds, and how many gaps the log had then.
    private readonly Dictionary<int, int> _braked = [];

    private static LaneKey SourceKey(int gsi, int source) => new(LaneGroup.Device, source, gsi);

    /// <summary>A chip's record of a line that its thread drove before.</summary>
    private void Driven(KvmRecord record, VmTrail vm, ThreadContext context)
    {
        bool isPic = record.Event == KvmEvent.PicSetIrq;
        int irq = record.Irq;
        if (isPic ? !record.IsOfPic : !VmTrail.IsPin(record.Pin))
            return;
        LaneKey chip = isPic ? LaneKey.Irq(irq) : LaneKey.Pin(0, record.Pin);
        bool isOfLine = context.HasLine && (isPic ? VmTrail.MayLeadToIrq(context.Gsi, irq) : VmTrail.PinOfGsi(context.Gsi) == record.Pin);
        // A VMM drives every line low once: that alone is no lane.
        if (Find(chip, vm) < 0 && (!isOfLine || !context.Level))
            return;
        int pin = Tell(LaneOf(chip, vm));
        if (isOfLine)
            DriveLine(vm, context, pin);
        if (isPic)
            LookAtIrq(vm, vm.Pic.Inputs[irq], isOfLine ? context.LineAt : null);
        else
        {
            LookAtPin(vm, vm.Pins[record.Pin], isOfLine ? context.LineAt : null);
            NoteFate(record, vm.Pins[record.Pin], context, pin);
        }
        if (isOfLine && Strips.Since(pin, SpanKind.Asserted) == context.LineAt)
            Strips.Add(new Arrow(ArrowKind.Drive, Find(LaneKey.Line(context.Gsi), vm), context.LineAt, pin, context.LineAt));
    }

    private void DriveLine(VmTrail vm, ThreadContext context, int pin)
    {
        int source = Tell(LaneOf(SourceKey(context.Gsi, context.Source), vm)), line = Tell(LaneOf(LaneKey.Line(context.Gsi), vm));
        Strips.Set(source, SpanKind.NotKnown, false, Now);
        bool raised = Set(source, SpanKind.Asserted, context.Level, context.LineAt) && context.Level;
        LookAtLine(vm, context.Gsi, context.LineAt);
        if (raised)
            Strips.Add(new Arrow(ArrowKind.Raise, source, context.LineAt, line, context.LineAt));
    }

    /// <summary>What the trail made of a rise that was not delivered.</summary>
    private void NoteFate(KvmRecord record, PinState pin, ThreadContext context, int lane)
    {
        // A VMM drives both ends of a line, and a guest uses one.
        if (!context.HasLine || !context.Level || !pin.Programmed)
            return;
        if (pin.LostEdge == context.LineAt)
            Note(lane, InstantKind.Lost, record);
        else if (pin.Nobody?.At == context.LineAt)
            Note(lane, InstantKind.Refused, record);
    }

    private void Acknowledged(KvmRecord record, VmTrail vm, ThreadContext context)
    {
        bool isPin = record.Chip == KvmFields.IoApicChip;
        int irq = record.AcknowledgedIrq;
        if (isPin ? !VmTrail.IsPin(record.Pin) : irq < 0)
            return;
        int lane = Find(isPin ? LaneKey.Pin(0, record.Pin) : LaneKey.Irq(irq), vm);
        if (!isPin)
        {
            Tell(LaneOf(LaneKey.Irq(irq), vm));
            LookAtIrq(vm, vm.Pic.Inputs[irq]);
            return;
        }
        if (lane < 0 && !vm.Pins[record.Pin].Programmed)
            return;
        bool waited = lane >= 0 && Strips.Since(lane, SpanKind.RemoteIrr) is not null;
        lane = LookAtPin(vm, vm.Pins[record.Pin]);
        if (lane >= 0)
            _served[lane] = Now;
        if (waited && _ended.Remove(context, out (int, Mark) ended))
            _canvas.Arrive(ArrowKind.End, ended, lane);
    }

    /// <summary>The brake holds the pin, until a delivery, a mask or its line ends that.</summary>
    private void Braked(PinState? pin, VmTrail vm)
    {
        if (pin is null || LaneOf(LaneKey.Pin(0, pin.Pin), vm) is not (>= 0 and var lane))
            return;
        _braked[lane] = _epoch;
        LookAtPin(vm, pin);
    }

    private bool IsBraked(int lane, PinState pin) => _braked.TryGetValue(lane, out int epoch) && epoch == _epoch && pin.Awaited is null && !pin.Masked && (pin.High || !pin.LineKnown);

    private void Written(KvmRecord record, VmTrail vm, PinState pin)
    {
        // A guest writes every entry once, and most of them masked: that alone is no lane.
        if (!pin.Programmed && Find(LaneKey.Pin(0, pin.Pin), vm) < 0)
            return;
        int lane = LookAtPin(vm, pin);
        Note(lane, InstantKind.EntryWritten, record);
        if (lane >= 0)
            _served[lane] = Now;
    }

    private void LookAtPins(VmTrail vm)
    {
        foreach (PinState pin in vm.Pins)
        {
            if (Find(LaneKey.Pin(0, pin.Pin), vm) >= 0)
                LookAtPin(vm, pin);
        }
    }

    private void LookAtIrqs(VmTrail vm)
    {
        foreach (PicInput input in vm.Pic.Inputs)
        {
            if (Find(LaneKey.Irq(input.Irq), vm) >= 0)
                LookAtIrq(vm, input);
        }
    }

    private int LookAtPin(VmTrail vm, PinState pin, Mark? moment = null)
    {
        int lane = LaneOf(LaneKey.Pin(0, pin.Pin), vm);
        bool isTold = IsTold(lane), knowsEntry = pin.Low?.Epoch == _epoch;
        Set(lane, SpanKind.Masked, pin.Masked && knowsEntry, pin.MaskSince);
        Set(lane, SpanKind.Asserted, pin.High && isTold, moment);
        Set(lane, SpanKind.RemoteIrr, pin.Awaited?.Epoch == _epoch, pin.Awaited?.At, pin.Awaited?.Vector ?? -1);
        Set(lane, SpanKind.NotKnown, pin.Low is not null && !knowsEntry || pin.Awaited is { } awaited && awaited.Epoch != _epoch || pin.High && !isTold);
        bool isBraked = IsBraked(lane, pin);
        Strips.Set(lane, SpanKind.Braked, isBraked, Now);
        if (!isBraked)
            _braked.Remove(lane);
        AskGate(lane);
        return lane;
    }

    private void LookAtIrq(VmTrail vm, PicInput input, Mark? moment = null)
    {
        int lane = LaneOf(LaneKey.Irq(input.Irq), vm);
        bool isTold = IsTold(lane);
        Set(lane, SpanKind.Masked, input.Masked == true && isTold, input.MaskSince);
        Set(lane, SpanKind.Asserted, input.Line && isTold, moment);
        Set(lane, SpanKind.Requested, input.Requested is not null && isTold, input.Requested);
        Set(lane, SpanKind.InService, input.InService is not null && isTold, input.InService);
        Set(lane, SpanKind.NotKnown, !isTold && (input.Line || input is { Requested: not null } or { InService: not null } or { Masked: true }));
    }

    private void LookAtLine(VmTrail vm, int gsi, Mark? moment = null)
    {
        int lane = LaneOf(LaneKey.Line(gsi), vm);
        bool isHigh = gsi is >= 0 and < VmTrail.PinCount && vm.Pins[VmTrail.PinOfGsi(gsi)].High || gsi is >= 0 and < GsiMap.IsaIrqs && vm.Pic.Inputs[gsi].Line;
        Set(lane, SpanKind.Asserted, isHigh && IsTold(lane), moment);
        Set(lane, SpanKind.NotKnown, isHigh && !IsTold(lane));
    }

    /// <summary>After a gap: what the source does now is not told.</summary>
    private void LookAtSource(int lane)
    {
        if (IsTold(lane) || Strips.Since(lane, SpanKind.Asserted) is null)
            return;
        Strips.Set(lane, SpanKind.Asserted, false, Now);
        Strips.Set(lane, SpanKind.NotKnown, true, Now);
    }

    /// <summary>A state is so, or is not, from a moment on that its thread told before; a moment before its begin is no end.</summary>
    private bool Set(int lane, SpanKind kind, bool on, Mark? moment = null, int vector = -1)
    {
        Mark since = moment is { } at && at.Event < Now.Event && !(Strips.Since(lane, kind)?.Event >= at.Event) ? at : Now;
        return Strips.Set(lane, kind, on, on ? Now : EndsWith(kind) ? since : Now, vector, since);
    }

    /// <summary>A line falls where its thread lowers it; another state ends where a record shows that.</summary>
    private static bool EndsWith(SpanKind kind) => kind == SpanKind.Asserted;
}
