using System.Globalization;
using Wirq.Remapping;

namespace Wirq;

/// <content>What is demanded of a machine, all of it, before anything is built.</content>
public sealed partial record FabricOptions
{
    // What devices and chips write here is a message (Intel SDM vol. 3, 11.11.1), and what a CPU writes at its begin is
    // its local APIC's.
    private const ulong MessagesBegin = 0xFEE00000, MessagesEnd = 0xFEF00000;

    /// <summary>How many GSIs the machine has: those of the ISA bus at least.</summary>
    internal int GsiCount => Math.Max(GsiMap.IsaIrqs, IoApics.Select(chip => chip.GsiBase + chip.Pins).DefaultIfEmpty(0).Max());

    /// <summary>Throws where no machine can be built so: a field is out of its range, or two do not fit each
    /// other.</summary>
    /// <exception cref="OptionException">Names the field, and what may stand there.</exception>
    public void Validate()
    {
        OptionCheck check = OptionCheck.Whole;
        check.Present(LocalApics);
        LocalApics.Validate(check.Of(nameof(LocalApics)));
        check.Present(IoApics);
        check.That(IoApics.Count <= MaxIoApics, $"a list of {IoApics.Count}", $"at most {MaxIoApics} I/OAPICs", nameof(IoApics));
        for (int chip = 0; chip < IoApics.Count; chip++)
        {
            string field = $"{nameof(IoApics)}[{chip}]";
            check.Present(IoApics[chip], field);
            IoApics[chip].Validate(check.Of(field), LocalApics.PhysicalAddressBits);
        }
        Pic?.Validate(check.Of(nameof(Pic)));
        check.Defined(Format);
        check.Range(Sources, 1, MaxSources);
        Vtd?.Validate(check.Of(nameof(Vtd)), LocalApics.PhysicalAddressBits);
        CheckPages(check);
        CheckGsis(check);
        CheckOverrides(check);
        CheckRouting(check);
    }

    /// <summary>Registers stand each in a page of their own.</summary>
    private void CheckPages(OptionCheck check)
    {
        var owners = new Dictionary<ulong, string>();
        for (int chip = 0; chip < IoApics.Count; chip++)
            CheckPage(IoApics[chip].Address, $"I/OAPIC {chip}", $"{nameof(IoApics)}[{chip}].{nameof(IoApicOptions.Address)}");
        if (Vtd is not null)
            CheckPage(Vtd.Address, "the remapping unit", $"{nameof(Vtd)}.{nameof(VtdOptions.Address)}");

        void CheckPage(ulong address, string owner, string field)
        {
            check.That(address is < MessagesBegin or >= MessagesEnd, $"0x{address:x}",
                $"an address outside of 0x{MessagesBegin:x} to 0x{MessagesEnd - 1:x}, which are the local APICs' and messages'", field);
            if (!owners.TryAdd(address, owner))
                check.That(false, $"0x{address:x}", $"a page of its own; {owners[address]} has its registers there", field);
        }
    }

    private void CheckGsis(OptionCheck check)
    {
        for (int chip = 0; chip < IoApics.Count; chip++)
        {
            (int first, int end) = Gsis(chip);
            for (int other = 0; other < chip; other++)
            {
                (int otherFirst, int otherEnd) = Gsis(other);
                check.That(first >= otherEnd || otherFirst >= end, Text(first),
                    $"GSIs that no other I/OAPIC has; {otherFirst} to {otherEnd - 1} are those of I/OAPIC {other}",
                    $"{nameof(IoApics)}[{chip}].{nameof(IoApicOptions.GsiBase)}");
            }
        }

        (int First, int End) Gsis(int chip) => (IoApics[chip].GsiBase, IoApics[chip].GsiBase + IoApics[chip].Pins);
    }

    private void CheckOverrides(OptionCheck check)
    {
        check.Present(IsaOverrides);
        foreach ((int irq, int gsi) in IsaOverrides)
        {
            string field = $"{nameof(IsaOverrides)}[{irq}]";
            check.That(irq is >= 0 and < GsiMap.IsaIrqs, $"for IRQ {irq}", $"an ISA IRQ, 0 to {GsiMap.IsaIrqs - 1}", field);
            check.Range(gsi, 0, GsiCount - 1, field);
        }
        if (Pic is null)
            return;
        foreach ((int irq, int gsi) in IsaOverrides)
        {
            for (int other = 0; other < GsiMap.IsaIrqs; other++)
            {
                bool shared = other != irq && irq != GsiMap.CascadeIrq && other != GsiMap.CascadeIrq
                    && IsaOverrides.GetValueOrDefault(other, other) == gsi;
                check.That(!shared, Text(gsi), $"a GSI for one IRQ alone; IRQ {other} leads there too", $"{nameof(IsaOverrides)}[{irq}]");
            }
        }
    }

    private void CheckRouting(OptionCheck check)
    {
        if (Routing is null)
            return;
        Routing.Validate(check.Of(nameof(Routing)));
        if (Routing.Kernel is not { OwnsIoApic: false } kernel)
            return;
        // Two for each pin: see PinRoutes.
        int pins = IoApics.Sum(chip => chip.Pins);
        check.That(2 * pins <= kernel.ReservedGsis, Text(kernel.ReservedGsis),
            $"{2 * pins} or more: give KVM_CAP_SPLIT_IRQCHIP twice the number of pins",
            $"{nameof(Routing)}.{nameof(Routing.Kernel)}.{nameof(kernel.ReservedGsis)}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
