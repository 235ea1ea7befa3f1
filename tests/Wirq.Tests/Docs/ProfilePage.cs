using System.Text;

namespace Wirq.Tests.Docs;

/// <summary>Makes <c>docs/profiles.md</c> from the table that the chips behave by. To bring the page up to date, run the
/// tests with <c>WIRQ_WRITE_DOCS=1</c>.</summary>
internal static class ProfilePage
{
    internal static string Render()
    {
        var page = new StringBuilder();
        page.Append("""
            # Profiles

            Wirq's chips follow the data sheets and the Intel SDM: profile `manual`. Where a real implementation differs in a way
            that changes state, a profile says so: `qemu` (QEMU's userspace chips) or `kvm` (KVM's in-kernel ones). This page is
            made from `src/Wirq/ProfileTable.cs`, the table by which the chips behave; each row has a test that shows the
            difference. A dash: as the manual. Where both the 8259 and the local APIC have a vector for a CPU, the 8259 goes
            first in every profile (`LocalApicFirst` in `src/Wirq/FabricOptions.cs`).

            Profile `kvm` is that of a full in-kernel irqchip; what holds with a split one only, its row says. The tests of
            `tests/Wirq.Linux.Tests/Differential` drive KVM's 8259 pair, its I/OAPIC with two local APICs, and the acceptance of
            messages by six local APICs with the same random operations as Wirq's, and compare all registers after each: thirty
            thousand operations by default, a million with `WIRQ_LONG=1`, N with `WIRQ_OPERATIONS=N`, other ones with
            `WIRQ_SEED=N`. "Compared over random inputs" means that; "KVM ran" before a sentence is a measurement of what that
            sentence says.
            Not compared, for the guest that makes the accesses would not outlive it, or the host has none: SMI, NMI and INIT sent
            by the I/OAPIC, SMI in messages, interprocessor interrupts, timers, and the brake on storms, which is Wirq's own under
            `kvm` (KVM's counts to 10,000 and holds for 10 ms).


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
            ## Named, and not modelled

            QEMU 7.2 does these too, and profile `qemu` does not:

            * An ExtINT entry of the I/OAPIC: the I/OAPIC itself runs the INTA whenever it looks at its pins and the request of
              this one waits, sent or not, and the message bears the vector that it got (ran, by qtest: `pic_interrupt` stands
              before `apic_deliver_irq`). Here the message bears the entry's vector, and INTA is the CPU's.
            * A message of the I/OAPIC to destination 0 whose bits 55:48 are not all zero, without a remapping unit: it falls on
              the registers of the local APIC of the CPU that runs, and is lost where none does (ran, by qtest). With another
              destination these bits are not looked at; here bit 48 has such a message refused.
            * LINT0: while it is unmasked, the CPU runs INTA for INTR in every delivery mode, and the vector of a level entry
              leaves IRR as INTR falls (read: apic.c, apic_accept_pic_intr and apic_deliver_pic_intr).
            * Two pins of one vector of which the storm brake holds the one (see `StormCountsAtEoi`).
            * Accesses of 8 bytes to the I/OAPIC are two of 4 bytes (read: memory.c); here they reach no register.

            KVM does this too, and profile `kvm` does not:

            * Pin 8 of the I/OAPIC, the real-time clock's, where KVM_IRQ_LINE_STATUS drives it (ran, `ClockPinTests` of
              `tests/Wirq.Linux.Tests`; ioapic.c, rtc_irq_check_coalesced). From a rise that is sent until each CPU that got it
              has ended its vector, a further rise is answered with 0 and forgotten: nothing is sent, then or at the EOI, though
              the line stay high; driving it high once more is then a rise. With KVM_IRQ_LINE, by which Wirq drives KVM, and with
              an irqfd the second rise is pending, as with any other pin, and so it is with profile `kvm`.
              KVM_SET_LAPIC has a vector of pin 8 that is under way counted as one that came by that pin.

            Profile `kvm` is that of Linux 6.18. On an older KVM the comparison leaves out what it does otherwise:

            * A poll of an 8259 that finds a request reads its number without bit 7 (ran, Linux 6.1).
            * The table of local APICs (`DestinationTable`) holds every logical id, be it of one bit and alone or not: one of
              several bits stands under the lowest, and of two that have one id the last is found (ran, Linux 6.1; lapic.c,
              kvm_recalculate_apic_map). Where none is listed, all are asked one by one.

            Profile `qemu` is held against QEMU 7.2 by `tests/Wirq.Tests/Qemu/`: random operations on the I/OAPIC and the pair of
            8259s by qtest, and on a local APIC, but for its timer, by a stub ROM. `WIRQ_LONG=1` makes them a million each.
            """);
        string rendered = page.ToString().TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("WIRQ_WRITE_DOCS") == "1")
            File.WriteAllText(Shared.Repository.PathOf("docs/profiles.md"), rendered);
        return rendered;
    }
}
