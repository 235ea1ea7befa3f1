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
            "If the line that caused INT falls before INTA, INT stays high and the CPU gets the vector of IR7 "
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
            "ICW1 clears the stored levels of the pins: a pin that is high and is driven high again makes a request.",
            "ICW1 clears the stored levels of the pins: a pin that is high and is driven high again makes a request.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu}, pic_reset_common, and {Kvm}, kvm_pic_reset, clear last_irr."),
        Row(nameof(PicQuirks.Icw1KeepsInService),
            "ICW1 restarts the chip: no interrupt is in service (the data sheet's list does not name the ISR).",
            null,
            "ICW1 clears the in-service bits of pending edge requests only. It clears none if no CPU passes INTR through LINT0, "
            + "which is not modelled.",
            $"{Ran} {Kvm}, kvm_pic_reset calls pic_clear_isr for edge_irr alone."),
        Row(nameof(PicQuirks.Icw1ClearsModes),
            "ICW1 clears what the data sheet lists, and what ICW4 selects if IC4 is 0. Rotation in "
            + "automatic EOI and the vectors are kept.",
            "ICW1 also clears rotation in automatic EOI, the vectors, and, with either IC4, what ICW4 selects.",
            null,
            $"Ran: QEMU 7.2 by qtest. Read: {Qemu}, pic_reset_common."),
        Row(nameof(PicQuirks.SingleIgnored),
            "With SNGL set no ICW3 follows (8259A, \"Initialization Command Words 1 and 2\").",
            null,
            "ICW3 is expected with SNGL set too.",
            $"{Ran} {Kvm}, pic_ioport_write reports \"single mode not supported\"."),
        Row(nameof(PicQuirks.LtimIgnored),
            "With LTIM set every input of the chip is level-triggered.",
            "LTIM has no effect.",
            "LTIM has no effect.",
            $"Ran: QEMU 7.2 by qtest (it has LTIM since ecb0e98b4f of 2023). {Ran} {Kvm}, pic_ioport_write reports "
            + "\"level sensitive irq not supported\"."),
        Row(nameof(PicQuirks.Icw3Ignored),
            "The master leaves the vector to a slave on the inputs that its ICW3 names, and the slave with that id answers (8259A, "
            + "\"Initialization Command Word 3\").",
            "ICW3 has no effect: the vector of input 2 is always the slave's.",
            "ICW3 has no effect: the vector of input 2 is always the slave's.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}: the value written as ICW3 is not stored."),
        Row(nameof(PicQuirks.SpecialMaskIgnored),
            "In special mask mode an in-service input that is masked does not block others (8259A, \"Special Mask Mode\").",
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
            "INT of a slave falls at its INTA and rises again for the next request, which is an edge at the master. INT of "
            + "each chip is updated after every change.",
            "INT of a chip is computed only when that chip is accessed or driven, and input 2 is driven when INT of the slave "
            + "is. So with automatic EOI, INT of a slave stays high over INTA while another request waits, and the master has "
            + "no edge for it before INT falls. After ICW1 at the master, a slave whose INT is high waits until it is "
            + "next written or driven. An INTA that finds no request leaves INT as it is, and the CPU runs INTA again when INT "
            + "is driven again.",
            null,
            $"Ran: QEMU 7.2 by qtest. Read: {Qemu}, pic_update_irq is called for one chip."),
        Row(nameof(PicQuirks.CascadePulses),
            "The master's input 2 is INT of the slave, edge-triggered.",
            null,
            "At each update of the pair, a request of the slave makes a new edge at the master, "
            + "where it stays latched.",
            $"{Ran} {Kvm}, pic_update_irq sets and clears input 2."),
        Row(nameof(PicQuirks.IdlePollReadsZero),
            "A poll that finds no request reads the default level 7 with bit 7 clear.",
            "It reads 0x00.",
            null,
            $"Measured: QEMU 7.2 reads 0x00. {Ran} {Kvm}, pic_poll_read gives 0x07."),
        Row(nameof(PicQuirks.PollEndsInterrupt),
            "A poll has the effect of INTA: the in-service bit is set and waits for its EOI (8259A, \"Poll Command\").",
            null,
            "A poll clears the request, level or not, sets no in-service bit and acknowledges the line; one "
            + "of the slave clears request and service of the master's input 2.",
            $"{Ran} {Kvm}, pic_poll_read. The acknowledge of the line was only read in the source: the comparison has no notifier."),
        Row(nameof(PicQuirks.AcksEdges),
            "The end of an edge interrupt acknowledges no holder.",
            null,
            "The end of an edge interrupt notifies the holders of the line, like that of a level interrupt.",
            $"Read: {Kvm}, pic_clear_isr calls kvm_notify_acked_irq without a check of ELCR. The comparison has no notifier."),
        Row(nameof(PicQuirks.AcksIdleEoi),
            "A specific EOI of an input that is not in service has no effect.",
            null,
            "A specific EOI acknowledges the line, in service or not.",
            $"Read: {Kvm}, pic_clear_isr does not check whether the bit was set. The comparison has no notifier."),
        Row(nameof(PicQuirks.InitialisationLeavesInt),
            "INT follows the registers at every word.",
            "ICW2 to ICW4 do not change INT.",
            "ICW2 to ICW4 do not change INT.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, pic_ioport_write."),
        Row(nameof(PicQuirks.IdleCommandLeavesInt),
            "INT follows the registers at every word.",
            "An OCW2 that changes neither ISR nor priorities leaves INT as it is.",
            "An OCW2 that changes neither ISR nor priorities leaves INT as it is.",
            $"Ran: QEMU 7.2 by qtest. {Ran} {Qemu} and {Kvm}, pic_ioport_write."),
        Row(nameof(PicQuirks.Ocw3LeavesInt),
            "INT follows the registers at every word.",
            "OCW3 does not change INT: special mask mode has its effect at the next command word or pin change.",
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
            "ICW1 clears every edge request, and INT falls.",
            null,
            "ICW1 does not change INT: the INTA that follows finds no request, and is spurious.",
            $"{Ran} {Kvm}, kvm_pic_reset."),
        Row(nameof(PicQuirks.Icw1KeepsPoll),
            "ICW1 restarts the chip: a pending poll is dropped.",
            null,
            "A pending poll stays pending over ICW1.",
            $"{Ran} {Kvm}, kvm_pic_reset."),
        Row(nameof(PicQuirks.CascadePollLeavesInt),
            "A poll of the master has the effect of INTA, and INT follows.",
            null,
            "A poll of the master that finds input 2 does not change INT, and does not read the slave.",
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
