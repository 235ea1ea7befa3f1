using Wirq.Events;

namespace Wirq.Xen;

/// <content>Bindings. The order of checks is Xen's.</content>
public sealed partial class Passthrough
{
    private XenError Bind(PirqDomain caller, PirqDomain domain, in BindPtIrqArgument a)
    {
        XenError answer = TryBind(caller, domain, a);
        Tell(EventKind.XenPirqBound, caller, domain, a, answer);
        if (answer == XenError.None)
            _pirqs.Look(domain[(int)a.Pirq].Irq);
        return answer;
    }

    private void Tell(EventKind kind, PirqDomain caller, PirqDomain domain, in BindPtIrqArgument a, XenError answer) =>
        _pirqs.Tell(kind, domain, a.Pirq < (uint)domain.Count ? domain[(int)a.Pirq].Irq : 0, (int)a.Pirq, caller, answer);

    private XenError TryBind(PirqDomain caller, PirqDomain domain, in BindPtIrqArgument a)
    {
        XenError answer = Allows(caller, domain, a);
        if (answer != XenError.None)
            return answer;
        if (!domain.Options.HasIommu)
            return XenError.NoSuchDomain;
        return (PassedInterrupt)a.Type switch
        {
            PassedInterrupt.Message => BindMessage(domain, a),
            PassedInterrupt.Pci or PassedInterrupt.MessageAsPin => BindPin(domain, a),
            _ => XenError.NotSupported,
        };
    }

    /// <summary>Whether a domain may bind or unbind a PIRQ of another.</summary>
    private static XenError Allows(PirqDomain caller, PirqDomain domain, in BindPtIrqArgument a)
    {
        if (!domain.IsHvm)
            return XenError.Invalid;
        if (!Pirqs.MayServe(caller, domain))
            return XenError.NotPermitted;
        int irq = a.Pirq < (uint)domain.Count ? domain.IrqOf((int)a.Pirq) : 0;
        // It is the caller that needs access. What the PIRQ is mapped to, the domain has.
        return caller.HasAccess(irq) ? XenError.None : XenError.NotPermitted;
    }

    private XenError BindMessage(PirqDomain domain, in BindPtIrqArgument a)
    {
        ref PirqState state = ref domain[(int)a.Pirq];
        if (state.Binding is not (PirqBinding.None or PirqBinding.Message))
            return XenError.Busy;
        if (state.Binding == PirqBinding.None)
        {
            XenError answer = Take(state.Irq, shares: false);
            if (answer != XenError.None)
                return answer;
            state.Binding = PirqBinding.Message;
        }
        else if (state.Vector != a.Vector || state.MessageFlags != a.Flags)
            _pirqs.End(domain, (int)a.Pirq);
        (state.Vector, state.MessageFlags) = (a.Vector, a.Flags);
        return XenError.None;
    }

    private XenError BindPin(PirqDomain domain, in BindPtIrqArgument a)
    {
        ref PirqState state = ref domain[(int)a.Pirq];
        if (domain.Options.IsHardware)
            return a.Type == (uint)PassedInterrupt.Pci && a.Pirq < (uint)domain.Options.Gsis ? BindSamePin(domain, (int)a.Pirq, edge: false) : XenError.Invalid;
        if (state.Binding == PirqBinding.Message)
            return XenError.Busy;
        int place = FreeLine(domain);
        if (place < 0)
            return XenError.NoMemory;
        if (state.Binding == PirqBinding.None)
        {
            XenError answer = Take(state.Irq, shares: a.Type == (uint)PassedInterrupt.Pci);
            if (answer != XenError.None)
                return answer;
            state.Binding = PirqBinding.Lines;
        }
        // The numbers come from a guest's tools: only those bits are wires.
        domain.Lines[place] = new GuestLine
        {
            InUse = 1, Pirq = (ushort)a.Pirq, Bus = a.Bus, Device = (byte)(a.Device % XenPciLines.Devices), Pin = (byte)(a.Pin % XenPciLines.Pins),
        };
        return XenError.None;
    }

