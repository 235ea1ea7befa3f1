using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.Xen;

namespace Wirq.Lab.Worlds;

/// <content>PIRQs, and devices that dom0 passes on.</content>
internal sealed partial class XenGuests
{
    /// <summary>Whether an event of the guest's interrupt controllers is heard by the hypervisor, which ends an interrupt of
    /// the machine below.</summary>
    internal bool Hears(in Event happened) => _dom0 is not null && happened.Kind switch
    {
        EventKind.EoiBroadcast => !EoiBroadcast.Of(happened).Edge,
        EventKind.RemoteIrrCleared => RemoteIrrCleared.Of(happened).Cause != EndOfInterruptCause.Broadcast,
        _ => happened.Kind == EventKind.PicEoi,
    };

    /// <summary>The guest ended the interrupt of a pin. Of a broadcast the hypervisor hears before the pin looks at its line
    /// again (Xen, vioapic_update_EOI).</summary>
    internal void Heard(in Event happened)
    {
        Fabric fabric = _world.Fabric;
        if (happened.Kind == EventKind.PicEoi)
        {
            _dom0!.GuestEoi(Own.Id, happened.Irq, IsMasked(fabric.Pic!, happened.Irq));
            return;
        }
        if (happened.Kind == EventKind.RemoteIrrCleared)
        {
            _dom0!.GuestEoi(Own.Id, fabric.Gsis.OfPin(happened.IoApic, happened.Pin), fabric.IoApics[happened.IoApic].Entry(happened.Pin).Masked);
            return;
        }
        int before = fabric.Events.Count;
        for (int chip = 0; chip < fabric.IoApics.Count; chip++)
        {
            for (int pin = 0; pin < fabric.IoApics[chip].Options.Pins; pin++)
            {
                RedirectionEntry entry = fabric.IoApics[chip].Entry(pin);
                if (entry.RemoteIrr && entry.Vector == happened.Vector)
                    _dom0!.GuestEoi(Own.Id, fabric.Gsis.OfPin(chip, pin), entry.Masked);
            }
        }
        for (int i = before; i < fabric.Events.Count; i++)
        {
            Event caused = fabric.Events.Peek(i);
            if (caused.Kind == EventKind.XenGuestIntx && XenGuestIntx.Of(caused) is { Asserted: false } lowered)
                _machine.Lines!.Drive(lowered.Device, lowered.Pin, asserted: false);
        }
    }

    /// <summary>A passed-through device drives its pin at the guest's machine.</summary>
    internal void DriveIntx(ushort domain, int device, PciInterruptPin pin, bool asserted)
    {
        if (domain == Own.Id)
            _machine.Lines!.Drive(device, pin, asserted);
    }

    private static bool IsMasked(PicPair pic, int irq) =>
        ((irq < PicPair.SlaveFirst ? pic.State.Master.Imr : pic.State.Slave.Imr) >> irq % PicPair.SlaveFirst & 1) != 0;

    private PassedDevice DeviceOf(XenArguments its) => _world.Spec.Passthrough!.Devices[its.Device].Device;

    private XenError CallOfPirqs(GuestDomain domain, XenAction action, XenArguments its, ref uint number)
    {
        ushort target = its.Domain == XenDomainOptions.SelfId ? domain.Id : its.Domain;
        XenVersion version = _machine.Pirqs!.Options.Version;
        XenError answer;
        int pirq;
        switch (action)
        {
            case XenAction.MapPirq:
                answer = Physdev(domain, PhysdevOperation.MapPirq,
                    new MapPirqArgument64 { DomainId = its.Domain, MapType = (int)MapPirqType.Gsi, Gsi = its.Gsi, PirqNumber = its.Number }, out MapPirqArgument64 mapped);
                number = answer == XenError.None ? (uint)mapped.PirqNumber : 0;
                return answer;
            case XenAction.MapMessage:
                answer = _dom0!.MapMessage(target, DeviceOf(its), its.Number, out pirq);
                number = answer == XenError.None ? (uint)pirq : 0;
                return answer;
            case XenAction.UnmapPirq:
                return Physdev(domain, PhysdevOperation.UnmapPirq, new UnmapPirqArgument { Domain = its.Domain, Pirq = its.Number }, out _);
            case XenAction.EndPirq:
                return Physdev(domain, PhysdevOperation.Eoi, new EoiArgument { Pirq = its.Pirq }, out _);
            case XenAction.QueryPirq:
                return Physdev(domain, PhysdevOperation.IrqStatusQuery, new IrqStatusArgument { Pirq = its.Pirq }, out _);
            case XenAction.GetFreePirq:
                answer = Physdev(domain, PhysdevOperation.GetFreePirq, new GetFreePirqArgument { Type = (int)MapPirqType.Gsi }, out GetFreePirqArgument free);
                number = answer == XenError.None ? free.Pirq : 0;
                return answer;
            case XenAction.SetupGsi:
                return Physdev(domain, PhysdevOperation.SetupGsi,
                    new SetupGsiArgument { Gsi = its.Gsi, Triggering = its.Level ? (byte)1 : (byte)0, Polarity = its.Low ? (byte)1 : (byte)0 }, out _);
            case XenAction.GsiPermission:
                return _dom0 is null ? XenError.NotImplemented : _dom0.Passthrough.Domctl(domain.Id, Domctl.GsiPermission(version, target, (uint)its.Gsi));
            case XenAction.IrqPermission:
                return _dom0 is null ? XenError.NotImplemented : _dom0.Passthrough.Domctl(domain.Id, Domctl.IrqPermission(version, target, its.Pirq));
            case XenAction.BindMessage:
                return _dom0 is null ? XenError.NotImplemented : _dom0.Passthrough.Domctl(domain.Id, Domctl.BindMessage(version, target, its.Pirq, its.Vector, 0));
            case XenAction.Pass:
                // Nothing fails if every step is left out.
                return _dom0!.Pass(DeviceOf(its), target, [.. its.Without, .. _world.Spec.Passthrough!.Without]) is [.., var last] ? last.Answer : XenError.None;
            case XenAction.Return:
                (XenError unbound, XenError unmapped) = _dom0!.Return(DeviceOf(its), target);
                return unbound == XenError.None ? unmapped : unbound;
            case XenAction.EnableDevice:
                return _dom0!.Enable(DeviceOf(its));
            case XenAction.UnmaskPin:
                return _dom0!.Unmask(its.Gsi, its.Level, its.Low);
            case XenAction.EndPin:
                _dom0!.GuestEoi(domain.Id, its.Gsi, masked: false);
                return XenError.None;
            default:
                throw new WorldException($"no domain can do {action}");
        }
    }

    private XenError Physdev<T>(GuestDomain domain, PhysdevOperation operation, T argument, out T result) where T : unmanaged
    {
        XenError answer = _machine.Pirqs!.Hypercall(domain.Id, operation, MemoryMarshal.AsBytes(new Span<T>(ref argument)));
        result = argument;
        return answer;
    }
}
