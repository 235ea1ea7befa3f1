using Wirq.Traces.Recordings;

namespace Wirq.Traces.Why;

/// <summary>Describes in words what holds an interrupt.</summary>
internal sealed class GateText(WhyEngine engine)
{
    private string At(Mark mark) => engine.Stamps.At(mark);

    private string Since(Mark mark) => mark.IsStart ? "since the beginning" : $"since {At(mark)}";

    /// <summary>What holds, or held, an interrupt.</summary>
    /// <param name="held">The gate.</param>
    /// <param name="pin">The pin, if there is one.</param>
    /// <param name="past">Whether it is over.</param>
    public string Words(Held held, PinTrail? pin = null, bool past = false)
    {
        string state = past ? "was" : "is";
        return held.Gate switch
        {
            Gate.LineHeld => $"the line was asserted already, by {held.Who}, {Since(held.Since)}",
            Gate.PicMasked => $"IRQ {held.Number} {state} masked at the 8259 {ShownSince(held)}",
            Gate.CascadeMasked => $"the cascade, IRQ 2 of the master 8259, {state} masked {ShownSince(held)}, "
                + "so nothing of the slave passes",
            Gate.PicInService => $"the 8259 {(past ? "had" : "has")} {Irq(held.Number)} in service {Since(held.Since)}, "
                + "which lets nothing of its priority or below through until its EOI",
            Gate.PicBehind => $"INTR of the 8259 {(past ? "stood" : "stands")} for IRQ {held.Number} {Since(held.Since)}, "
                + "which goes first",
            Gate.Lint0Closed => Lint0(held),
            Gate.PinMasked => $"the pin {state} masked {MaskedSince(held)}"
                + (held.By is null ? "" : $"; {RemoteIrr(held.By, pin, past)}"),
            Gate.EdgeLost => $"the pin was masked {MaskedSince(held)}, and an edge at a masked pin is not kept",
            Gate.EdgeSpent => $"the pin {state} edge-triggered {Since(held.Since)}, and no edge of it waits: the line has to fall and to rise again",
            Gate.RemoteIrr => $"Remote IRR {state} set {Since(held.Since)}{RemoteIrrBy(held.By, pin, past)}",
            Gate.StormBrake => $"the storm brake {(past ? "held" : "holds")} the redelivery {Since(held.Since)}",
            Gate.InFlight => $"the message was sent at {At(held.Since)}, and no answer to it is told of",
            Gate.HardwareDisabled => $"the local APIC of cpu{held.Cpu} {state} hardware-disabled "
                + $"(IA32_APIC_BASE bit 11) {Since(held.Since)}",
            Gate.SoftwareDisabled when held.Cpu >= 0 => $"the local APIC of cpu{held.Cpu} {state} software-disabled "
                + $"(SVR bit 8 clear) {Since(held.Since)}",
            Gate.NoDestination or Gate.SoftwareDisabled => $"{held.Who} ({Since(held.Since)})",
            Gate.IllegalVector or Gate.ReservedMode or Gate.NoRemapper or Gate.RemappingFault or Gate.ReservedBits or Gate.Kernel =>
                held.Who ?? "it was refused",
            Gate.LvtMasked => $"the entry of the local vector table was masked {Since(held.Since)}",
            Gate.AlreadyPending => "the vector was pending already",
            Gate.VectorInService => $"vector 0x{held.Number:x2} {state} in service at cpu{held.Cpu} {Since(held.Since)}"
                + InServiceOf(held) + ", and PPR lets nothing of its class or below through until its EOI",
            Gate.TaskPriority => $"TPR of cpu{held.Cpu} {state} 0x{held.Number:x2} {Since(held.Since)}, "
                + "and PPR lets nothing of that class or below through",
            Gate.CpuUnknown when past => "nothing that the log shows forbade it",
            Gate.CpuUnknown when !engine.TellsTaking && held.Number < 0 => "nothing that the log shows forbids it. This log does not tell when a "
                + $"CPU takes a vector (-d int does), so whether {Cpu(held.Cpu)} is in its handler, has interrupts off or is "
                + "halted is unknown",
            Gate.CpuUnknown => $"nothing that the log shows forbids it; whether {Cpu(held.Cpu)} "
                + "has interrupts off or is halted is unknown",
            Gate.ApicReset => $"a reset of the local APIC of cpu{held.Cpu} at {At(held.Since)} took it away",
            Gate.MachineReset => $"the machine was reset at {At(held.Since)}",
            Gate.PicInitialised => $"the 8259 was initialised at {At(held.Since)}, which forgot it",
            Gate.NoEoi when held.By is { ToKernel: true } => $"the kernel took it at {At(held.Since)} and has told of no EOI "
                + "since, so Remote IRR stays set",
            Gate.NoEoi => $"no EOI has come since it was taken at {At(held.Since)}",
            Gate.NotKnown => $"{(past ? "what held it" : "what holds it")} is not known: {held.Who}",
            Gate.StaleRoute => StaleRoute(held.By!),
            Gate.NullVector => "vector 0x00 is never taken: QEMU's local APIC takes it for none",
            _ => "nothing that the log shows holds it",
        };
    }

