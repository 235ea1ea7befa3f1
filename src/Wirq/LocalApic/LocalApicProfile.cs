using Wirq.Events;

namespace Wirq;

/// <summary>How a profile's local APIC differs from the Intel SDM. Evidence "ran" was executed: QEMU 7.2 with TCG and a
/// guest stub, and KVM of Linux 6.18 through its ioctls. Evidence that names a file was read there: QEMU's
/// <c>hw/intc/apic.c</c> before x2APIC was added to it (8.2), and <c>arch/x86/kvm/lapic.c</c> of Linux 6.16.</summary>
/// <remarks>Not modelled: KVM's minimum of 200 µs for a period. Also QEMU's LINT0, which passes INTR in every mode
/// while it is unmasked, and removes a level vector from IRR when the pin falls.</remarks>
internal static class LocalApicProfile
{
    private const string Chip = "local APIC";

    internal static readonly ProfileDifference[] Rows =
    [
        new(Chip, nameof(ApicQuirks.AcceptsWhileDisabled),
            "a software-disabled local APIC refuses Fixed and LowestPriority messages (SDM 11.4.7.2)",
            "IRR takes them", null, "QEMU ran: IRR accepts while SVR off"),
        new(Chip, nameof(ApicQuirks.HoldsWhileDisabled),
            "an interrupt that is pending when the local APIC is software-disabled can still be taken (SDM 11.4.7.2)",
            "nothing is taken until it is enabled again", null, "QEMU ran: by a stub ROM; apic.c, apic_irq_pending"),
        new(Chip, nameof(ApicQuirks.EntriesIgnoreDisable),
            "software disable masks every LVT entry and keeps it masked (SDM 11.4.7.2)",
            "entries keep their mask bits and can be unmasked", null, "QEMU ran: LVT unmaskable while SVR off"),
        new(Chip, nameof(ApicQuirks.AnyVectorAccepted),
            "a vector below 16 is neither sent nor accepted and sets ESR bits 5 and 6 (SDM 11.5.2, 11.5.3)",
            "it is sent and accepted, ESR stays 0", "it is sent and accepted, ESR stays 0",
            "QEMU ran, KVM ran: vectors below 16 accepted"),
        new(Chip, nameof(ApicQuirks.LowVectorsTaken),
            "vectors below 16 have priority class 0, which no processor priority lets through (SDM 11.8.3)",
            "vectors 1 to 15 are taken while PPR is 0", null, "QEMU ran: by a stub ROM; apic.c, apic_irq_pending"),
        new(Chip, nameof(ApicQuirks.ErrorsAddressOnly),
            "errors are recorded, shown by a write to the ESR, and raise the LVT error interrupt (SDM 11.5.3)",
            "only bit 7 is recorded; it shows at once, is never cleared and raises nothing", null,
            "QEMU apic.c, apic_mem_read and apic_mem_write"),
        new(Chip, nameof(ApicQuirks.ErrorsAbsent),
            "errors are recorded, shown by a write to the ESR, and raise the LVT error interrupt (SDM 11.5.3)",
            null, "the ESR reads 0 and the LVT error interrupt is never raised",
            "KVM lapic.c, kvm_lapic_reg_write: no error is ever recorded"),
        new(Chip, nameof(ApicQuirks.LowestIndexWins),
            "LowestPriority goes to the addressed processor with the lowest PPR (SDM 11.6.2.4)",
            "it goes to the lowest index, enabled or not", null, "QEMU ran: always the lowest index, TPR ignored"),
        new(Chip, nameof(ApicQuirks.VectorPicksWinner),
            "LowestPriority goes to the addressed processor with the lowest PPR (SDM 11.6.2.4)",
            null, "n is the vector modulo the number of bits that the destination sets. The message goes to the local APIC of the "
            + "nth set bit, counted from 0. It is lost if that bit has no software-enabled local APIC. If every local APIC is "
            + "checked (`DestinationTable`), n counts those that are addressed and enabled. With the hint, a message of any mode "
            + "does the same; with physical 0xFF the hint makes it Fixed. LowestPriority without the hint reaches all of physical 0xFF",
            "KVM ran, in the flat and the cluster model and in x2APIC mode, compared over random messages; lapic.c, "
            + "kvm_vector_to_index, kvm_irq_delivery_to_apic"),
        new(Chip, nameof(ApicQuirks.HintIgnored),
            "a redirection hint makes a logical message go to one processor (SDM 11.11.1)",
            "all addressed processors get it", null, "QEMU apic.c, apic_send_msi"),
        new(Chip, nameof(ApicQuirks.NoLogicalBroadcast),
            "logical destination 0xFF reaches every local APIC in xAPIC mode (SDM 11.6.2.2)",
            "it is a plain mask: in the cluster model it reaches no local APIC outside cluster 15", null,
            "QEMU ran: cluster broadcast and logical 0xFF in cluster mode reach no local APIC"),
        new(Chip, nameof(ApicQuirks.DisableIsFinal),
            "IA32_APIC_BASE.EN can be set again (SDM 11.4.3)",
            "once cleared it cannot be set again", null, "QEMU ran: APICBASE.EN cannot be re-set once cleared"),
        new(Chip, nameof(ApicQuirks.BaseNeverFaults),
            "reserved bits and illegal transitions of IA32_APIC_BASE raise #GP (SDM 11.4.4, 11.12.5)",
            "reserved and unknown bits are dropped", null, "QEMU apic.c, apic_set_base"),
        new(Chip, nameof(ApicQuirks.PageStays),
            "the register page follows IA32_APIC_BASE and goes away with EN (SDM 11.4.5)",
            "it stays at 0xFEE00000", null, "QEMU apic.c, apic_set_base: the region is mapped once"),
        new(Chip, nameof(ApicQuirks.DisableKeepsState),
            "hardware disable brings the registers to their state after reset (SDM 11.4.3)",
            "they keep their values; SVR is software-disabled", "they keep their values",
            "QEMU apic.c, apic_set_base; KVM lapic.c, __kvm_apic_set_base"),
        new(Chip, nameof(ApicQuirks.DisabledStaysOnBus),
            "a hardware-disabled local APIC has no part in the bus, and its timer and pins deliver nothing (SDM 11.4.3)",
            "it accepts messages, its interrupts are taken and it signals EOI as before, once SVR enables it", null,
            "QEMU ran: kvm-unit-tests x86/ioapic.flat with one CPU clears IA32_APIC_BASE.EN and still takes interrupts "
            + "(cpu_set_apic_base, apic_report_irq_delivered); apic.c checks EN for INTR only"),
        new(Chip, nameof(ApicQuirks.NoX2Apic),
            "x2APIC mode, where CPUID says so (SDM 11.12)", "there is none", null, "QEMU ran: no x2APIC under TCG"),
        new(Chip, nameof(ApicQuirks.NoTscDeadline),
            "TSC-deadline mode, where CPUID says so (SDM 11.5.4.1)", "there is none", null,
            "QEMU ran: TSC-deadline unsupported by TCG"),
        new(Chip, nameof(ApicQuirks.ByteBroadcastReachesX2Apic),
            "destination 0xFF is an ordinary id to a local APIC in x2APIC mode (SDM 11.12.9)",
            null, "a message (not an IPI) to 0xFF reaches it too, unless the quirk is disabled",
            "KVM ran: without KVM_X2APIC_API_USE_32BIT_IDS and DISABLE_BROADCAST_QUIRK 0xFF broadcasts"),
        new(Chip, nameof(ApicQuirks.WideBroadcastMissesXApic),
            "destination 0xFFFFFFFF reaches every local APIC (SDM 11.12.9)",
            null, "it reaches those in x2APIC mode only", "KVM lapic.c, kvm_apic_broadcast"),
        new(Chip, nameof(ApicQuirks.WideIdReachesXApic),
            "a local APIC in xAPIC mode is addressed by its 8-bit id alone (SDM 11.6.2.1)",
            null, "a physical destination above 255 reaches the one that has it as its x2APIC id",
            "KVM lapic.c, kvm_apic_match_physical_addr"),
        new(Chip, nameof(ApicQuirks.SuppressionIgnored),
            "SVR bit 12 keeps the EOI of a level interrupt from the I/OAPICs (SDM 11.8.5)",
            null, "the bit is advertised and kept, and the EOI is broadcast even so",
            "KVM ran: EOI exits despite SVR bit 12 while KVM_X2APIC_ENABLE_SUPPRESS_EOI_BROADCAST is off"),
        new(Chip, nameof(ApicQuirks.EdgeEoiBroadcasts),
            "only the EOI of a vector with its TMR bit set is broadcast (SDM 11.8.5)",
            null, "TMR is not checked: the EOI of an edge vector is broadcast too. With a split irqchip userspace cannot "
            + "distinguish it from that of a level vector; KVM's own I/OAPIC acknowledges holders, and ends no interrupt",
            "KVM ran: an edge delivery on a vector that has a level route also exits; ioapic.c, kvm_ioapic_update_eoi_one"),
        new(Chip, nameof(ApicQuirks.ExtIntIsFixed),
            "an ExtINT message makes the CPU fetch the vector from the 8259 (SDM 11.5.1)",
            "its own vector is set in IRR", null, "QEMU apic.c, apic_bus_deliver"),
        new(Chip, nameof(ApicQuirks.ExtIntDropped),
            "an ExtINT message makes the CPU fetch the vector from the 8259 (SDM 11.5.1)",
            null, "it is dropped", "KVM lapic.c, __apic_accept_irq"),
        new(Chip, nameof(ApicQuirks.ShorthandAnyMode),
            "shorthands that include the sender are valid in Fixed mode only (SDM 11.6.1, table 11-3)",
            "they are valid in every mode", "they are valid in every mode",
            "QEMU apic.c, apic_deliver; KVM lapic.c, kvm_apic_match_dest"),
        new(Chip, nameof(ApicQuirks.IpiKeepsTrigger),
            "an IPI is always edge (SDM 11.6.1)", "the trigger bit of the ICR counts and sets TMR",
            "the trigger bit of the ICR counts and sets TMR",
            "QEMU ran: by a stub ROM; apic.c, apic_deliver; KVM lapic.c, kvm_apic_send_ipi"),
        new(Chip, nameof(ApicQuirks.DeassertDelivers),
            "a level message whose level bit is clear means that the input was withdrawn: no bit is set (SDM 11.11.2)",
            "the level bit is not checked: the vector is set", "the level bit is not checked: the vector is set",
            "QEMU ran: by a stub ROM; apic.c, apic_send_msi; KVM ran, compared over random messages"),
        new(Chip, nameof(ApicQuirks.AssertOfIpiOnly),
            "INIT level de-assert resets no CPU (SDM 11.4.7.4), and the level bit of another IPI has no meaning (11.6.1)",
            null, "the level bit has an effect in an IPI only. A message of mode INIT resets with either level bit, and a Fixed "
            + "IPI with trigger level and a clear level bit sets no vector", "KVM irq_comm.c, kvm_set_msi_irq; lapic.c, __apic_accept_irq"),
        new(Chip, nameof(ApicQuirks.FormatUnchecked),
            "modes 011 and 110 are reserved in a message (SDM 11.11.2), and address bit 4 names a remapping table's entry",
            null, "only the other bits are checked: mode 110 is a start-up, and mode 011 is accepted and sets no vector (it "
            + "makes a halted CPU continue, which is not modelled)", "KVM ran, compared over random messages and entries"),
        new(Chip, nameof(ApicQuirks.DestinationTable),
            "each local APIC decides by itself whether it is addressed (SDM 11.6.2)",
            null, "destinations are looked up in a table. A logical destination finds software-enabled local APICs only. A model "
            + "that is neither flat nor cluster counts as the cluster model, and only the low 8 bits of its destination count. "
            + "0xFFFFFFFF is looked up like any other destination unless KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK is on. Every "
            + "local APIC is checked instead for a broadcast; for a shorthand; and if two have one physical id (with "
            + "KVM_X2APIC_API_USE_32BIT_IDS only the first of them is found). For a logical destination this is also done if the "
            + "enabled local APICs have different models or modes, or if their logical ids are not one distinct bit each",
            "KVM ran, compared over random messages; lapic.c, kvm_recalculate_apic_map"),
        new(Chip, nameof(ApicQuirks.WideLogicalIsFlat),
            "a logical destination above 0xFF addresses no local APIC in xAPIC mode",
            null, "its low 8 bits count in the flat model", "KVM ran, compared over random messages"),
        new(Chip, nameof(ApicQuirks.X2ApicLdrStays),
            "after x2APIC mode is left, LDR has its reset value (SDM 11.4.3, 11.12.5.1)",
            null, "LDR keeps its value of x2APIC mode",
            "KVM ran, compared over random messages; lapic.c, kvm_apic_set_x2apic_id"),
        new(Chip, nameof(ApicQuirks.EoiByDestination),
            "the EOI of a level vector reaches every I/OAPIC (SDM 11.8.5)",
            null, "it reaches an I/OAPIC only if a level entry of that vector sends to the CPU that ends it. An entry of pin 8 "
            + "(the real-time clock), or of a line with a sampled source, counts with any trigger mode. It also reaches the "
            + "I/OAPIC once if the vector was pending or in service at that CPU when the entry was written. That write checks "
            + "the CPUs that the new entry addresses, and the CPUs that the old destination addresses in the new destination "
            + "mode. The EOIs of a CPU that a change of the mode leaves out are reported as before, until it is checked for "
            + "another reason. For pin 8 see below",
            "KVM ran, compared over random inputs; ioapic.c, kvm_ioapic_scan_entry, ioapic_write_indirect; lapic.c, "
            + "kvm_ioapic_send_eoi, apic_set_spiv"),
        new(Chip, nameof(ApicQuirks.Lint0OpenAtReset),
            "every LVT entry is masked after reset and INIT (SDM 11.4.7.1)",
            null, "LINT0 of the bootstrap processor is ExtINT, unmasked",
            "KVM lapic.c, kvm_lapic_reset: KVM_X86_QUIRK_LINT0_REENABLED, on by default"),
        new(Chip, nameof(ApicQuirks.ModeChangeClearsCount),
            "entering or leaving TSC-deadline mode disarms the timer (SDM 11.5.4.1); the initial count stays",
            null, "the initial count is cleared as well", "KVM lapic.c, apic_update_lvtt"),
        new(Chip, nameof(ApicQuirks.TimerReckonsFromLoad),
            "the timer counts down from the initial count and stops, or starts again, at zero, masked or not; a new divisor "
            + "counts at once (SDM 11.5.4)",
            "each expiry is calculated from the time at which the initial count was written, and is one tick later than the "
            + "count says. A masked timer never expires. A write of the LVT entry calculates again: a one-shot count that has "
            + "ended continues as a periodic one. A write of the divisor changes the current count at once, and the expiry at "
            + "the next calculation",
            null, "QEMU ran: a periodic entry written after a masked one-shot count has ended makes ticks; apic.c, "
            + "apic_next_timer, apic_get_current_count"),
        new(Chip, nameof(ApicQuirks.ReservedBitsStored),
            "reserved bits of the ICR and of an LVT entry read 0 (SDM 11.5.1, 11.6.1)",
            "all 32 bits of each keep the written value, status and Remote IRR too, and the polarity of LINT0 has no effect", null,
            "QEMU ran: by a stub ROM; apic.c, apic_mem_write"),
        new(Chip, nameof(ApicQuirks.NoCmci),
            "the CMCI entry of the LVT, where the version register counts it (SDM 11.5.1)",
            "there is none", null, "QEMU ran: the version register reads 0x00050014"),
        new(Chip, nameof(ApicQuirks.NoEoiSuppression),
            "EOI-broadcast suppression, where the version register says so (SDM 11.8.5)",
            "there is none", null, "QEMU ran: the version register reads 0x00050014"),
    ];

