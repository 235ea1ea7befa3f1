using Wirq.Events;

namespace Wirq.Xen;

/// <content>The hypercall <c>physdev_op</c>.</content>
public sealed partial class Pirqs
{
    /// <summary>A vCPU makes the hypercall <c>physdev_op</c>.</summary>
    /// <param name="caller">The id of its domain.</param>
    /// <param name="operation">The first argument; may be anything.</param>
    /// <param name="argument">The structure that the second argument points to, in the layout of the vCPU's mode. Results
    /// are written to it. One that is too short is one that cannot be read.</param>
    /// <param name="is64Bit">Whether the vCPU runs in 64-bit mode.</param>
    /// <returns>The guest gets the negated number.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no domain <paramref name="caller"/>.</exception>
    public XenError Hypercall(ushort caller, PhysdevOperation operation, Span<byte> argument, bool is64Bit = true)
    {
        PirqDomain domain = The(caller);
        if (domain.IsHvm && !IsOffered(domain, operation))
            return XenError.NotImplemented;
        return operation switch
        {
            PhysdevOperation.IrqStatusQuery => Do<IrqStatusArgument>(domain, argument, static (me, from, ref a) => me.QueryStatus(from, ref a)),
            PhysdevOperation.Eoi => Do<EoiArgument>(domain, argument, static (me, from, ref a) => me.Eoi(from, a)),
            PhysdevOperation.MapPirq when is64Bit => Do<MapPirqArgument64>(domain, argument, static (me, from, ref a) => me.MapPirq(from, ref a), always: true),
            PhysdevOperation.MapPirq => Do<MapPirqArgument32>(domain, argument, static (me, from, ref a) => me.MapPirq(from, ref a), always: true),
            PhysdevOperation.UnmapPirq => Do<UnmapPirqArgument>(domain, argument, static (me, from, ref a) => me.UnmapPirq(from, a)),
            PhysdevOperation.SetupGsi => Do<SetupGsiArgument>(domain, argument, static (me, from, ref a) => me.SetupGsi(from, a)),
            PhysdevOperation.GetFreePirq => Do<GetFreePirqArgument>(domain, argument, static (_, from, ref a) => GetFreePirq(from, ref a)),
            _ => XenError.NotImplemented,
        };
    }

    /// <summary>Whether an HVM or PVH domain has an operation.</summary>
    private bool IsOffered(PirqDomain domain, PhysdevOperation operation) => operation switch
    {
        // Xen 4.20 (commit 035baa203b) offers these two to all. Before, a domain without PIRQs of its own had none.
        PhysdevOperation.MapPirq or PhysdevOperation.UnmapPirq => Options.Version != XenVersion.Xen417 || domain.Options.RoutesPirqs,
        PhysdevOperation.SetupGsi => Options.Version != XenVersion.Xen417 && domain.Options.IsHardware,
        _ => domain.Options.RoutesPirqs,
    };

    private XenError Do<T>(PirqDomain caller, Span<byte> argument, GuestCall<Pirqs, PirqDomain, T> call, bool always = false) where T : unmanaged =>
        GuestArgument.Pass(this, caller, argument, call, always);

    private XenError MapPirq(PirqDomain caller, ref MapPirqArgument32 a)
    {
        MapPirqArgument64 wide = a.Wide;
        XenError answer = MapPirq(caller, ref wide);
        a.PirqNumber = wide.PirqNumber;
        return answer;
    }

    private XenError MapPirq(PirqDomain caller, ref MapPirqArgument64 a)
    {
        if (Find(caller, a.DomainId) is not { } domain)
            return XenError.NoSuchDomain;
        int pirq = a.PirqNumber;
        XenError answer = domain == caller && domain.RoutesPirqs ? MapOwn(domain, a.MapType, a.Gsi, ref pirq)
            : !MayServe(caller, domain) ? XenError.NotPermitted
            : a.MapType switch
            {
                (int)MapPirqType.Gsi => MapGsi(caller, domain, a.Gsi, ref pirq),
                // The segment is in the upper half of the bus, and only in one of the two types.
                (int)MapPirqType.Msi => MapMessage(caller, domain, a.Gsi, (uint)(ushort)AddressOf(a), ref pirq),
                (int)MapPirqType.MsiSegment => MapMessage(caller, domain, a.Gsi, AddressOf(a), ref pirq),
                _ => XenError.Invalid,
            };
        if (answer == XenError.None)
            a.PirqNumber = pirq;
        return answer;
    }

    private static uint AddressOf(in MapPirqArgument64 a) =>
        (uint)a.BusAndSegment & 0xFFFF_0000 | (uint)(byte)a.BusAndSegment << 8 | (byte)a.DeviceFunction;

    private XenError UnmapPirq(PirqDomain caller, in UnmapPirqArgument a)
    {
        if (Find(caller, a.Domain) is not { } domain)
            return XenError.NoSuchDomain;
        bool own = domain == caller && domain.RoutesPirqs;
        if (!own && !MayServe(caller, domain))
            return XenError.NotPermitted;
        if (domain.RoutesPirqs)
        {
            // An emulated one goes; a guest that has none to unmap gets no error.
            if (domain.Has(a.Pirq) && domain[a.Pirq].Emulation != PirqEmulation.None)
                UnmapEmulated(domain, a.Pirq, caller);
            if (own)
                return XenError.None;
        }
        return UnmapIrq(domain, a.Pirq, caller);
    }

    private XenError SetupGsi(PirqDomain caller, in SetupGsiArgument a) =>
        (uint)a.Gsi >= (uint)Options.Gsis ? XenError.Invalid
        : !caller.IsPrivileged ? XenError.NotPermitted
        : SetUp(caller, a.Gsi, a.Triggering != 0, a.Polarity != 0);

    private static XenError GetFreePirq(PirqDomain caller, ref GetFreePirqArgument a)
    {
        int pirq = caller.FindFree(a.Type == (int)MapPirqType.Gsi);
        if (pirq < 0)
            return XenError.NoSpace;
        caller[pirq].Use = PirqUse.Reserved;
        a.Pirq = (uint)pirq;
        return XenError.None;
    }

    private XenError QueryStatus(PirqDomain caller, ref IrqStatusArgument a)
    {
        if (a.Pirq >= (uint)caller.Count)
            return XenError.Invalid;
        int pirq = (int)a.Pirq, irq = caller.IrqOf(pirq);
        if (caller.IsHvm && irq == 0 && !caller.UsesPort(pirq))
            return XenError.Invalid;
        a.Flags = IrqStatusArgument.NeedsEoi | (irq != 0 && _irqs[irq].Guests > 1 ? IrqStatusArgument.Shared : 0);
        return XenError.None;
    }

    private XenError Eoi(PirqDomain caller, in EoiArgument a)
    {
        if (a.Pirq >= (uint)caller.Count)
            return XenError.Invalid;
        int pirq = (int)a.Pirq;
        if (!caller.IsKnown(pirq))
            return XenError.Invalid;
        if (caller.IrqOf(pirq) != 0)
            End(caller, pirq);
        // ISA interrupts are edges. A level that nobody lowered comes again.
        ref readonly PirqState state = ref caller[pirq];
        if (caller.IsHvm && state.Emulation == PirqEmulation.Gsi && state.Gsi >= GsiMap.IsaIrqs && _guests.IsAsserted(caller.Id, state.Gsi))
            caller.Raise(pirq);
        return XenError.None;
    }
}
