namespace Wirq.Traces.Kvm.Replay;

/// <summary>What is so at a pin or at an input of the 8259 pair.</summary>
[Flags]
internal enum ChipStates : byte
{
    None = 0,
    Asserted = 1,
    RemoteIrr = 1 << 1,
    Requested = 1 << 2,
    InService = 1 << 3,
    Masked = 1 << 4,
    /// <summary>Something of it is assumed, because no record told it yet.</summary>
    NotKnown = 1 << 5,
}

// What the chips hold, for a picture. What is only assumed is not said to be so.
internal sealed partial class KvmChips
{
    internal ChipStates OfPin(int pin)
    {
        ref readonly PinFacts facts = ref _facts.Pins[pin];
        RedirectionEntry entry = Machine.IoApic.Entry(pin);
        bool? line = facts.Line.Level;
        // An edge pin has no Remote IRR.
        bool knowsRemoteIrr = facts.RemoteIrr || facts.Low && !entry.LevelBitSet;
        return If(line == true, ChipStates.Asserted) | If(facts.Low && entry.Masked, ChipStates.Masked)
            | If(facts.RemoteIrr && entry is { LevelBitSet: true, RemoteIrr: true }, ChipStates.RemoteIrr)
            | If(line is null || !facts.Low || !knowsRemoteIrr, ChipStates.NotKnown);
    }

    internal int VectorOfPin(int pin) => Machine.IoApic.Entry(pin).Vector;

    internal ChipStates OfIrq(int irq)
    {
        ref readonly PicFacts facts = ref _facts.Pics[irq / PinsOfPic];
        PicState chip = StateOf(irq / PinsOfPic);
        int bit = 1 << irq % PinsOfPic;
        bool? line = _facts.PicLines[irq].Level;
        // Without records of injections, nothing shows when a request is taken.
        bool showsTaking = _scan.ShowsInta || _scan.EndsAtInjection, knowsMask = (facts.Mask & bit) != 0, knowsRequest = (facts.Requests & bit) != 0 && showsTaking,
            knowsService = facts.Modes && showsTaking;
        return If(line == true, ChipStates.Asserted) | If(knowsMask && (chip.Imr & bit) != 0, ChipStates.Masked)
            | If(knowsRequest && (chip.Irr & bit) != 0, ChipStates.Requested) | If(knowsService && (chip.Isr & bit) != 0, ChipStates.InService)
            | If(line is null || !knowsMask || !knowsRequest || !knowsService, ChipStates.NotKnown);
    }

    /// <summary>What is so at a vCPU.</summary>
    /// <param name="cpu">Its number in the machine.</param>
    internal VcpuStates OfVcpu(int cpu)
    {
        ref readonly ApicState apic = ref Machine.Apics.State(cpu);
        ref readonly VcpuFacts facts = ref _facts.Vcpus[cpu];
        // Where the processor takes vectors itself, no record shows it.
        Vectors256 unknownRequests = _scan.ShowsTaking ? facts.UnknownRequests : facts.UnknownRequests.Union(apic.Irr);
        return new(apic.Irr.Except(unknownRequests), apic.Isr.Except(facts.UnknownService), unknownRequests.Union(facts.UnknownService));
    }

    private static ChipStates If(bool isSo, ChipStates state) => isSo ? state : ChipStates.None;
}

/// <summary>The vectors of a vCPU.</summary>
/// <param name="Requested">Those that are pending.</param>
/// <param name="InService">Those that are in service.</param>
/// <param name="NotKnown">Those of which something is assumed.</param>
internal readonly record struct VcpuStates(Vectors256 Requested, Vectors256 InService, Vectors256 NotKnown);