    internal static ApicQuirks Quirks(Profile profile) => profile switch
    {
        Profile.Qemu => new()
        {
            AcceptsWhileDisabled = true, HoldsWhileDisabled = true, EntriesIgnoreDisable = true,
            AnyVectorAccepted = true, LowVectorsTaken = true, ErrorsAddressOnly = true, LowestIndexWins = true,
            HintIgnored = true, NoLogicalBroadcast = true, DisableIsFinal = true, BaseNeverFaults = true,
            PageStays = true, DisableKeepsState = true, DisabledStaysOnBus = true, NoX2Apic = true, NoTscDeadline = true, ExtIntIsFixed = true,
            ShorthandAnyMode = true, IpiKeepsTrigger = true, DeassertDelivers = true, TimerReckonsFromLoad = true,
            ReservedBitsStored = true, NoCmci = true, NoEoiSuppression = true,
        },
        Profile.Kvm => new()
        {
            AnyVectorAccepted = true, ErrorsAbsent = true, VectorPicksWinner = true, DisableKeepsState = true,
            ByteBroadcastReachesX2Apic = true, WideBroadcastMissesXApic = true, WideIdReachesXApic = true,
            SuppressionIgnored = true, EdgeEoiBroadcasts = true, ExtIntDropped = true, ShorthandAnyMode = true,
            IpiKeepsTrigger = true, Lint0OpenAtReset = true, ModeChangeClearsCount = true, AssertOfIpiOnly = true, DeassertDelivers = true,
            FormatUnchecked = true, EoiByDestination = true, DestinationTable = true, WideLogicalIsFlat = true,
            X2ApicLdrStays = true,
        },
        _ => default,
    };
}
