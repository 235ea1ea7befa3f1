using System.Numerics;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

/// <summary>The lanes of the chips of one VM.</summary>
internal sealed class VmChipLanes(KvmChipPicture picture, VmScan scan)
{
    private const ChipStates Happens = ChipStates.Asserted | ChipStates.RemoteIrr | ChipStates.Requested | ChipStates.InService;
    private const int RegisterBits = 32;

    private readonly ChipStates[] _pins = new ChipStates[KvmMachine.Pins], _irqs = new ChipStates[KvmMachine.PicLines];
    private readonly VcpuStates[] _vcpus = new VcpuStates[scan.Ids.Count];
    private readonly HashSet<int> _begun = [], _looked = [];
    private StepAccepts _accepts = StepAccepts.Of(null, scan);
    /// <summary>Since when a lane that begins was not known; null where all was known from the VM's beginning.</summary>
    private Mark? _unknownFrom = scan.FromStart ? null : default(Mark);

    private Strips Strips => picture.Canvas.Strips;

    /// <summary>Whether a lane is of these chips. A VM whose chips are all the VMM's has none here.</summary>
    internal bool Has(LaneKey key) => key.Vm == scan.Vm.Number && !scan.Vm.HasNoChips && key.Group switch
    {
        LaneGroup.Pic or LaneGroup.IoApic => !scan.IsSplit,
        LaneGroup.Cpu => key.Index >= 0 && scan.CpuOf(key.Unit) >= 0,
        _ => false,
    };

    internal void Part(in Finding finding) => picture.Part(scan.Vm, finding);

    /// <summary>A step was applied, in the order that is kept.</summary>
    internal void Applied(Step step, KvmChips chips)
    {
        if (scan.Vm.HasNoChips || !picture.GoTo(step.LastRecord))
            return;
        LookAtChips(chips, step, step.Shown);
        _accepts = StepAccepts.Of(step, scan);
        _looked.Clear();
        LookOnce(chips, scan.CpuOf(step.Vcpu), step);
        LookOnce(chips, scan.CpuOf(step.Result?.Vcpu ?? step.Vcpu), step);
        foreach (KvmLine accept in step.Kind == StepKind.Accept ? [step.Cause] : step.Accepts)
            LookOnce(chips, scan.CpuOf(accept.Vcpu), step);
        foreach (PredictedAccept accept in chips.Machine.Accepts)
            LookOnce(chips, accept.Cpu, step);
    }

    /// <summary>Many lines of a step may be of one vCPU: one look sees what they all did there.</summary>
    private void LookOnce(KvmChips chips, int cpu, Step step)
    {
        if (cpu >= 0 && _looked.Add(cpu))
            LookAtVcpu(chips, cpu, step, step.Shown);
    }

    /// <summary>Nothing is known from here on: records are missing, or the VMM may have loaded a state.</summary>
    internal void Forgot(Mark at, KvmChips chips)
    {
        if (scan.Vm.HasNoChips || !picture.GoTo(at))
            return;
        LookAtAll(chips, at);
        _unknownFrom = at;
    }

    /// <summary>Nothing is applied yet: what the log's picture has of the chips begins with their first states.</summary>
    internal void Start(KvmChips chips)
    {
        if (scan.Vm.HasNoChips)
            return;
        for (int lane = 0; lane < picture.Canvas.Lanes; lane++)
        {
            if (Has(picture.Canvas.KeyOf(lane)))
                _begun.Add(lane);
        }
        LookAtAll(chips, default);
    }

    private void LookAtAll(KvmChips chips, Mark at)
    {
        LookAtChips(chips, null, at);
        _accepts = StepAccepts.Of(null, scan);
        for (int cpu = 0; cpu < _vcpus.Length; cpu++)
            LookAtVcpu(chips, cpu, null, at);
    }

    private void LookAtChips(KvmChips chips, Step? step, Mark at)
    {
        if (chips.Machine.IsSplit)
            return;
        for (int pin = 0; pin < _pins.Length; pin++)
        {
            ChipStates before = _pins[pin], now = _pins[pin] = chips.OfPin(pin);
            bool isNamed = step is { Kind: StepKind.PinDrive, Cause.Level: true, Result: { } result } && result.Pin == pin;
            // At an EOI Remote IRR is cleared, and set by the delivery that follows.
            bool again = step is { Kind: StepKind.Eoi } && (before & now & ChipStates.RemoteIrr) != 0;
            if (before != now || isNamed || again)
                LookAtPin(pin, before, now, isNamed, step, at, chips.VectorOfPin(pin));
        }
        for (int irq = 0; irq < _irqs.Length; irq++)
        {
            ChipStates before = _irqs[irq], now = _irqs[irq] = chips.OfIrq(irq);
            bool isNamed = step is { Kind: StepKind.PicDrive, Cause.Level: true } && scan.IrqOfGsi(step.Cause.Gsi) == irq;
            if (before != now || isNamed)
                LookAtIrq(irq, before, now, isNamed, step, at);
        }
    }

    private void LookAtPin(int pin, ChipStates before, ChipStates now, bool isNamed, Step? step, Mark at, int vector)
    {
        Mark began = step is { Kind: StepKind.PinDrive } ? step.Cause.At : at;
        int lane = LaneOf(LaneKey.Pin(0, pin), before, now, isNamed, began);
        if (lane < 0)
            return;
        Set(lane, SpanKind.Asserted, (now & ChipStates.Asserted) != 0, began, -1);
        Mark? ended = step is { Kind: StepKind.Eoi } ? step.Acks.Find(ack => ack.Chip == KvmFields.IoApicChip && ack.Pin == pin)?.At : null;
        KvmLine? again = ended is null ? null : step!.Accepts.Find(accept => accept.Vector == vector && accept.LevelTrigger);
        if (again is not null)
            Set(lane, SpanKind.RemoteIrr, false, ended!.Value, -1);
        bool isSet = (now & ChipStates.RemoteIrr) != 0;
        Set(lane, SpanKind.RemoteIrr, isSet, isSet && again is not null ? again.At : ended ?? (step is { Kind: StepKind.PinDrive, Result: { } result } ? result.At : at), vector);
        Set(lane, SpanKind.Masked, (now & ChipStates.Masked) != 0, at, -1);
        Set(lane, SpanKind.NotKnown, (now & ChipStates.NotKnown) != 0, at, -1);
    }

