namespace Wirq;

/// <summary>How a profile's I/OAPIC parts from the 82093AA data sheet.</summary>
/// <param name="PolarityIgnored">Every pin is active high.</param>
/// <param name="RemoteIrrAtSend">Remote IRR is set when a level message is sent, accepted or not.</param>
/// <param name="LatchedRequest">A level request stays latched over a rewrite to edge, is sent once as an edge and is
/// then gone.</param>
/// <param name="PinZeroIsTwo">What comes to pin 0 lands on pin 2.</param>
/// <param name="AcksEdgePins">An EOI acknowledges edge pins of its vector too.</param>
/// <param name="EveryRaiseIsAnEdge">Driving an edge pin that is high already makes another edge.</param>
/// <param name="StormCountsAtEoi">The storm brake counts EOIs that find the line asserted, whether it fell in between
/// or
/// not, begins anew after it held, and lets go whenever another pin is served.</param>
internal readonly record struct IoApicProfile(
    bool PolarityIgnored, bool RemoteIrrAtSend, bool LatchedRequest, bool PinZeroIsTwo, bool AcksEdgePins,
    bool EveryRaiseIsAnEdge, bool StormCountsAtEoi)
{
    private const string Chip = "I/OAPIC";

    internal static readonly ProfileDifference[] Rows =
    [
        new(Chip, nameof(PolarityIgnored), "RTE bit 13 makes a pin active low (82093AA, 3.2.4)",
            "ignored", "ignored",
            "QEMU 7.2 by qtest: polarity has no effect; KVM: KVM_CAP_IOAPIC_POLARITY_IGNORED (Linux api.rst)"),
        new(Chip, nameof(RemoteIrrAtSend), "Remote IRR is set when the local APIC accepts (82093AA, 3.2.4)",
            "set before the message is sent", null,
            "QEMU 7.2 trace: ioapic_set_remote_irr precedes apic_deliver_irq, also for a destination that matches nobody"),
        new(Chip, nameof(LatchedRequest), "an edge is a transition; a held level rewritten to edge sends nothing",
            "the request stays latched, goes out once as an edge, and a rewrite back to level finds nothing pending", null,
            "QEMU 7.2 by qtest: level to edge to level with the line held high loses the pending level"),
        new(Chip, nameof(PinZeroIsTwo), "pin 0 is pin 0",
            "input 0 lands on pin 2 (the ISA override is built in)", null,
            "QEMU 7.2 by qtest: set_irq_in 0 delivers by the entry of pin 2"),
        new(Chip, nameof(AcksEdgePins), "an edge interrupt has no Remote IRR, so its EOI ends nothing here",
            null, "acknowledge notifiers run for edge pins of the vector too",
            "KVM, measured: a resample irqfd on an edge pin fires on EOI"),
        new(Chip, nameof(EveryRaiseIsAnEdge), "an edge is a transition; driving a pin that is high already is none",
            "no level is remembered for an edge pin: each call that drives it high is an edge", null,
            "QEMU 7.2 by qtest: repeating level 1 on an edge pin delivers again; ioapic.c, ioapic_set_irq"),
        new(Chip, nameof(StormCountsAtEoi), "there is no storm brake; Wirq's own counts consecutive EOIs that find the "
            + "line still asserted, and its count stays until the line falls",
            "the count outlives a fall of the line, ends with an EOI that finds nothing pending, begins anew once the "
            + "brake holds, and any service of another pin lets the braked one go", null,
            "QEMU ioapic.c, ioapic_eoi_broadcast, ioapic_service"),
    ];

    internal static IoApicProfile Of(Profile profile) => profile switch
    {
        Profile.Qemu => new(PolarityIgnored: true, RemoteIrrAtSend: true, LatchedRequest: true, PinZeroIsTwo: true, AcksEdgePins: false,
            EveryRaiseIsAnEdge: true, StormCountsAtEoi: true),
        Profile.Kvm => new(PolarityIgnored: true, RemoteIrrAtSend: false, LatchedRequest: false, PinZeroIsTwo: false, AcksEdgePins: true,
            EveryRaiseIsAnEdge: false, StormCountsAtEoi: false),
        _ => default,
    };
}
