using Wirq.Events;

namespace Wirq.Xen;

/// <content>Mapping. The order of checks is Xen's.</content>
public sealed partial class Pirqs
{
    /// <summary>A pin of the machine is set up, once.</summary>
    internal XenError SetUp(PirqDomain caller, int gsi, bool level, bool activeLow)
    {
        ref MachineIrq irq = ref _irqs[gsi];
        XenError answer = irq.Configured != 0 ? XenError.Exists : XenError.None;
        if (answer == XenError.None)
            (irq.Configured, irq.Level, irq.ActiveLow) = (1, level ? (byte)1 : (byte)0, activeLow ? (byte)1 : (byte)0);
        if (Events.Observing)
            Events.Observe(new XenGsiSetUp(caller.Id, gsi, level, activeLow, answer).ToEvent());
        return answer;
    }

    /// <summary>A guest maps a PIRQ to a GSI of its own machine.</summary>
    private XenError MapOwn(PirqDomain domain, int type, int gsi, ref int pirq)
    {
        // With a line as callback, what the PIRQ raises would raise the line that it owns.
        if (_guests.CallbackOf(domain.Id).Kind != CallbackKind.Vector && !Options.Profile.MapsBesideLine)
            return XenError.Invalid;
        if (type != (int)MapPirqType.Gsi || (uint)gsi >= (uint)domain.Options.Gsis)
            return XenError.Invalid;
        if (PassedTo(domain, gsi) is not 0 and var passed)
        {
            pirq = passed;
            return XenError.None;
        }
        if (pirq < 0)
            pirq = domain.FindFree(ofGsi: true);
        if (!domain.Has(pirq))
            return XenError.Invalid;
        ref PirqState state = ref domain[pirq];
        bool isOther = state.Emulation != PirqEmulation.None && (state.Emulation != PirqEmulation.Gsi || state.Gsi != gsi);
        int former = domain.PirqOfGsi(gsi);
        // A warning in Xen, and no error: nothing changes.
        if (isOther || former != 0 && former != pirq)
            return XenError.None;
        domain.MapGsi(pirq, gsi);
        Tell(EventKind.XenPirqMapped, domain, gsi, pirq, domain, XenError.None, emulated: true);
        return XenError.None;
    }

    /// <summary>The PIRQ of the machine that drives a GSI of a guest; 0 for none.</summary>
    private static int PassedTo(PirqDomain domain, int gsi)
    {
        int pirq = 0;
        foreach (ref readonly GuestLine line in domain.Lines)
        {
            if (line.InUse != 0 && XenPciLines.GsiOf(line.Device, (PciInterruptPin)line.Pin) == gsi)
                pirq = line.Pirq;
        }
        return pirq;
    }

    /// <summary>Maps a PIRQ of a domain to a GSI of the machine.</summary>
    internal XenError MapGsi(PirqDomain caller, PirqDomain domain, int index, ref int pirq)
    {
        XenError answer = TryMapGsi(caller, domain, index, ref pirq);
        if (answer != XenError.None)
            Tell(EventKind.XenPirqMapped, domain, Math.Max(0, index), pirq, caller, answer);
        return answer;
    }

    private XenError TryMapGsi(PirqDomain caller, PirqDomain domain, int index, ref int pirq)
    {
        if ((uint)index >= (uint)Options.Gsis)
            return XenError.Invalid;
        // Who is not the hardware domain can pass on only what it has, and names it by its own PIRQ.
        int irq = caller.IrqOf(index);
        if (irq == 0)
        {
            if (!caller.Options.IsHardware)
                return XenError.Invalid;
            irq = index;
        }
        XenError answer = Allocate(domain, irq, ofGsi: true, ref pirq);
        return answer != XenError.None ? answer : MapIrq(caller, domain, pirq, irq);
    }

    /// <summary>Maps a PIRQ of a domain to messages of a device.</summary>
    private XenError MapMessage(PirqDomain caller, PirqDomain domain, int index, uint device, ref int pirq)
    {
        int irq = index == -1 ? FindMessageIrq() : index;
        XenError answer = irq < Options.Gsis || irq >= Options.Irqs ? XenError.Invalid : Allocate(domain, irq, ofGsi: false, ref pirq);
        if (answer == XenError.None)
            answer = MapMessage(caller, domain, pirq, irq, device, index == -1);
        if (answer != XenError.None)
            Tell(EventKind.XenPirqMapped, domain, Math.Max(0, irq), pirq, caller, answer);
        return answer;
    }

