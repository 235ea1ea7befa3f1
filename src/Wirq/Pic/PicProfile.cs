namespace Wirq;

/// <summary>Differences of a chip from the data sheet. Each has a row of its name in <see cref="PicProfile.Rows"/>,
/// which names the implementations and enables the difference.</summary>
[Flags]
internal enum PicQuirks
{
    None = 0,
    EdgeOutlivesLine = 1 << 0,
    IntrFallsWithLine = 1 << 1,
    TriggerChangeKeepsIrr = 1 << 2,
    UnprogrammedRequests = 1 << 3,
    Icw1RearmsHeldPins = 1 << 4,
    Icw1KeepsInService = 1 << 5,
    Icw1ClearsModes = 1 << 6,
    SingleIgnored = 1 << 7,
    LtimIgnored = 1 << 8,
    Icw3Ignored = 1 << 9,
    SpecialMaskIgnored = 1 << 10,
    SpecialMaskEoiEndsMasked = 1 << 11,
    NestedModeUnblocksBelow = 1 << 12,
    ChipsSettleApart = 1 << 13,
    CascadePulses = 1 << 14,
    IdlePollReadsZero = 1 << 15,
    PollEndsInterrupt = 1 << 16,
    AcksEdges = 1 << 17,
    AcksIdleEoi = 1 << 18,
    InitialisationLeavesInt = 1 << 19,
    IdleCommandLeavesInt = 1 << 20,
    Ocw3LeavesInt = 1 << 21,
    TriggersLeaveInt = 1 << 22,
    IdlePollLeavesInt = 1 << 23,
    AutoEoiKeepsInService = 1 << 24,
    Icw1LeavesInt = 1 << 25,
    Icw1KeepsPoll = 1 << 26,
    CascadePollLeavesInt = 1 << 27,
}

/// <summary>How a profile's 8259 differs from the data sheet.</summary>
internal static class PicProfile
{
    private const string Qemu = "QEMU hw/intc/i8259.c", Kvm = "Linux arch/x86/kvm/i8259.c",
        Ran = "Ran: KVM of Linux 6.18, compared over random inputs.";