    private void LookAtIrq(int irq, ChipStates before, ChipStates now, bool isNamed, Step? step, Mark at)
    {
        Mark began = step is { Kind: StepKind.PicDrive } ? step.Cause.At : at;
        int lane = LaneOf(LaneKey.Irq(irq), before, now, isNamed, began);
        if (lane < 0)
            return;
        Set(lane, SpanKind.Asserted, (now & ChipStates.Asserted) != 0, began, -1);
        Set(lane, SpanKind.Requested, (now & ChipStates.Requested) != 0, at, -1);
        Set(lane, SpanKind.InService, (now & ChipStates.InService) != 0, step?.Acks.Find(ack => ack.AcknowledgedIrq == irq)?.At ?? at, -1);
        Set(lane, SpanKind.Masked, (now & ChipStates.Masked) != 0, at, -1);
        Set(lane, SpanKind.NotKnown, (now & ChipStates.NotKnown) != 0, at, -1);
    }

    /// <summary>The lane of a pin or an input, which begins where something happens there, or a record raises it; -1 for none.</summary>
    private int LaneOf(LaneKey key, ChipStates before, ChipStates now, bool isNamed, Mark at)
    {
        int lane = Find(key);
        return lane < 0 && (isNamed || (now & Happens) != 0) ? Begin(key, (before & ChipStates.NotKnown) != 0, at) : lane;
    }

    private void Set(int lane, SpanKind kind, bool on, Mark at, int vector) => Strips.Set(lane, kind, on, at, vector, at);

    private void LookAtVcpu(KvmChips chips, int cpu, Step? step, Mark at)
    {
        VcpuStates before = _vcpus[cpu], now = _vcpus[cpu] = chips.OfVcpu(cpu);
        Vectors256 accepted = _accepts.PendingAt(cpu);
        int named = step is null ? -1 : step.Kind is StepKind.Inject or StepKind.Accept ? step.Cause.Vector : step.Kind == StepKind.Eoi ? step.Result?.Vector ?? -1 : -1;
        for (int register = 0; register < Vectors256.Registers; register++)
        {
            uint changed = before.Requested.Register(register) ^ now.Requested.Register(register) | before.InService.Register(register) ^ now.InService.Register(register)
                | before.NotKnown.Register(register) ^ now.NotKnown.Register(register) | accepted.Register(register);
            if (named >= 0 && named / RegisterBits == register)
                changed |= 1u << named % RegisterBits;
            for (; changed != 0; changed &= changed - 1)
                LookAtVector(cpu, register * RegisterBits + BitOperations.TrailingZeroCount(changed), before, now, step, at);
        }
    }

    private void LookAtVector(int cpu, int vector, in VcpuStates before, in VcpuStates now, Step? step, Mark at)
    {
        var key = LaneKey.Vector((int)scan.Ids[cpu], vector);
        bool requested = now.Requested.Has(vector), served = now.InService.Has(vector);
        int lane = Find(key);
        if (lane < 0)
        {
            if (!requested && !served && !(step is not null && IsNamed(step, cpu, vector)))
                return;
            lane = Begin(key, before.NotKnown.Has(vector), at);
        }
        Mark accepted = _accepts.FirstOf(cpu, vector) ?? at;
        Mark ended = step is { Kind: StepKind.Eoi, Result: { } end } ? end.At : at;
        // A host that ends an interrupt as it injects it: the pin may deliver it again at once.
        if (requested && step is { Kind: StepKind.Eoi, Result: { } taken } && taken.Vector == vector && scan.CpuOf(taken.Vcpu) == cpu && accepted != at)
            Set(lane, SpanKind.Requested, false, ended, vector);
        Set(lane, SpanKind.Requested, requested, requested ? accepted : ended, vector);
        Set(lane, SpanKind.InService, served, ended, vector);
        Set(lane, SpanKind.NotKnown, now.NotKnown.Has(vector), requested ? accepted : ended, -1);
    }

    private bool IsNamed(Step step, int cpu, int vector) => step.Kind switch
    {
        StepKind.Inject => step.Cause.Vector == vector,
        StepKind.Accept => step.Cause.Vector == vector && step.Cause.Mode <= DeliveryMode.LowestPriority,
        StepKind.Eoi when step.Result?.Vector == vector => true,
        _ => _accepts.PendingAt(cpu).Has(vector),
    };

    private int Find(LaneKey key) => picture.Canvas.Find(key with { Vm = scan.Vm.Number }) is var lane && _begun.Contains(lane) ? lane : -1;

    /// <summary>Begins a lane that the log's picture has not: what was so in it before is told only if all was known.</summary>
    private int Begin(LaneKey key, bool wasUnknown, Mark at)
    {
        int lane = picture.LaneOf(key with { Vm = scan.Vm.Number });
        if (lane < 0 || !_begun.Add(lane) || !wasUnknown && _unknownFrom is null)
            return lane;
        Strips.Set(lane, SpanKind.NotKnown, true, at, since: _unknownFrom ?? default);
        Set(lane, SpanKind.NotKnown, wasUnknown, at, -1);
        return lane;
    }
}