    private XenError MapMessage(PirqDomain caller, PirqDomain domain, int pirq, int irq, uint device, bool isNew)
    {
        // Who makes an interrupt has access to it.
        if (!caller.HasAccess(irq) && !isNew)
            return XenError.NotPermitted;
        if (!domain.Has(pirq))
            return XenError.Invalid;
        if (Conflicts(domain, pirq, irq))
            return XenError.None;
        int place = DeviceAt(device);
        if (place < 0 || _devices[place].Domain != domain.Id)
            return XenError.NoDevice;
        ref MachineIrq its = ref _irqs[irq];
        if (its.Configured != 0 && (its.Device != device || domain.Irq(irq).Pirq != pirq))
            return XenError.Busy;
        // In Xen's name: nobody gave it to the caller.
        if (!caller.HasAccess(irq))
            SetAccess(caller, irq, granted: true, XenDomainOptions.XenId, byMapping: true);
        (its.Configured, its.Device) = (1, device);
        if (Events.Observing)
            Events.Observe(new XenGsiSetUp(XenDomainOptions.XenId, irq, Level: false, ActiveLow: false, XenError.None).ToEvent());
        return MapIrq(caller, domain, pirq, irq);
    }

    private int FindMessageIrq()
    {
        for (int irq = Options.Gsis; irq < Options.Irqs; irq++)
        {
            if (_irqs[irq].Configured == 0 && _irqs[irq].Guests == 0)
                return irq;
        }
        return -1;
    }

    /// <summary>The PIRQ that an interrupt is to have: the one that it has, the one that was named, or a free one.</summary>
    private static XenError Allocate(PirqDomain domain, int irq, bool ofGsi, ref int pirq)
    {
        int former = domain.Irq(irq).Pirq;
        bool isLeaving = former != 0 && domain[former].Use == PirqUse.Leaving;
        if (pirq >= 0)
            return former != 0 && (isLeaving || former != pirq) ? XenError.Exists : XenError.None;
        if (isLeaving)
            return XenError.Busy;
        pirq = former != 0 ? former : domain.FindFree(ofGsi);
        return pirq < 0 ? XenError.NoSpace : XenError.None;
    }

    private XenError MapIrq(PirqDomain caller, PirqDomain domain, int pirq, int irq)
    {
        if (!caller.HasAccess(irq))
            return XenError.NotPermitted;
        if (!domain.Has(pirq) || irq == 0)
            return XenError.Invalid;
        if (Conflicts(domain, pirq, irq))
            return XenError.None;
        if (!domain.HasAccess(irq))
            SetAccess(domain, irq, granted: true, caller.Id, byMapping: true);
        domain.MapIrq(pirq, irq);
        Tell(EventKind.XenPirqMapped, domain, irq, pirq, caller, XenError.None);
        return XenError.None;
    }

    /// <summary>Whether a PIRQ or an interrupt has another partner already. It keeps that, and who asked gets no
    /// error: Xen only warns.</summary>
    private static bool Conflicts(PirqDomain domain, int pirq, int irq) =>
        domain[pirq].Use is PirqUse.Mapped or PirqUse.Leaving && domain[pirq].Irq != irq
        || domain.Irq(irq).Pirq is not 0 and var former && former != pirq;

    /// <summary>Unmaps a PIRQ of the machine: the domain loses access. If it is bound, it stays half-way until the binding
    /// is gone.</summary>
    internal XenError UnmapIrq(PirqDomain domain, int pirq, PirqDomain caller)
    {
        int irq = domain.IrqOf(pirq);
        if (irq == 0)
        {
            Tell(EventKind.XenPirqUnmapped, domain, 0, pirq, caller, XenError.Invalid);
            return XenError.Invalid;
        }
        ref PirqState state = ref domain[pirq];
        if (state.Binding == PirqBinding.None)
            domain.UnmapIrq(pirq);
        else
        {
            state.Use = PirqUse.Leaving;
            Release(domain, pirq);
        }
        SetAccess(domain, irq, granted: false, caller.Id, byMapping: true);
        if (irq >= Options.Gsis)
            FreeMessageIrq(irq, caller);
        Tell(EventKind.XenPirqUnmapped, domain, irq, pirq, caller, XenError.None);
        return XenError.None;
    }

    /// <summary>An interrupt of messages is no longer anybody's.</summary>
    private void FreeMessageIrq(int irq, PirqDomain caller)
    {
        _irqs[irq] = default;
        foreach (PirqDomain domain in _domains)
        {
            if (domain.HasAccess(irq))
                SetAccess(domain, irq, granted: false, caller.Id, byMapping: true);
        }
    }

    /// <summary>A PIRQ of the domain's emulated machine is nobody's.</summary>
    internal void UnmapEmulated(PirqDomain domain, int pirq, PirqDomain caller)
    {
        bool messages = domain[pirq].Emulation == PirqEmulation.Message;
        int gsi = messages ? XenPirqCall.Messages : domain[pirq].Gsi;
        domain.UnmapEmulated(pirq);
        Tell(EventKind.XenPirqUnmapped, domain, gsi, pirq, caller, XenError.None, emulated: true);
        if (messages)
            EndTranslation(domain, pirq);
    }
}