    internal static readonly ProfileDifference[] Rows =
    [
        Row(nameof(PicQuirks.EdgeOutlivesLine),
            "A request must be held until the first INTA: when its line falls, the IRR bit falls (8259A, "
            + "\"Edge and Level Triggered Modes\").",
            "An edge request stays latched until INTA.",
            "An edge request stays latched until INTA.",
            "Measured: QEMU 7.2 gives a pulse that ended before INTA its own vector; KVM_GET_IRQCHIP shows "
            + "the IRR bit after the line dropped."),
        Row(nameof(PicQuirks.IntrFallsWithLine),
            "When the line that INT stands for falls before INTA, INT stays up and the CPU is given IR7 "
            + "(8259A, \"Edge and Level Triggered Modes\").",
            "INT falls with a level request.",
            "INT falls with a level request.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu}, pic_set_irq and pic_update_irq; {Kvm}, pic_update_irq: INT is computed from IRR alone."),
        Row(nameof(PicQuirks.TriggerChangeKeepsIrr),
            "IRR follows the pins by the trigger mode that is in force.",
            "A change of ELCR leaves IRR as it is until the pin is driven again.",
            "A change of ELCR leaves IRR as it is until the pin is driven again.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, elcr_ioport_write only stores the byte; IRR is written where a pin is set."),
        Row(nameof(PicQuirks.UnprogrammedRequests),
            "A chip accepts requests once its initialisation words are programmed (8259A, \"Operation "
            + "Command Words\"): INT is low until the last of them.",
            "INT rises before and during initialisation.",
            "INT rises before and during initialisation.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, pic_get_irq does not look at init_state."),
        Row(nameof(PicQuirks.Icw1RearmsHeldPins),
            "After ICW1 an input must go from low to high to make a request (8259A, \"Initialization Command Words\").",
            "ICW1 forgets the level of the pins: one that is high and is driven high again makes a request.",
            "ICW1 forgets the level of the pins: one that is high and is driven high again makes a request.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu}, pic_reset_common, and {Kvm}, kvm_pic_reset, clear last_irr."),
        Row(nameof(PicQuirks.Icw1KeepsInService),
            "ICW1 starts the chip afresh: nothing is in service (the data sheet's list does not name the ISR).",
            null,
            "ICW1 clears the in-service bits of pending edge requests only; and of none where no CPU lets INTR through LINT0, which "
            + "is not shown.",
            $"{Ran} {Kvm}, kvm_pic_reset calls pic_clear_isr for edge_irr alone."),
        Row(nameof(PicQuirks.Icw1ClearsModes),
            "ICW1 clears what the data sheet lists, and what ICW4 selects where IC4 is 0; rotation in "
            + "automatic EOI and the vectors stay.",
            "ICW1 also clears rotation in automatic EOI, the vectors, and what ICW4 selects whatever IC4 is.",
            null,
            $"Ran: QEMU 7.2 by qtest. Read: {Qemu}, pic_reset_common."),
        Row(nameof(PicQuirks.SingleIgnored),
            "With SNGL set no ICW3 follows (8259A, \"Initialization Command Words 1 and 2\").",
            null,
            "ICW3 is awaited whatever SNGL is.",
            $"{Ran} {Kvm}, pic_ioport_write reports \"single mode not supported\"."),
        Row(nameof(PicQuirks.LtimIgnored),
            "With LTIM set every input of the chip is level-triggered.",
            "LTIM does nothing.",
            "LTIM does nothing.",
            $"Ran: QEMU 7.2 by qtest (it has LTIM since ecb0e98b4f of 2023). {Ran} {Kvm}, pic_ioport_write reports "
            + "\"level sensitive irq not supported\"."),
        Row(nameof(PicQuirks.Icw3Ignored),
            "The master yields to a slave where its ICW3 says so, and the slave with that id answers (8259A, "
            + "\"Initialization Command Word 3\").",
            "ICW3 has no effect: input 2 always yields to the slave.",
            "ICW3 has no effect: input 2 always yields to the slave.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}: the value written as ICW3 is not stored."),
        Row(nameof(PicQuirks.SpecialMaskIgnored),
            "In special mask mode an in-service input that is masked blocks no other (8259A, \"Special Mask Mode\").",
            null,
            "Special mask mode is stored and has no effect.",
            $"{Ran} {Kvm}, pic_get_irq does not look at special_mask."),
        Row(nameof(PicQuirks.SpecialMaskEoiEndsMasked),
            "In special mask mode a non-specific EOI does not clear an in-service bit that is masked (8259A, "
            + "\"End of Interrupt\").",
            "A non-specific EOI ends the in-service input of highest priority, masked or not.",
            "A non-specific EOI ends the in-service input of highest priority, masked or not.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, pic_ioport_write takes the priority of the whole ISR."),
        Row(nameof(PicQuirks.NestedModeUnblocksBelow),
            "In special fully nested mode a slave in service does not block itself, but blocks what is below "
            + "it (8259A, \"The Special Fully Nested Mode\").",
            "In special fully nested mode a slave in service blocks nothing.",
            "In special fully nested mode a slave in service blocks nothing.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, pic_get_irq leaves bit 2 out of the ISR."),
        Row(nameof(PicQuirks.ChipsSettleApart),
            "INT of a slave falls at its INTA and rises again for the next request, an edge that the master sees; INT of "
            + "each chip follows whatever changes.",
            "INT of a chip is looked at when something happens to that chip, and input 2 is driven when INT of the slave "
            + "is. So INT of a slave in automatic EOI stays up over INTA while another request waits, which the master "
            + "does not see before INT falls; and after ICW1 at the master, a slave whose INT is up waits until it is "
            + "next written or driven. An INTA that finds nothing leaves INT as it is, and the CPU asks again when INT is "
            + "driven again.",
            null,
            $"Ran: QEMU 7.2 by qtest. Read: {Qemu}, pic_update_irq is called for one chip."),
        Row(nameof(PicQuirks.CascadePulses),
            "The master's input 2 is INT of the slave, edge-triggered.",
            null,
            "Whenever the pair is brought up to date, a request of the slave makes a new edge at the master, "
            + "where it stays latched.",
            $"{Ran} {Kvm}, pic_update_irq sets and clears input 2."),
        Row(nameof(PicQuirks.IdlePollReadsZero),
            "A poll that finds nothing reads the default level 7 with bit 7 clear.",
            "It reads 0x00.",
            null,
            $"Measured: QEMU 7.2 reads 0x00. {Ran} {Kvm}, pic_poll_read gives 0x07."),
        Row(nameof(PicQuirks.PollEndsInterrupt),
            "A poll has the effect of INTA: the in-service bit is set and waits for its EOI (8259A, \"Poll Command\").",
            null,
            "A poll clears the request, level or not, sets no in-service bit and acknowledges the line; one "
            + "of the slave clears request and service of the master's input 2.",
            $"{Ran} {Kvm}, pic_poll_read; that the line is acknowledged is read, for the comparison has no notifier."),
        Row(nameof(PicQuirks.AcksEdges),
            "The end of an edge interrupt acknowledges nobody.",
            null,
            "The end of an edge interrupt notifies the holders of the line as that of a level one does.",
            $"Read: {Kvm}, pic_clear_isr calls kvm_notify_acked_irq whatever ELCR says. The comparison has no notifier."),
        Row(nameof(PicQuirks.AcksIdleEoi),
            "A specific EOI of an input that is not in service does nothing.",
            null,
            "A specific EOI acknowledges the line, in service or not.",
            $"Read: {Kvm}, pic_clear_isr does not look whether the bit was set. The comparison has no notifier."),
        Row(nameof(PicQuirks.InitialisationLeavesInt),
            "INT follows the registers at every word.",
            "ICW2 to ICW4 leave INT as it is, whatever they change.",
            "ICW2 to ICW4 leave INT as it is, whatever they change.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, pic_ioport_write."),
        Row(nameof(PicQuirks.IdleCommandLeavesInt),
            "INT follows the registers at every word.",
            "An OCW2 that changes neither ISR nor priorities leaves INT as it is.",
            "An OCW2 that changes neither ISR nor priorities leaves INT as it is.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, pic_ioport_write."),
        Row(nameof(PicQuirks.Ocw3LeavesInt),
            "INT follows the registers at every word.",
            "OCW3 leaves INT as it is: special mask mode shows at the next word or pin.",
            "OCW3 leaves INT as it is.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, pic_ioport_write."),
        Row(nameof(PicQuirks.TriggersLeaveInt),
            "INT follows the registers at every word.",
            "A write of ELCR leaves INT as it is.",
            "A write of ELCR leaves INT as it is.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, elcr_ioport_write."),
        Row(nameof(PicQuirks.IdlePollLeavesInt),
            "INT falls at the end of a poll that finds nothing.",
            "A poll that finds nothing leaves INT as it is.",
            null,
            $"Ran: QEMU 7.2 by qtest. Read: {Qemu}, pic_ioport_read."),
        Row(nameof(PicQuirks.AutoEoiKeepsInService),
            "Automatic EOI clears the in-service bit at the end of INTA (8259A, \"Automatic End of Interrupt Mode\").",
            "INTA with automatic EOI does not touch the ISR: a bit that was set before the mode stays set.",
            null,
            $"Ran: QEMU 7.2 by qtest. Read: {Qemu}, pic_intack."),
        Row(nameof(PicQuirks.Icw1LeavesInt),
            "ICW1 takes every edge request back, and INT falls with them.",
            null,
            "ICW1 leaves INT as it is: the INTA that follows finds nothing, and is spurious.",
            $"{Ran} {Kvm}, kvm_pic_reset."),
        Row(nameof(PicQuirks.Icw1KeepsPoll),
            "ICW1 starts the chip afresh: no poll is due.",
            null,
            "A poll that is due stays so over ICW1.",
            $"{Ran} {Kvm}, kvm_pic_reset."),
        Row(nameof(PicQuirks.CascadePollLeavesInt),
            "A poll of the master has the effect of INTA, and INT follows.",
            null,
            "A poll of the master that finds input 2 leaves INT as it is, and does not look at the slave.",
            $"{Ran} {Kvm}, pic_poll_read."),
    ];

    private static readonly PicQuirks QemuQuirks = Of(static row => row.Qemu), KvmQuirks = Of(static row => row.Kvm);

    /// <summary>The differences of a profile.</summary>
    internal static PicQuirks Quirks(Profile profile) => profile switch
    {
        Profile.Qemu => QemuQuirks,
        Profile.Kvm => KvmQuirks,
        _ => PicQuirks.None,
    };

    private static PicQuirks Of(Func<ProfileDifference, string?> column)
    {
        PicQuirks quirks = PicQuirks.None;
        foreach (ProfileDifference row in Rows)
            quirks |= column(row) is null ? PicQuirks.None : Enum.Parse<PicQuirks>(row.Id);
        return quirks;
    }

    private static ProfileDifference Row(string id, string manual, string? qemu, string? kvm, string evidence) =>
        new("8259", id, manual, qemu, kvm, evidence);
}
