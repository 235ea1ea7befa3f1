using Wirq.Events;

namespace Wirq.Xen;

/// <content>What guests do at their interrupt controllers.</content>
public sealed partial class Passthrough
{
    /// <summary>A domain wrote a redirection entry of its I/OAPIC. A rewrite of an entry in service to edge is an EOI. If the
    /// hardware domain unmasks a pin, it gets the interrupt of that number, set up as the entry says: the first time
    /// only.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="gsi">The GSI of the pin; any other than the domain's is ignored.</param>
    /// <param name="written">The entry.</param>
    /// <param name="former">The entry before, with its Remote IRR.</param>
    /// <returns>Why the hardware domain did not get it; its write is done all the same.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public XenError EntryWritten(ushort domain, int gsi, RedirectionEntry written, RedirectionEntry former)
    {
        PirqDomain its = _pirqs.The(domain);
        if ((uint)gsi >= (uint)its.Options.Gsis)
            return XenError.Invalid;
        if (former.RemoteIrr && !written.Level)
            GuestEoi(domain, gsi);
        return its.Options.IsHardware && former.Masked && !written.Masked ? MapSamePin(its, gsi, written) : XenError.None;
    }

    private XenError MapSamePin(PirqDomain domain, int gsi, RedirectionEntry entry)
    {
        if (gsi >= _pirqs.Options.Gsis)
            return XenError.Invalid;
        XenError answer = _pirqs.SetUp(domain, gsi, entry.Level, entry.ActiveLow);
        // It was set up before, by this or by another: nothing else is done.
        if (answer == XenError.Exists)
            return XenError.None;
        int pirq = gsi;
        if (answer == XenError.None)
            answer = _pirqs.MapGsi(domain, domain, gsi, ref pirq);
        if (answer != XenError.None)
            return answer;
        answer = BindSamePin(domain, pirq, edge: !entry.Level);
        _pirqs.Tell(EventKind.XenPirqBound, domain, gsi, pirq, domain, answer);
        if (answer != XenError.None)
            _pirqs.UnmapIrq(domain, pirq, domain);
        else
            _pirqs.Look(gsi);
        return answer;
    }

    /// <summary>A guest ended the interrupt of a pin of its I/OAPIC, or of its 8259. The lines that passed-through devices
    /// hold there fall, and the interrupts behind them end, whether the pin is masked or not.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="gsi">The GSI of the pin; any other than the domain's is ignored.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public void GuestEoi(ushort domain, int gsi) => GuestEoi(domain, gsi, ends: true);

    /// <summary>As the other; for a model of a hypervisor in which not every EOI ends the interrupt of the machine.</summary>
    internal void GuestEoi(ushort domain, int gsi, bool ends)
    {
        PirqDomain its = _pirqs.The(domain);
        if (!its.Options.HasIommu || (uint)gsi >= (uint)its.Options.Gsis)
            return;
        if (its.Options.IsHardware)
        {
            EndSamePin(its, gsi);
            return;
        }
        foreach (ref readonly GuestLine line in its.Lines)
        {
            if (line.InUse == 0 || !LeadsTo(domain, line, gsi) || its[line.Pirq].Pending == 0)
                continue;
            if (!its.UsesPort(line.Pirq))
                Lower(its, line);
            ref PirqState state = ref its[line.Pirq];
            if (--state.Pending == 0 && ends)
                _pirqs.End(its, line.Pirq);
        }
    }

    private bool LeadsTo(ushort domain, in GuestLine line, int gsi) => gsi < GsiMap.IsaIrqs
        ? _guests.RouteOf(domain, XenPciLines.LinkOf(line.Device, (PciInterruptPin)line.Pin)) == gsi && gsi != 0
        : XenPciLines.GsiOf(line.Device, (PciInterruptPin)line.Pin) == gsi;

    private void EndSamePin(PirqDomain domain, int gsi)
    {
        if (!domain.Has(gsi) || domain[gsi].Binding != PirqBinding.SamePin)
            return;
        _pirqs.Channels.Events.Emit(new XenGuestGsi(domain.Id, gsi, false).ToEvent());
        ref PirqState state = ref domain[gsi];
        if (state.Pending == 0 || --state.Pending != 0)
            return;
        _pirqs.End(domain, gsi);
    }

    private void Lower(PirqDomain domain, in GuestLine line) =>
        _pirqs.Channels.Events.Emit(new XenGuestIntx(domain.Id, line.Device, (PciInterruptPin)line.Pin, false).ToEvent());
}
