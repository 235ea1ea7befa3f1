using System.Runtime.InteropServices;
using Wirq.Events;

namespace Wirq.Xen;

/// <summary>The part of a Xen hypervisor that passes interrupts of the machine to guests: the hypercall <c>domctl</c>, the
/// vIO-APIC of a PVH dom0, and the way back of an EOI.</summary>
/// <remarks>Its state is that of <see cref="Pirqs"/>. What a guest's machine has to do is an effect: <see
/// cref="XenGuestIntx"/>, <see cref="XenGuestGsi"/>, <see cref="EventKind.XenGuestMessage"/>.</remarks>
public sealed partial class Passthrough
{
    private readonly Pirqs _pirqs;
    private readonly IPirqGuests _guests;

    /// <summary>Adds it to PIRQs.</summary>
    /// <param name="pirqs">The PIRQs.</param>
    /// <param name="guests">The machines of the HVM domains, as for the PIRQs.</param>
    public Passthrough(Pirqs pirqs, IPirqGuests guests)
    {
        ArgumentNullException.ThrowIfNull(pirqs);
        ArgumentNullException.ThrowIfNull(guests);
        (_pirqs, _guests) = (pirqs, guests);
    }

    /// <summary>A vCPU makes the hypercall <c>domctl</c>.</summary>
    /// <param name="caller">The id of its domain.</param>
    /// <param name="argument">The structure that the argument points to; may hold anything.</param>
    /// <returns>The guest gets the negated number.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no domain <paramref name="caller"/>.</exception>
    public XenError Domctl(ushort caller, ReadOnlySpan<byte> argument)
    {
        PirqDomain from = _pirqs.The(caller);
        if (argument.Length < DomctlHeader.Whole)
            return XenError.Fault;
        var header = MemoryMarshal.Read<DomctlHeader>(argument);
        if (header.Version != DomctlHeader.VersionOf(_pirqs.Options.Version))
            return XenError.NoAccess;
        if (_pirqs.Find(header.Domain) is not { } domain)
            return from.IsPrivileged ? XenError.NoSuchDomain : XenError.NotPermitted;
        ReadOnlySpan<byte> union = argument[DomctlHeader.Union..];
        return (DomctlOperation)header.Command switch
        {
            DomctlOperation.IrqPermission => PermitIrq(from, domain, MemoryMarshal.Read<IrqPermissionArgument>(union)),
            DomctlOperation.GsiPermission when _pirqs.Options.Version != XenVersion.Xen417 =>
                PermitGsi(from, domain, MemoryMarshal.Read<GsiPermissionArgument>(union)),
            DomctlOperation.BindPtIrq => Bind(from, domain, MemoryMarshal.Read<BindPtIrqArgument>(union)),
            DomctlOperation.UnbindPtIrq => Unbind(from, domain, MemoryMarshal.Read<BindPtIrqArgument>(union)),
            DomctlOperation.AssignDevice => Assign(from, domain, MemoryMarshal.Read<AssignDeviceArgument>(union)),
            DomctlOperation.DeassignDevice => Deassign(from, domain, MemoryMarshal.Read<AssignDeviceArgument>(union)),
            _ => from.IsPrivileged ? XenError.NotImplemented : XenError.NotPermitted,
        };
    }

    private XenError PermitIrq(PirqDomain caller, PirqDomain domain, in IrqPermissionArgument a)
    {
        // The caller's number, not the domain's.
        if (a.Pirq >= (uint)caller.Count)
            return XenError.Invalid;
        int irq = caller.IrqOf((int)a.Pirq);
        return irq == 0 ? XenError.NotPermitted : Permit(caller, domain, irq, a.Allow != 0);
    }

    private XenError PermitGsi(PirqDomain caller, PirqDomain domain, in GsiPermissionArgument a)
    {
        if ((a.Flags & ~GsiPermissionArgument.Grant) != 0)
            return XenError.Invalid;
        if (a.Gsi >= (uint)_pirqs.Options.Gsis)
            return XenError.OutOfRange;
        return a.Gsi == 0 ? XenError.Invalid : Permit(caller, domain, (int)a.Gsi, a.Flags != 0);
    }

    private XenError Permit(PirqDomain caller, PirqDomain domain, int irq, bool granted)
    {
        if (caller.IsPrivileged && caller.HasAccess(irq))
        {
            _pirqs.SetAccess(domain, irq, granted, caller.Id, byMapping: false);
            return XenError.None;
        }
        EventBuffer events = _pirqs.Channels.Events;
        if (events.Observing)
            events.Observe(new XenAccessChanged(domain.Id, irq, granted, caller.Id, XenError.NotPermitted, ByMapping: false).ToEvent());
        return XenError.NotPermitted;
    }

    // --- devices

    private XenError Assign(PirqDomain caller, PirqDomain domain, in AssignDeviceArgument a)
    {
        if (!caller.IsPrivileged)
            return XenError.NotPermitted;
        int place = a.Kind == 0 ? _pirqs.DeviceAt(a.Address) : -1;
        if (place < 0 || !domain.Options.HasIommu)
            return XenError.NoDevice;
        ref DeviceState device = ref _pirqs.Device(place);
        if (_pirqs.Find(device.Domain) is { Options.IsHardware: false })
            return XenError.Busy;
        device.Domain = domain.Id;
        return XenError.None;
    }

    private XenError Deassign(PirqDomain caller, PirqDomain domain, in AssignDeviceArgument a)
    {
        if (!caller.IsPrivileged)
            return XenError.NotPermitted;
        int place = a.Kind == 0 ? _pirqs.DeviceAt(a.Address) : -1;
        if (place < 0 || _pirqs.Device(place).Domain != domain.Id)
            return XenError.NoDevice;
        _pirqs.Device(place).Domain = _pirqs.Options.DeviceOwner;
        return XenError.None;
    }

    /// <summary>A device is taken out of the machine. Its messages never come again; what was mapped for it stays mapped
    /// until it is unmapped.</summary>
    /// <param name="device">The device.</param>
    /// <returns>False if there is no such device.</returns>
    public bool Remove(XenPciDevice device)
    {
        int place = _pirqs.DeviceAt(device.Address);
        if (place < 0)
            return false;
        _pirqs.Device(place).Removed = 1;
        _pirqs.DropMessages(device.Address);
        return true;
    }
}