    /// <summary>A PIRQ of the hardware domain is bound to its own pin of that number.</summary>
    private XenError BindSamePin(PirqDomain domain, int pirq, bool edge)
    {
        ref PirqState state = ref domain[pirq];
        if (state.Binding == PirqBinding.SamePin)
            return XenError.None;
        XenError answer = Take(state.Irq, shares: !edge);
        if (answer == XenError.None)
            (state.Binding, state.NoEoi) = (PirqBinding.SamePin, edge ? (byte)1 : (byte)0);
        return answer;
    }

    /// <summary>An interrupt of the machine gets one more guest. Several have it only if all share.</summary>
    private XenError Take(int irq, bool shares)
    {
        ref MachineIrq its = ref _pirqs.Machine(irq);
        if (its.Guests != 0 && !(shares && its.Shared != 0))
            return XenError.Busy;
        its.Shared = shares ? (byte)1 : (byte)0;
        its.Guests++;
        return XenError.None;
    }

    private static int FreeLine(PirqDomain domain)
    {
        for (int i = 0; i < domain.Lines.Length; i++)
        {
            if (domain.Lines[i].InUse == 0)
                return i;
        }
        return -1;
    }

    private XenError Unbind(PirqDomain caller, PirqDomain domain, in BindPtIrqArgument a)
    {
        XenError answer = TryUnbind(caller, domain, a);
        Tell(EventKind.XenPirqUnbound, caller, domain, a, answer);
        return answer;
    }

    private XenError TryUnbind(PirqDomain caller, PirqDomain domain, in BindPtIrqArgument a)
    {
        XenError answer = Allows(caller, domain, a);
        if (answer != XenError.None || !domain.Options.HasIommu)
            return answer;
        bool ofPin = (PassedInterrupt)a.Type is PassedInterrupt.Pci or PassedInterrupt.MessageAsPin;
        if (!ofPin && a.Type != (uint)PassedInterrupt.Message)
            return XenError.NotSupported;
        if (ofPin && !domain.Options.IsHardware && !RemoveLine(domain, a))
            return XenError.Invalid;
        if (HasLine(domain, (int)a.Pirq))
            return XenError.None;
        EndBinding(domain, (int)a.Pirq);
        return XenError.None;
    }

    private bool RemoveLine(PirqDomain domain, in BindPtIrqArgument a)
    {
        foreach (ref GuestLine line in domain.Lines)
        {
            if (line.InUse == 0 || line.Pirq != a.Pirq || line.Bus != a.Bus || line.Device != a.Device || line.Pin != a.Pin)
                continue;
            Lower(domain, line);
            line = default;
            return true;
        }
        return false;
    }

    private static bool HasLine(PirqDomain domain, int pirq)
    {
        foreach (ref readonly GuestLine line in domain.Lines)
        {
            if (line.InUse != 0 && line.Pirq == pirq)
                return true;
        }
        return false;
    }

    private void EndBinding(PirqDomain domain, int pirq)
    {
        ref PirqState state = ref domain[pirq];
        if (state.Binding == PirqBinding.None)
            return;
        (state.Binding, state.NoEoi, state.Vector, state.MessageFlags) = (PirqBinding.None, 0, 0, 0);
        _pirqs.Release(domain, pirq);
    }

    /// <summary>A domain is destroyed: its bindings go, then its PIRQs, also those that were unmapped before their
    /// bindings.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public void Destroy(ushort domain)
    {
        PirqDomain its = _pirqs.The(domain);
        its.Lines.Clear();
        for (int pirq = 0; pirq < its.Count; pirq++)
        {
            bool left = its[pirq].Use == PirqUse.Leaving;
            if (left)
                its.UnmapIrq(pirq);
            else
                EndBinding(its, pirq);
            if (its.IrqOf(pirq) != 0)
                _pirqs.UnmapIrq(its, pirq, its);
            if (its[pirq].Emulation != PirqEmulation.None)
                _pirqs.UnmapEmulated(its, pirq, its);
            its[pirq] = default;
        }
    }
}
