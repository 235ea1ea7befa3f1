using Wirq.Events;
using Wirq.Routing;

namespace Wirq;

/// <summary>Asks each chip on the way of an interrupt what holds it there. The conditions are the chips' own.</summary>
internal sealed class DeliveryJudge(Fabric fabric)
{
    private const int MostNamed = 4;

    internal Explanation OfLine(int gsi)
    {
        var roads = new List<RoadExplanation>();
        if (fabric.KernelOwns(gsi))
            roads.Add(InKernel("the chips behind it are the kernel's, and their state is not known here"));
        else
        {
            GsiTarget target = fabric.Gsis[gsi];
            if (target.Irq >= 0)
                roads.Add(AtPic(target.Irq));
            if (target.IoApic >= 0)
                roads.Add(AtPin(target.IoApic, fabric.IoApics[target.IoApic].InputOf(target.Pin)));
            if (roads.Count == 0)
                roads.Add(new("line", Gate.NotWired, -1, -1, "it leads to no chip"));
        }
        return new($"GSI {gsi}, {(fabric.Lines.IsAsserted(gsi) ? "asserted" : "not asserted")}", roads);
    }

    internal Explanation OfVirq(RouteCache virqs, VirqHandle virq)
    {
        VirqReport report = virqs.ReportOf(virq.Slot);
        string subject = $"virq {virq.Slot} ({DescriptionText.Label(report.Label)}), {report.State}";
        if (VirqTransitions.ReaderIn(report.State) == VirqReader.Nobody)
        {
            string pending = virqs.IsPending(virq, out EventFd ask) ? "an interrupt is pending"
                : ask.Exists ? $"whether one is pending, only {ask} knows" : "none is pending";
            return new(subject, [new("virq", Gate.VirqMasked, -1, -1, $"it is masked; {pending}")]);
        }
        if (virqs.SourceOf(virq) is var source and >= 0)
            return OfLine(fabric.Lines.GsiOf(source)) with { Subject = subject };
        return new(subject, [virqs.IsProgrammed(virq.Slot) ? AsMessage(report.Message, virqs.RequesterOf(virq.Slot))
            : new("virq", Gate.NotProgrammed, -1, -1, "the guest has given it no message, so what it sends is lost")]);
    }

    internal Explanation OfMessage(Msi message, ushort requester) => new($"{message} of {Origin.Device(requester)}", [AsMessage(message, requester)]);

    private RoadExplanation AtPic(int irq)
    {
        string road = $"8259 IRQ {irq}";
        PicPair pic = fabric.Pic!;
        Gate gate = pic.GateOf(irq, out int by);
        bool serves = (pic.InServiceRegister >> irq & 1) != 0;
        if (gate is Gate.NotAsserted or Gate.EdgeSpent && serves || gate == Gate.PicInService && by == irq)
            return new(road, Gate.NoEoi, -1, irq, "it is in service: a CPU took it and has not signalled its EOI");
        return gate == Gate.None ? BehindPic(road, irq) : new(road, gate, -1, by, gate switch
        {
            Gate.PicNotReady => "the 8259 is not initialised",
            Gate.PicMasked => $"IRQ {irq} is masked (IMR)",
            Gate.CascadeMasked => "the cascade, IRQ 2 of the master, is masked, so nothing of the slave passes",
            Gate.PicInService => $"IRQ {by} is in service, which lets nothing of its priority or below through until its EOI",
            Gate.PicBehind => $"IRQ {by} goes first",
            Gate.EdgeSpent => Spent,
            _ => "its input is low",
        });
    }

    private RoadExplanation BehindPic(string road, int irq)
    {
        if (fabric.LocalApics is not { } apics)
            return new(road, Gate.NotKnown, -1, -1, "INTR is high; whether a CPU lets it in, only the kernel knows");
        for (int cpu = 0; cpu < apics.Count; cpu++)
        {
            if (apics.HasExtInt(cpu, intr: true))
                return new(road, Gate.CpuUnknown, cpu, irq, $"INTR is high, and cpu{cpu} may take it: {Flag}");
        }
        bool byPin = fabric.Options.IntrAtPinZero && fabric.IoApics.Count > 0
            && fabric.IoApics[0].Entry(0) is { Masked: false, Mode: DeliveryMode.ExtInt };
        return byPin ? new(road, Gate.CpuUnknown, -1, irq, "INTR is high, and pin 0 of I/OAPIC 0 passes it on as ExtINT")
            : new(road, Gate.Lint0Closed, -1, irq, "INTR is high, and LINT0 of no CPU lets it through");
    }