    private string ShownSince(Held held) =>
        held.Shown is { } shown ? $"since before the log's first line, as {At(shown)} shows" : Since(held.Since);

    /// <summary>By which route the kernel sent a message, and by which it should have.</summary>
    public string StaleRoute(Attempt sent)
    {
        StaleRoute route = sent.Stale!;
        string since = route.Since.IsStart ? "a route of before the log" : $"the kernel's route of {At(route.Since)}";
        string update = route.Fixed is { } at ? $"the route was updated after it, at {At(at)}" : "no line updates the route after it";
        return $"it went by {since}, to {Target(sent.Message)}, while the entry named {Target(route.Meant)}; {update}";
    }

    internal static string Target(InterruptMessage message) =>
        $"{(message.Logical ? "the logical destination" : "the CPU with APIC id")} {(message.Logical ? $"0x{message.Destination:x}" : message.Destination)} "
            + $"as vector 0x{message.Vector:x2}";

    private string MaskedSince(Held held)
    {
        if (held.Shown is not null)
            return ShownSince(held);
        if (!held.Since.IsStart || held.Written.IsStart)
            return Since(held.Since);
        // Without a reset in the log, the reset value is a guess.
        return engine.Knows(LogParts.Entries)
            ? $"since the beginning (the write of its entry at {At(held.Written)} left it so)"
            : $"since the write of its entry at {At(held.Written)}, or longer";
    }

    /// <summary>The delivery whose EOI Remote IRR waits for, and why that EOI does not come.</summary>
    private string RemoteIrrBy(Attempt? by, PinTrail? pin, bool past)
    {
        if (by is null)
            return ", by a delivery before anything was told";
        if (by.Stale is not null)
            return $", by the message sent at {At(by.Sent)}: {StaleRoute(by)}";
        if (!engine.KnowsCpus)
            return $", by the message sent at {At(by.Sent)}, whose EOI has not come";
        if (by.ToKernel)
            return $", by the message that the kernel took at {At(by.Sent)}, of whose EOI it has not told";
        if (by.Deliveries is not [var delivery, ..])
            return $", by the message sent at {At(by.Sent)}, which no CPU accepted";
        string what = $", by the delivery of vector 0x{delivery.Vector:x2} to {Cpu(delivery.Cpu)} at {At(by.Sent)}";
        if (past)
            return what;
        if (delivery.IsPending)
            return $"{what}, which was not taken: {Words(engine.CpuAt(delivery.Cpu)!.GateOf(delivery.Vector))}";
        if (delivery.IsInService)
            return $"{what}, taken at {At(delivery.Taken!.Value)} and not ended: no EOI came";
        if (delivery.Dropped is { } dropped)
            return $"{what}, which a reset at {At(dropped)} took away, so that no EOI can come";
        Mark ended = delivery.Ended!.Value;
        if (delivery.Suppressed)
            return $"{what}, whose EOI at {At(ended)} was not broadcast (SVR bit 12)";
        if (pin is not null && pin.Entry.Vector != delivery.Vector)
        {
            return $"{what}. Its EOI at {At(ended)} named 0x{delivery.Vector:x2}, but the entry has named "
                + $"0x{pin.Entry.Vector:x2} since {At(pin.VectorSince)}, so it did not reach the pin";
        }
        return $"{what}, which ended at {At(ended)}; no EOI reached the pin";
    }

    private string RemoteIrr(Attempt by, PinTrail? pin, bool past) =>
        $"Remote IRR {(past ? "was" : "is")} set as well{RemoteIrrBy(by, pin, past)}";

    private string Lint0(Held held)
    {
        CpuTrail cpu = engine.CpuAt(held.Cpu)!;
        LocalVectorEntry entry = cpu.Entry(LocalVector.Lint0);
        string how = entry.Masked ? "is masked" : $"is not ExtINT but {entry.Mode}";
        string others = engine.Machine.LocalApics.Count > 1 ? ", and no other CPU's lets it through" : "";
        string asks = $"the 8259 asks since {At(engine.PicTrail!.RequestedSince)}, but";
        if (!cpu.Spurious.Enabled && entry.Masked)
        {
            return $"{asks} LINT0 of cpu{held.Cpu} {how} {Since(held.Since)} (its local APIC is software-disabled "
                + $"{Since(cpu.SpuriousSince)}){others}";
        }
        return $"{asks} LINT0 of cpu{held.Cpu} {how} {Since(held.Since)}{others}";
    }

    private string InServiceOf(Held held) =>
        engine.CpuAt(held.Cpu)?.InService[held.Number]?.Source is { } source ? $" (from {source})" : "";

    private static string Irq(int irq) => irq == GsiMap.CascadeIrq ? "IRQ 2 (the cascade)" : $"IRQ {irq}";

    private static string Cpu(int cpu) => cpu < 0 ? "the CPU" : $"cpu{cpu}";
}
