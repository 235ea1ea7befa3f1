using Wirq.HostIrq;
using System.Globalization;
using Wirq.Remapping;
using Wirq.Remapping.VtD;

namespace Wirq;

/// <content>All requirements on the options, checked before anything is built.</content>
public sealed partial record FabricOptions
{
    /// <summary>How many GSIs the machine has: at least those of the ISA bus.</summary>
    internal int GsiCount => Math.Max(GsiMap.IsaIrqs, IoApics.Select(chip => chip.GsiBase + chip.Pins).DefaultIfEmpty(0).Max());

    /// <summary>How many GSIs of a kernel's table the pins take: two for each, see <see cref="Routing.PinRoutes"/>.</summary>
    internal int PinGsis => 2 * IoApics.Sum(chip => chip.Pins);

    /// <summary>Throws if no machine can be built from these options: a field is out of its range, or two fields
    /// contradict each other.</summary>
    /// <exception cref="OptionException">Names the field and its valid values.</exception>
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
        CheckRemappers(check);
        CheckPages(check);
        CheckGsis(check);
        CheckOverrides(check);
        CheckRouting(check);
        Xen?.Validate(check.Of(nameof(Xen)), this);
        CheckOneshotLines(check);
    }

    private void CheckOneshotLines(OptionCheck check)
    {
        if (OneshotLines is not { } lines)
            return;
        check.Range(lines.Count, 1, MaxOneshotLines, $"{nameof(OneshotLines)}.Count");
        for (int i = 0; i < lines.Count; i++)
            check.Range(lines[i], 0, HostIrqOptions.MaxLines - 1, $"{nameof(OneshotLines)}[{i}]");
        check.That(lines.Distinct().Count() == lines.Count, $"a list of {lines.Count}", "different lines", nameof(OneshotLines));
    }

    private void CheckRemappers(OptionCheck check)
    {
        Vtd?.Validate(check.Of(nameof(Vtd)), LocalApics.PhysicalAddressBits);
        check.Present(Remappers);
        int most = MaxRemappers - (Vtd is null ? 0 : 1);
        check.That(Remappers.Count <= most, $"a list of {Remappers.Count}", $"at most {MaxRemappers} remapping units", nameof(Remappers));
        for (int i = 0; i < Remappers.Count; i++)
        {
            string field = $"{nameof(Remappers)}[{i}]";
            check.Present(Remappers[i], field);
            try
            {
                Remappers[i].Validate();
            }
            catch (OptionException bad)
            {
                throw new OptionException($"{field}.{bad.Field}", bad.Found, bad.Expected);
            }
            check.Defined(Remappers[i].OwnFormat, $"{field}.{nameof(IRemapperOptions.OwnFormat)}");
            check.Present(Remappers[i].Registers, $"{field}.{nameof(IRemapperOptions.Registers)}");
            CheckScope(check, Remappers[i].Scope, field);
        }
        CheckScope(check, Vtd?.Scope, nameof(Vtd));
    }

    private static void CheckScope(OptionCheck check, IReadOnlyList<RequesterRange>? scope, string unit)
    {
        for (int i = 0; i < scope?.Count; i++)
        {
            check.That(scope[i].First <= scope[i].Last, $"0x{scope[i].First:x4} to 0x{scope[i].Last:x4}",
                "a last requester that is not below the first", $"{unit}.{nameof(IRemapperOptions.Scope)}[{i}]");
        }
    }

    /// <summary>Each chip has its own pages of registers.</summary>
    private void CheckPages(OptionCheck check)
    {
        var owners = new List<(RegisterPages Pages, string Name)>();
        for (int chip = 0; chip < IoApics.Count; chip++)
            Add(new(IoApics[chip].Address), $"I/OAPIC {chip}", $"{nameof(IoApics)}[{chip}].{nameof(IoApicOptions.Address)}");
        if (Vtd is not null)
            Add(new(Vtd.Address), "the remapping unit", $"{nameof(Vtd)}.{nameof(VtdOptions.Address)}");
        for (int i = 0; i < Remappers.Count; i++)
        {
            foreach (RegisterPages pages in Remappers[i].Registers)
            {
                string field = $"{nameof(Remappers)}[{i}].{nameof(IRemapperOptions.Registers)}";
                check.Range(pages.Count, 1, RegisterPages.MaxCount, field);
                check.Page(pages.Address, LocalApics.PhysicalAddressBits, field);
                check.Page(pages.End - Fabric.PageSize, LocalApics.PhysicalAddressBits, field);
                Add(pages, $"remapping unit {i + (Vtd is null ? 0 : 1)}", field);
            }
        }

        void Add(RegisterPages pages, string owner, string field)
        {
            check.That(pages.End <= MsiAddress.WindowBegin || pages.Address >= MsiAddress.WindowEnd, $"0x{pages.Address:x}",
                $"an address outside of 0x{MsiAddress.WindowBegin:x} to 0x{MsiAddress.WindowEnd - 1:x}, which are the local APICs' and messages'", field);
            foreach ((RegisterPages other, string name) in owners)
            {
                check.That(pages.End <= other.Address || other.End <= pages.Address, $"0x{pages.Address:x}",
                    $"a page of its own; {name} has its registers there", field);
            }
            owners.Add((pages, owner));
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
        check.That(PinGsis <= kernel.ReservedGsis, Text(kernel.ReservedGsis),
            $"{PinGsis} or more: give KVM_CAP_SPLIT_IRQCHIP twice the number of pins",
            $"{nameof(Routing)}.{nameof(Routing.Kernel)}.{nameof(kernel.ReservedGsis)}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