    private RoadExplanation AtPin(int chip, int pin)
    {
        string road = EventText.Pin(chip, pin);
        IoApic ioApic = fabric.IoApics[chip];
        RedirectionEntry entry = ioApic.Entry(pin);
        Gate gate = ioApic.GateOf(pin);
        switch (gate)
        {
            case Gate.NotAsserted when !entry.RemoteIrr:
                return new(road, gate, -1, -1, entry.ActiveLow ? "it is not asserted; its entry is active low" : "it is not asserted");
            case Gate.PinMasked:
                return new(road, gate, -1, -1, "its entry is masked");
            case Gate.InFlight:
                return new(road, gate, -1, entry.Vector, "its message was sent, and has no answer yet");
            case Gate.StormBrake:
                return new(road, gate, -1, -1, $"the storm brake holds it until {ioApic.PinState(pin).StormDeadline} ns");
        }
        Msi message = ioApic.MessageOf(entry);
        ushort requester = fabric.Options.IoApics[chip].Requester;
        RoadExplanation? arrived = Arrived(message, requester);
        if (gate is Gate.RemoteIrr or Gate.NotAsserted)
        {
            return arrived is not null ? arrived with { Road = road, Why = $"Remote IRR is set: {arrived.Why}" }
                : new(road, Gate.RemoteIrr, -1, entry.Vector, $"Remote IRR is set: it waits for an EOI of 0x{entry.Vector:x2}"
                    + (fabric.LocalApics is null ? "; where that vector is, only the kernel knows" : ", which no addressed CPU has pending or in service"));
        }
        if (gate == Gate.EdgeSpent)
        {
            return arrived is not null ? arrived with { Road = road }
                : entry.Masked ? new(road, Gate.PinMasked, -1, -1, "its entry is masked and edge-triggered: an edge that came is not kept")
                : new(road, gate, -1, -1, Spent);
        }
        // A level whose message was refused.
        RoadExplanation ahead = AsMessage(message, requester);
        return ahead.Gate != Gate.None ? ahead with { Road = road }
            : new(road, Gate.None, -1, -1, "its message was refused when it was sent; it is tried again at its next entry write, rise or EOI");
    }

    /// <summary>Where a CPU that a message addresses has its vector already, pending or in service; null for nowhere.</summary>
    private RoadExplanation? Arrived(Msi message, ushort requester)
    {
        if (fabric.LocalApics is not { } apics || fabric.Foresee(message, requester, out InterruptMessage translated) != RefusalReason.None)
            return null;
        var cpus = new List<int>();
        apics.Foresee(translated, cpus);
        return Arrived(apics, translated, cpus);
    }

    private static RoadExplanation? Arrived(LocalApics apics, InterruptMessage message, List<int> cpus) =>
        message.Mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority
            ? cpus.Select(cpu => AtCpu(apics, cpu, message.Vector)).FirstOrDefault(held => held is not null) : null;

    private RoadExplanation AsMessage(Msi message, ushort requester)
    {
        const string road = "message";
        if (!message.IsInterrupt(fabric.Options.Format))
            return new(road, Gate.None, -1, -1, "its address lies outside the interrupt window: it writes memory");
        RefusalReason reason = fabric.Foresee(message, requester, out InterruptMessage translated);
        if (reason != RefusalReason.None)
            return new(road, Gates.Of(reason), -1, -1, InWords(reason));
        if (fabric.LocalApics is not { } apics)
            return InKernel($"it goes to the kernel as {translated}, whose local APICs' state is not known here");
        var cpus = new List<int>();
        reason = apics.Foresee(translated, cpus);
        // What a CPU has already, it has, whether it would still accept it or not.
        if (Arrived(apics, translated, cpus) is { } held)
            return held;
        if (reason != RefusalReason.None)
        {
            return new(road, Gates.Of(reason), cpus.Count == 1 ? cpus[0] : -1, translated.Vector,
                InWords(reason) + (cpus.Count == 0 ? $" ({translated})" : $" ({Named(cpus)})"));
        }
        return new(road, Gate.None, -1, translated.Vector, $"nothing holds it: {translated} reaches {Named(cpus)}");
    }

    /// <summary>Where a CPU has the vector already, whoever sent it; null where it has not.</summary>
    private static RoadExplanation? AtCpu(LocalApics apics, int cpu, byte vector)
    {
        ref readonly ApicState s = ref apics.State(cpu);
        if (!s.Irr.Has(vector))
        {
            return s.Isr.Has(vector) ? new("message", Gate.NoEoi, cpu, vector,
                $"0x{vector:x2} is in service at cpu{cpu}, which has not signalled its EOI") : null;
        }
        Gate gate = apics.GateOf(cpu, vector, out int by);
        return new("message", gate, cpu, by < 0 ? vector : by, $"0x{vector:x2} is pending at cpu{cpu}: " + gate switch
        {
            Gate.HardwareDisabled => "its local APIC is hardware-disabled (IA32_APIC_BASE bit 11)",
            Gate.SoftwareDisabled => "its local APIC is software-disabled (SVR bit 8 clear)",
            Gate.VectorInService => $"0x{by:x2} is in service, and PPR lets nothing of its class or below through",
            Gate.TaskPriority => $"TPR is 0x{by:x2}, and PPR lets nothing of that class or below through",
            _ => Flag,
        });
    }

    private static RoadExplanation InKernel(string why) => new("kernel", Gate.NotKnown, -1, -1, why);

    private static string Named(List<int> cpus) => Phrase.All([.. cpus.Take(MostNamed + 1).Select(cpu => $"cpu{cpu}")], MostNamed);

    private const string Flag = "nothing here forbids it; its interrupt flag and whether it runs are not known here",
        Spent = "it is edge-triggered, and no edge of it waits: it has to fall and to rise again";

    private static string InWords(RefusalReason reason) => reason switch
    {
        RefusalReason.NoDestination or RefusalReason.NotListed => "no CPU has its destination",
        RefusalReason.SoftwareDisabled => "the local APIC is software-disabled (SVR bit 8 clear)",
        RefusalReason.IllegalVector => "its vector is below 16",
        RefusalReason.ReservedMode => "its delivery mode is reserved or not allowed in a message",
        RefusalReason.NoRemapper => "it is in remappable format, and no unit remaps it",
        RefusalReason.RemappingFault => "its remapping unit would block it",
        RefusalReason.ReservedBits => "reserved bits of it are set",
        _ => "it would be refused",
    };
}
