using System.Text;

namespace Wirq.Tests.Docs;

/// <summary>Makes <c>docs/profiles.md</c> from the table of profiles. To update the page, run the tests with
/// <c>WIRQ_WRITE_DOCS=1</c>.</summary>
internal static class ProfilePage
{
    internal static string Render()
    {
        var page = new StringBuilder();
        page.Append("""
            # Profiles

            Wirq's chips follow the data sheets and the Intel SDM: profile `manual`. Where a real implementation differs in a way
            that changes state, a profile has that difference: `qemu` (QEMU's userspace chips) or `kvm` (KVM's in-kernel ones). This page is
            made from `src/Wirq/ProfileTable.cs`, the table by which the chips behave; each row has a test that shows the
            difference. A dash means: as in the manual. If both the 8259 and the local APIC have a vector for a CPU, the 8259 is
            first in every profile (`LocalApicFirst` in `src/Wirq/FabricOptions.cs`).

            Profile `kvm` is that of a full in-kernel irqchip. A row says so if it is true with a split irqchip only. The tests of
            `tests/Wirq.Linux.Tests/Differential` drive KVM's 8259 pair, its I/OAPIC with two local APICs, and the acceptance of
            messages by six local APICs with the same random operations as Wirq's, and compare all registers after each: thirty
            thousand operations by default, a million with `WIRQ_LONG=1`, N with `WIRQ_OPERATIONS=N`, other ones with
            `WIRQ_SEED=N`. "Compared over random inputs" means that. "KVM ran" before a sentence means that the statement was
            measured.
            Not compared, because it would end the guest that makes the accesses, or because the host does not have it: SMI, NMI
            and INIT sent by the I/OAPIC, SMI in messages, interprocessor interrupts, timers, and the brake on storms
            ([kernels.md](kernels.md) has tests of that).


            """);
        foreach (IGrouping<string, ProfileDifference> chip in ProfileTable.Rows.GroupBy(row => row.Chip))
        {
            page.Append("## ").Append(chip.Key).Append("\n\n| Name | Manual | QEMU | KVM | Evidence |\n|---|---|---|---|---|\n");
            foreach (ProfileDifference row in chip)
                page.Append("| `").Append(row.Id).Append("` | ").Append(row.Manual).Append(" | ").Append(row.Qemu ?? "–")
                    .Append(" | ").Append(row.Kvm ?? "–").Append(" | ").Append(row.Evidence).Append(" |\n");
            page.Append('\n');
        }
        page.Append("""
            ## Known differences that are not modelled

            QEMU 7.2 does the following, and profile `qemu` does not:

            * An ExtINT entry of the I/OAPIC: the I/OAPIC itself runs the INTA whenever it checks its pins and the request of
              this pin waits, sent or not. The message has the vector of that INTA (ran, by qtest: `pic_interrupt` comes
              before `apic_deliver_irq`). Here the message has the entry's vector, and the CPU runs INTA.
            * A message of the I/OAPIC to destination 0 whose bits 55:48 are not all zero, without a remapping unit: it is a
              write to the registers of the local APIC of the CPU that runs, and is lost if no CPU runs (ran, by qtest). With
              another destination these bits are not checked. Here such a message is refused if bit 48 is set.
            * LINT0: while it is unmasked, the CPU runs INTA for INTR in every delivery mode, and the vector of a level entry
              leaves IRR when INTR falls (read: apic.c, apic_accept_pic_intr and apic_deliver_pic_intr).
            * Two pins with one vector, if the storm brake holds one of them (see `StormEndsForAll`).
            * Accesses of 8 bytes to the I/OAPIC are two of 4 bytes (read: memory.c); here they reach no register.

            KVM does the following, and profile `kvm` does not:

            * Pin 8 of the I/OAPIC, the real-time clock's, if KVM_IRQ_LINE_STATUS drives it (ran, `ClockPinTests` of
              `tests/Wirq.Linux.Tests`; ioapic.c, rtc_irq_check_coalesced). After a rise was sent, and until each CPU that got it
              has ended its vector, KVM returns 0 for a further rise and drops it: no message is sent, neither then nor at the
              EOI, even if the line stays high. Driving it high once more is then a rise. With KVM_IRQ_LINE, which Wirq uses to
              drive KVM, and with an irqfd, the second rise is pending, as with any other pin. Profile `kvm` does the same.
              After KVM_SET_LAPIC, a vector of pin 8 that is in progress counts as one that came by that pin.

            Profile `kvm` is that of Linux 6.18. On an older KVM the comparison leaves out what that KVM does differently:

            * A poll of an 8259 that finds a request reads its number without bit 7 (ran, Linux 6.1).
            * The table of local APICs (`DestinationTable`) has every logical id, also one that is not one distinct bit. An id of
              several bits is listed under the lowest, and of two local APICs with one id the last is found (ran, Linux 6.1;
              lapic.c, kvm_recalculate_apic_map). If none is listed, every local APIC is checked.

            Profile `qemu` is compared with QEMU 7.2 by `tests/Wirq.Tests/Qemu/`: random operations on the I/OAPIC and the pair of
            8259s by qtest, and on a local APIC, except for its timer, by a stub ROM. `WIRQ_LONG=1` makes them a million each.
            """);
        string rendered = page.ToString().TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("WIRQ_WRITE_DOCS") == "1")
            File.WriteAllText(Shared.Repository.PathOf("docs/profiles.md"), rendered);
        return rendered;
    }
}
