using Wirq.State;

namespace Wirq.Xen;

/// <summary>The PIRQs of one domain.</summary>
internal sealed partial class PirqDomain
{
    /// <summary>The lowest PIRQ that is given out: those below are as many as ISA IRQs, and stay theirs.</summary>
    internal const int FirstFree = 16;

    private readonly XenDomain _channels;
    private readonly Block<PirqState> _pirqs;
    private readonly Block<DomainIrq> _irqs;
    // The PIRQ of each emulated GSI; 0 for none.
    private readonly Block<EmulatedGsi> _gsis;
    private readonly Block<GuestLine> _lines;
    private readonly int _machineGsis;

    internal PirqDomain(XenDomain channels, PirqDomainOptions options, PirqOptions machine, StateArena arena)
    {
        (_channels, Options, _machineGsis) = (channels, options, machine.Gsis);
        _pirqs = channels.Options.Pirqs == 0 ? default : arena.Reserve<PirqState>(channels.Options.Pirqs);
        _irqs = arena.Reserve<DomainIrq>(machine.Irqs);
        _gsis = arena.Reserve<EmulatedGsi>(options.Gsis);
        _lines = arena.Reserve<GuestLine>(machine.Bindings);
        // Interrupt 0 is the hypervisor's own timer.
        for (int irq = 1; options.IsHardware && irq < machine.Gsis; irq++)
            _irqs[irq].Access = 1;
    }

    internal PirqDomainOptions Options { get; }
    internal ushort Id => _channels.Id;
    internal bool IsHvm => _channels.Options.IsHvm;
    internal bool IsPrivileged => _channels.Options.IsPrivileged;
    internal int Count => _pirqs.Count;
    internal Span<GuestLine> Lines => _lines.Span;

    /// <summary>Whether it is HVM and routes emulated interrupts to event channels.</summary>
    internal bool RoutesPirqs => IsHvm && Options.RoutesPirqs;

    internal bool Has(int pirq) => (uint)pirq < (uint)_pirqs.Count;

    internal ref PirqState this[int pirq] => ref _pirqs[pirq];

    /// <summary>The event channel of a PIRQ that it has; 0 for none.</summary>
    internal uint PortOf(int pirq) => _channels.PortOfPirq((uint)pirq);

    /// <summary>An event comes to the port of a PIRQ, if it has one.</summary>
    internal void Raise(int pirq)
    {
        if (PortOf(pirq) is not 0 and var port)
            _channels.SetPending(port);
    }

    internal ref DomainIrq Irq(int irq) => ref _irqs[irq];

    internal bool HasAccess(int irq) => irq > 0 && irq < _irqs.Count && _irqs[irq].Access != 0;

    /// <summary>The interrupt to which a PIRQ is mapped; 0 for none.</summary>
    internal int IrqOf(int pirq) => Has(pirq) && _pirqs[pirq].Use == PirqUse.Mapped ? _pirqs[pirq].Irq : 0;

    /// <summary>The PIRQ of one of its own GSIs; 0 for none.</summary>
    internal int PirqOfGsi(int gsi) => (uint)gsi < (uint)_gsis.Count ? _gsis[gsi].Pirq : 0;

    /// <summary>Whether the guest gets a PIRQ by its event channel and by nothing else: it is emulated, or it is the
    /// machine's and has a port.</summary>
    internal bool UsesPort(int pirq) => IsHvm && Has(pirq)
        && (_pirqs[pirq].Emulation != PirqEmulation.None || _pirqs[pirq].Use == PirqUse.Mapped && PortOf(pirq) != 0);

    internal bool IsFree(int pirq) => _pirqs[pirq].Use == PirqUse.None && _pirqs[pirq].Emulation == PirqEmulation.None;

    /// <summary>Whether anything is known of a PIRQ.</summary>
    internal bool IsKnown(int pirq) => !IsFree(pirq) || PortOf(pirq) != 0;

    /// <summary>A free PIRQ. Those of GSIs are given out from <see cref="FirstFree"/> upwards; the others, and those of GSIs
    /// when there are no more, from the top downwards.</summary>
    /// <returns>The PIRQ; -1 if there is none.</returns>
    internal int FindFree(bool ofGsi)
    {
        for (int pirq = FirstFree; ofGsi && pirq < Math.Min(_machineGsis, Count); pirq++)
        {
            if (IsFree(pirq))
                return pirq;
        }
        for (int pirq = Count - 1; pirq >= _machineGsis; pirq--)
        {
            if (IsFree(pirq))
                return pirq;
        }
        return -1;
    }

    internal void MapIrq(int pirq, int irq)
    {
        (_pirqs[pirq].Use, _pirqs[pirq].Irq) = (PirqUse.Mapped, (ushort)irq);
        _irqs[irq].Pirq = (ushort)pirq;
    }

    internal void UnmapIrq(int pirq)
    {
        // PIRQ 0 counts as none, so another may have the interrupt besides.
        ref ushort its = ref _irqs[_pirqs[pirq].Irq].Pirq;
        its = its == pirq ? (ushort)0 : its;
        (_pirqs[pirq].Use, _pirqs[pirq].Irq) = (PirqUse.None, 0);
    }

    internal void MapGsi(int pirq, int gsi)
    {
        (_pirqs[pirq].Emulation, _pirqs[pirq].Gsi) = (PirqEmulation.Gsi, (ushort)gsi);
        _gsis[gsi].Pirq = (ushort)pirq;
    }

    internal void UnmapEmulated(int pirq)
    {
        ref PirqState state = ref _pirqs[pirq];
        if (state.Emulation == PirqEmulation.Gsi && _gsis[state.Gsi].Pirq == pirq)
            _gsis[state.Gsi].Pirq = 0;
        (state.Emulation, state.Gsi, state.Requester) = (PirqEmulation.None, 0, 0);
    }
}

/// <summary>The PIRQ of an emulated GSI; 0 for none.</summary>
internal struct EmulatedGsi : IState
{
    public ushort Pirq;
}
