using Wirq.State;

namespace Wirq.Xen;

/// <summary>A link device of ACPI: the interrupts to which it can lead, and how they are.</summary>
/// <param name="Possible">The possible GSIs (<c>_PRS</c>), at least one.</param>
/// <param name="Current">The GSI to which firmware led it (<c>_CRS</c>); 0 for none.</param>
/// <param name="Level">Whether its interrupts are levels.</param>
/// <param name="ActiveLow">Whether they are active low.</param>
public sealed record AcpiLink(IReadOnlyList<int> Possible, int Current = 0, bool Level = true, bool ActiveLow = true);

/// <summary>An entry of <c>_PRT</c>: where a pin of a device leads.</summary>
/// <param name="Device">The device on the root bus, 0 to 31.</param>
/// <param name="Pin">Its pin.</param>
/// <param name="Gsi">The GSI, if there is no link.</param>
/// <param name="Link">The place of the link in the list; -1 for none, which is level and low.</param>
public readonly record struct PrtEntry(int Device, PciInterruptPin Pin, int Gsi, int Link = -1);

/// <summary>What dom0 reads from ACPI of a pin.</summary>
/// <param name="Gsi">The GSI.</param>
/// <param name="Level">Whether it is a level.</param>
/// <param name="ActiveLow">Whether it is active low.</param>
public readonly record struct PinRouting(int Gsi, bool Level, bool ActiveLow);

/// <summary>The interrupt routing that ACPI tells dom0. Only dom0 can read it: the hypervisor does not run AML.</summary>
public sealed class AcpiRouting
{
    private readonly IReadOnlyList<PrtEntry> _entries;
    private readonly IReadOnlyList<AcpiLink> _links;
    private readonly Block<LinkChoice> _chosen;

    /// <summary>Reads tables.</summary>
    /// <param name="entries">The entries of <c>_PRT</c>.</param>
    /// <param name="links">The link devices.</param>
    /// <param name="arena">Where it is kept to which GSI a link was led.</param>
    /// <exception cref="ArgumentException">An entry names a link that is not in the list, or a link has no possible
    /// GSI.</exception>
    public AcpiRouting(IReadOnlyList<PrtEntry> entries, IReadOnlyList<AcpiLink> links, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(arena);
        if (entries.Any(entry => entry.Link < -1 || entry.Link >= links.Count))
            throw new ArgumentException($"an entry names a link; there are {links.Count}", nameof(entries));
        if (links.Any(link => link.Possible.Count == 0))
            throw new ArgumentException("a link leads to no GSI", nameof(links));
        (_entries, _links) = (entries, links);
        _chosen = arena.Reserve<LinkChoice>(Math.Max(1, links.Count));
    }

    /// <summary>Where a pin leads. A link that leads nowhere yet is led to the possible GSI that the fewest links have; of
    /// those to the last. One that firmware led to a GSI that is possible stays there.</summary>
    /// <param name="device">The device on the root bus.</param>
    /// <param name="pin">Its pin.</param>
    /// <returns>Null if no entry says it.</returns>
    public PinRouting? Look(int device, PciInterruptPin pin)
    {
        foreach (PrtEntry entry in _entries)
        {
            if (entry.Device != device || entry.Pin != pin)
                continue;
            if (entry.Link < 0)
                return new PinRouting(entry.Gsi, Level: true, ActiveLow: true);
            AcpiLink link = _links[entry.Link];
            return new PinRouting(Choose(entry.Link, link), link.Level, link.ActiveLow);
        }
        return null;
    }

    private int Choose(int place, AcpiLink link)
    {
        ref LinkChoice chosen = ref _chosen[place];
        if (chosen.Gsi == 0)
            chosen.Gsi = (ushort)(link.Possible.Contains(link.Current) ? link.Current : LeastUsed(link));
        return chosen.Gsi;
    }

    private int LeastUsed(AcpiLink link)
    {
        int best = link.Possible[^1], least = int.MaxValue;
        for (int i = link.Possible.Count - 1; i >= 0; i--)
        {
            int uses = 0;
            foreach (ref readonly LinkChoice other in _chosen.Span)
                uses += other.Gsi == link.Possible[i] ? 1 : 0;
            if (uses < least)
                (best, least) = (link.Possible[i], uses);
        }
        return best;
    }
}

/// <summary>The GSI to which a link was led; 0 for none yet.</summary>
internal struct LinkChoice : IState
{
    public ushort Gsi;
}
