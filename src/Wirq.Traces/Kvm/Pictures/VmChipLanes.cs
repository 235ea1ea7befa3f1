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

    private static readonly (ChipStates State, SpanKind Kind)[] Kinds =
    [
        (ChipStates.Asserted, SpanKind.Asserted), (ChipStates.RemoteIrr, SpanKind.RemoteIrr), (ChipStates.Requested, SpanKind.Requested),
        (ChipStates.InService, SpanKind.InService), (ChipStates.Masked, SpanKind.Masked), (ChipStates.NotKnown, SpanKind.NotKnown),
    ];

    private readonly ChipStates[] _pins = new ChipStates[KvmMachine.Pins], _irqs = new ChipStates[KvmMachine.PicLines];
    private readonly VcpuStates[] _vcpus = new VcpuStates[scan.Ids.Count];
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
        LookAtVcpu(chips, scan.CpuOf(step.Vcpu), step, step.Shown);
        LookAtVcpu(chips, scan.CpuOf(step.Result?.Vcpu ?? step.Vcpu), step, step.Shown);
        foreach (KvmLine accept in step.Kind == StepKind.Accept ? [step.Cause] : step.Accepts)
            LookAtVcpu(chips, scan.CpuOf(accept.Vcpu), step, step.Shown);
        foreach (PredictedAccept accept in chips.Machine.Accepts)
            LookAtVcpu(chips, accept.Cpu, step, step.Shown);
    }

    /// <summary>Nothing is known from here on: records are missing, or the VMM may have loaded a state.</summary>
    internal void Forgot(Mark at, KvmChips chips)
    {
        if (scan.Vm.HasNoChips || !picture.GoTo(at))
            return;
        LookAtChips(chips, null, at);
        for (int cpu = 0; cpu < _vcpus.Length; cpu++)
            LookAtVcpu(chips, cpu, null, at);
        _unknownFrom = at;
    }

    /// <summary>A lane that the chips have not changed yet.</summary>
    internal void Begin(LaneKey key)
    {
        Mark at = picture.Canvas.Now;
        if (key.Group == LaneGroup.Cpu)
            _ = LaneOf(key, _vcpus[scan.CpuOf(key.Unit)].NotKnown.Has(key.Index), at);
        else
        {
            ChipStates states = (key.Group == LaneGroup.Pic ? _irqs : _pins)[key.Index];
            Set(LaneOf(key, (states & ChipStates.NotKnown) != 0, at), states & ChipStates.Masked, ChipStates.None, _ => at, -1);
        }
    }

    private void LookAtChips(KvmChips chips, Step? step, Mark at)
    {
        if (chips.Machine.IsSplit)
            return;
        bool isRise = step is { Kind: StepKind.PinDrive or StepKind.PicDrive, Cause.Level: true };
        for (int pin = 0; pin < _pins.Length; pin++)
        {
            int number = pin;
            Look(LaneKey.Pin(0, pin), ref _pins[pin], chips.OfPin(pin), isRise && step!.Kind == StepKind.PinDrive && step.Result?.Pin == pin,
                kind => MarkOfPin(step, number, kind, at), chips.VectorOfPin(pin));
        }
        for (int irq = 0; irq < _irqs.Length; irq++)
        {
            Look(LaneKey.Irq(irq), ref _irqs[irq], chips.OfIrq(irq), isRise && step!.Kind == StepKind.PicDrive && step.Cause.Gsi == irq,
                kind => step is { Kind: StepKind.PicDrive } drive && kind == SpanKind.Asserted ? drive.Cause.At : at, -1);
        }
    }

    private void Look(LaneKey key, ref ChipStates before, ChipStates now, bool isNamed, Func<SpanKind, Mark> mark, int vector)
    {
        if (before == now && !isNamed)
            return;
        int lane = picture.Canvas.Find(key with { Vm = scan.Vm.Number });
        ChipStates drawn = before;
        if (lane < 0 && (isNamed || (now & Happens) != 0))
        {
            lane = LaneOf(key, (before & ChipStates.NotKnown) != 0, mark(SpanKind.NotKnown));
            // Masks that the chips had before the lane began.
            Set(lane, before & ChipStates.Masked, ChipStates.None, mark, vector);
        }
        before = now;
        if (lane >= 0)
            Set(lane, now, drawn, mark, vector);
    }

    private void Set(int lane, ChipStates now, ChipStates before, Func<SpanKind, Mark> mark, int vector)
    {
        foreach ((ChipStates state, SpanKind kind) in Kinds)
        {
            if (((now ^ before) & state) != 0 || (now & state) != 0)
                Set(lane, kind, (now & state) != 0, mark(kind), kind == SpanKind.RemoteIrr ? vector : -1);
        }
    }

    private void Set(int lane, SpanKind kind, bool on, Mark at, int vector)
    {
        // A record of another thread may stand before the one that began it.
        if (!on && Strips.Since(lane, kind) is { } begun && begun.Event > at.Event)
            at = begun;
        Strips.Set(lane, kind, on, at, vector, at);
    }

    private void LookAtVcpu(KvmChips chips, int cpu, Step? step, Mark at)
    {
        if (cpu < 0)
            return;
        VcpuStates before = _vcpus[cpu], now = _vcpus[cpu] = chips.OfVcpu(cpu);
        int named = step is null ? -1 : step.Kind is StepKind.Inject or StepKind.Accept ? step.Cause.Vector : step.Kind == StepKind.Eoi ? step.Result?.Vector ?? -1 : -1;
        for (int register = 0; register < Vectors256.Registers; register++)
        {
            uint changed = before.Requested.Register(register) ^ now.Requested.Register(register) | before.InService.Register(register) ^ now.InService.Register(register)
                | before.NotKnown.Register(register) ^ now.NotKnown.Register(register);
            if (named >= 0 && named / RegisterBits == register)
                changed |= 1u << named % RegisterBits;
            foreach (KvmLine accept in step?.Accepts ?? [])
            {
                if (accept.Vector >= 0 && accept.Vector / RegisterBits == register && accept.Mode <= DeliveryMode.LowestPriority && scan.CpuOf(accept.Vcpu) == cpu)
                    changed |= 1u << accept.Vector % RegisterBits;
            }
            uint isSo = now.Requested.Register(register) | now.InService.Register(register);
            for (; changed != 0; changed &= changed - 1)
                LookAtVector(cpu, register * RegisterBits + BitOperations.TrailingZeroCount(changed), before, now, step, at);
        }
    }

    private void LookAtVector(int cpu, int vector, in VcpuStates before, in VcpuStates now, Step? step, Mark at)
    {
        var key = LaneKey.Vector((int)scan.Ids[cpu], vector);
        bool requested = now.Requested.Has(vector), served = now.InService.Has(vector);
        int lane = picture.Canvas.Find(key with { Vm = scan.Vm.Number });
        if (lane < 0)
        {
            if (!requested && !served && !(step is not null && IsNamed(step, cpu, vector)))
                return;
            lane = LaneOf(key, before.NotKnown.Has(vector), MarkOfVector(step, cpu, vector, at));
        }
        Mark shown = MarkOfVector(step, cpu, vector, at);
        Set(lane, SpanKind.Requested, requested, shown, vector);
        Set(lane, SpanKind.InService, served, shown, vector);
        Set(lane, SpanKind.NotKnown, now.NotKnown.Has(vector), shown, -1);
    }

    private bool IsNamed(Step step, int cpu, int vector) => step.Kind switch
    {
        StepKind.Inject => step.Cause.Vector == vector,
        StepKind.Accept => step.Cause.Vector == vector && step.Cause.Mode <= DeliveryMode.LowestPriority,
        StepKind.Eoi when step.Result?.Vector == vector => true,
        _ => step.Accepts.Exists(accept => accept.Vector == vector && accept.Mode <= DeliveryMode.LowestPriority && scan.CpuOf(accept.Vcpu) == cpu),
    };

    /// <summary>The lane of a chip, which begins if there is none: what was so in it before is told only if all was known.</summary>
    private int LaneOf(LaneKey key, bool wasUnknown, Mark at)
    {
        key = key with { Vm = scan.Vm.Number };
        int lane = picture.Canvas.Find(key);
        if (lane >= 0)
            return lane;
        lane = picture.LaneOf(key);
        if (lane >= 0 && (wasUnknown || _unknownFrom is not null))
        {
            Mark from = _unknownFrom is { IsStart: false } since ? since : picture.Canvas.First;
            Strips.Set(lane, SpanKind.NotKnown, true, at, since: from.Event < at.Event ? from : at);
            if (!wasUnknown)
                Strips.Set(lane, SpanKind.NotKnown, false, at);
        }
        return lane;
    }

    /// <summary>The record that shows a change of a pin.</summary>
    private static Mark MarkOfPin(Step? step, int pin, SpanKind kind, Mark at) => step switch
    {
        { Kind: StepKind.PinDrive } drive when kind == SpanKind.Asserted => drive.Cause.At,
        { Kind: StepKind.PinDrive, Result: { } result } when kind == SpanKind.RemoteIrr => result.At,
        { Kind: StepKind.Eoi } when kind == SpanKind.RemoteIrr => step.Acks.Find(ack => ack.Chip == KvmFields.IoApicChip && ack.Pin == pin)?.At ?? at,
        _ => at,
    };

    /// <summary>The record that shows a change of a vector.</summary>
    private Mark MarkOfVector(Step? step, int cpu, int vector, Mark at) =>
        step?.Accepts.Find(accept => accept.Vector == vector && scan.CpuOf(accept.Vcpu) == cpu)?.At ?? (step is { Kind: StepKind.Eoi, Result: { } ended } ? ended.At : at);
}
