namespace Wirq;

/// <summary>How a profile's I/OAPIC differs from the 82093AA data sheet.</summary>
/// <param name="PolarityIgnored">Every pin is active high.</param>
/// <param name="RemoteIrrAtSend">Remote IRR is set when a level message is sent, accepted or not.</param>
/// <param name="LatchedRequest">A level request stays latched over a rewrite to edge, is sent once as an edge and is
/// then dropped.</param>
/// <param name="PinZeroIsTwo">An input of pin 0 goes to pin 2.</param>
/// <param name="AcksEdgePins">An EOI acknowledges edge pins of its vector too.</param>
/// <param name="EveryDriveCounts">The level of a pin is not remembered: driving a high pin high again is another edge,
/// or another level request.</param>
/// <param name="StormCountsAtEoi">The storm brake counts EOIs that find the line asserted, whether or not it fell in
/// between, and starts again once it holds. Any input of the pin that would send releases it, and the first deadline
/// releases every pin.</param>
/// <param name="StormEndsForAll">The storm brake releases a pin whenever another pin is served.</param>
/// <param name="LevelInEveryMode">The level bit counts in SMI, NMI, INIT and ExtINT entries too.</param>
/// <param name="ReservedBitsStored">Every bit of an entry except the read-only ones keeps what is written.</param>
/// <param name="EoiRegisterIsWide">The EOI register accepts only 32-bit writes, and compares all bits.</param>
/// <param name="RegistersRepeat">Only bits 7:0 of an address select a register.</param>
/// <param name="AbsentReadOnes">A register that does not exist reads as ones.</param>
/// <param name="EoiServesEveryPin">The EOI of a level vector serves every pin of that vector whose line is high.</param>
/// <param name="DestinationIsByte">Only bits 63:56 of an entry are sent as its destination.</param>
/// <param name="LevelDriveCounts">Driving a high level pin high again is another request.</param>
/// <param name="WindowAnyWidth">IOWIN accepts accesses of less than 32 bits, and of 64.</param>
/// <param name="RemoteIrrForNobody">Remote IRR is also set if all local APICs were checked and none was
/// addressed.</param>
internal readonly record struct IoApicProfile(
    bool PolarityIgnored, bool RemoteIrrAtSend, bool LatchedRequest, bool PinZeroIsTwo, bool AcksEdgePins,
    bool EveryDriveCounts, bool StormCountsAtEoi, bool StormEndsForAll, bool LevelInEveryMode, bool ReservedBitsStored, bool EoiRegisterIsWide,
    bool RegistersRepeat, bool AbsentReadOnes, bool EoiServesEveryPin, bool DestinationIsByte, bool LevelDriveCounts,
    bool RemoteIrrForNobody, bool WindowAnyWidth)
{
    private const string Chip = "I/OAPIC";
    private const string StormCount = "the count stays when the line falls, ends with an EOI that finds no pending interrupt, and "
        + "starts again once the brake holds. An input of the braked pin that would send releases it, and the first deadline "
        + "releases every pin";

    internal static readonly ProfileDifference[] Rows =
    [
        new(Chip, nameof(PolarityIgnored), "RTE bit 13 makes a pin active low (82093AA, 3.2.4)",
            "ignored", "ignored",
            "QEMU 7.2 by qtest: polarity has no effect; KVM: KVM_CAP_IOAPIC_POLARITY_IGNORED (Linux api.rst)"),
        new(Chip, nameof(RemoteIrrAtSend), "Remote IRR is set when the local APIC accepts (82093AA, 3.2.4)",
            "set before the message is sent", null,
            "QEMU 7.2 trace: ioapic_set_remote_irr precedes apic_deliver_irq, also for a destination that matches no local APIC"),
        new(Chip, nameof(LatchedRequest), "an edge is a transition; a held level rewritten to edge sends nothing",
            "the request stays latched, goes out once as an edge, and a rewrite back to level finds nothing pending", null,
            "QEMU 7.2 by qtest: level to edge to level with the line held high loses the pending level"),
        new(Chip, nameof(PinZeroIsTwo), "pin 0 is pin 0",
            "input 0 lands on pin 2 (the ISA override is built in)", null,
            "QEMU 7.2 by qtest: set_irq_in 0 delivers by the entry of pin 2"),
        new(Chip, nameof(AcksEdgePins), "an edge interrupt has no Remote IRR, so its EOI ends nothing here",
            null, "acknowledge notifiers run for edge pins of the vector too, whether an edge or a level is ended. Not "
            + "modelled: they run for level pins of that vector too, in service or not, and not at a rewrite to edge",
            "KVM ran: a resample irqfd on an edge pin fires on EOI; ioapic.c, kvm_ioapic_update_eoi_one"),
        new(Chip, nameof(EveryDriveCounts), "an edge is a transition; driving a pin that is already high is not one",
            "the level of a pin is not stored: each call that drives it high is an edge of an edge pin, and a request of a "
            + "level pin", null,
            "QEMU 7.2 by qtest: repeating level 1 on an edge pin delivers again, and on a pin whose entry became level in "
            + "between delivers; ioapic.c, ioapic_set_irq"),
        new(Chip, nameof(StormCountsAtEoi), "there is no storm brake; Wirq's own counts consecutive EOIs that find the "
            + "line still asserted, and its count stays until the line falls",
            StormCount, StormCount,
            "QEMU 7.2 by qtest: 10,000 EOIs of a held line; ioapic.c, ioapic_eoi_broadcast, delayed_ioapic_service_cb. "
            + "KVM ran: 10,000 EOIs of a held line; ioapic.c, kvm_ioapic_update_eoi_one, kvm_ioapic_eoi_inject_work"),
        new(Chip, nameof(StormEndsForAll), "the storm brake holds a pin until its time is over or its line falls",
            "any service of another pin releases the braked one. Not modelled: if that other pin has the vector of the braked "
            + "pin and a lower number, QEMU ends the braked one in the same broadcast and sends it twice", null,
            "QEMU 7.2 by qtest: 10,000 EOIs of a held line; ioapic.c, ioapic_service"),
        new(Chip, nameof(LevelInEveryMode), "SMI, NMI, INIT and ExtINT entries are edge; their level bit has no effect "
            + "(82093AA, 3.2.4)",
            "with the level bit they send trigger mode 1 and set Remote IRR",
            "with the level bit they are level entries: Remote IRR is set if the message is accepted",
            "QEMU 7.2 by qtest: the trace has trigger_mode 1, and the entry reads Remote IRR; ioapic.c, ioapic_service; KVM ran "
            + "with ExtINT, compared over random inputs; ioapic.c, ioapic_service"),
        new(Chip, nameof(ReservedBitsStored), "reserved bits of an entry read 0 (82093AA, 3.2.4)",
            "they keep the written value", "they keep the written value",
            "QEMU 7.2 by qtest: 0xFFFE0031 reads back whole; ioapic.c, IOAPIC_RW_BITS; KVM ran, compared over random inputs"),
        new(Chip, nameof(EoiRegisterIsWide), "the EOI register takes the vector in bits 7:0 (82801 data sheets)",
            "writes of less than 32 bits have no effect, and a value above 255 matches no entry", null,
            "QEMU 7.2 by qtest; ioapic.c, ioapic_mem_write"),
        new(Chip, nameof(RegistersRepeat), "IOREGSEL, IOWIN and the EOI register are at 0x00, 0x10 and 0x40 (82093AA, 3.1)",
            "they repeat every 256 bytes of the page", null, "QEMU 7.2 by qtest; ioapic.c, ioapic_mem_read"),
        new(Chip, nameof(AbsentReadOnes), "a register that IOREGSEL selects and that does not exist reads 0 (here; 82093AA: reserved)",
            null, "it reads 0xFFFFFFFF", "KVM ran, compared over random inputs"),
        new(Chip, nameof(EoiServesEveryPin), "an EOI serves the pins whose level interrupt it ends, and an edge is sent once",
            null, "the EOI of a level vector serves every unmasked pin of that vector whose line is high: an edge pin sends "
            + "again, and one whose line rose under its mask sends now", "KVM ran, compared over random inputs; ioapic.c, "
            + "kvm_ioapic_update_eoi_one"),
        new(Chip, nameof(DestinationIsByte), "bits 55:48 are reserved (82093AA, 3.2.4), or a wider destination or a remapping "
            + "table's entry, where the machine has them", null, "they are stored, and are not part of the message",
            "KVM ran, compared over random inputs"),
        new(Chip, nameof(LevelDriveCounts), "driving a pin that is already high has no effect", null,
            "driving a level pin that is already high is a request: a refused message is sent again",
            "KVM ran, compared over random inputs; ioapic.c, ioapic_set_irq"),
        new(Chip, nameof(RemoteIrrForNobody), "Remote IRR is set when a local APIC accepts (82093AA, 3.2.4)", null,
            "it is also set if every local APIC was checked (local APIC, `DestinationTable`) and none was addressed",
            "KVM ran, compared over random inputs; ioapic.c, ioapic_service: any answer but 0 counts"),
        new(Chip, nameof(WindowAnyWidth), "IOWIN is accessed by 32 bits (82093AA, 3.1)", null,
            "it accepts accesses of 8, 16 and 64 bits too: the written value is extended by zeros",
            "read: KVM ioapic.c, ioapic_mmio_read and ioapic_mmio_write"),
    ];

    /// <summary>Whether an entry is level-triggered.</summary>
    internal bool IsLevel(RedirectionEntry entry) => LevelInEveryMode ? entry.LevelBitSet : entry.Level;

    /// <summary>Whether an answer to a level message sets Remote IRR, if its sending did not.</summary>
    internal bool SetsRemoteIrr(RefusalReason reason) =>
        reason == RefusalReason.None || RemoteIrrForNobody && reason == RefusalReason.NoDestination;

    /// <summary>The message that an entry sends.</summary>
    internal Msi MessageOf(RedirectionEntry entry) =>
        (DestinationIsByte ? entry.WithByteDestination : entry).MessageOf(IsLevel(entry));

    internal static IoApicProfile Of(Profile profile) => profile switch
    {
        Profile.Qemu => new(PolarityIgnored: true, RemoteIrrAtSend: true, LatchedRequest: true, PinZeroIsTwo: true, AcksEdgePins: false,
            EveryDriveCounts: true, StormCountsAtEoi: true, StormEndsForAll: true, LevelInEveryMode: true, ReservedBitsStored: true, EoiRegisterIsWide: true,
            RegistersRepeat: true, AbsentReadOnes: false, EoiServesEveryPin: false, DestinationIsByte: false, LevelDriveCounts: false,
            RemoteIrrForNobody: false, WindowAnyWidth: false),
        Profile.Kvm => new(PolarityIgnored: true, RemoteIrrAtSend: false, LatchedRequest: false, PinZeroIsTwo: false, AcksEdgePins: true,
            EveryDriveCounts: false, StormCountsAtEoi: true, StormEndsForAll: false, LevelInEveryMode: true, ReservedBitsStored: true, EoiRegisterIsWide: false,
            RegistersRepeat: false, AbsentReadOnes: true, EoiServesEveryPin: true, DestinationIsByte: true, LevelDriveCounts: true,
            RemoteIrrForNobody: true, WindowAnyWidth: true),
        _ => default,
    };
}
