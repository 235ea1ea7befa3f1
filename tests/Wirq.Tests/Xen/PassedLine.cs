using Wirq.Events;
using Wirq.Xen;
using static Wirq.Tests.Xen.PirqWorld;

namespace Wirq.Tests.Xen;

/// <summary>A guest that has a device of the machine, whose line is GSI 20.</summary>
internal static class PassedLine
{
    internal const byte GuestDevice = 5;
    internal static readonly int s_guestGsi = XenPciLines.GsiOf(GuestDevice, PciInterruptPin.A);

    internal static Event Ended => new(EventKind.XenIrqEnded, 0, 20);
    internal static Event Intx(bool asserted) => new XenGuestIntx(Guest, GuestDevice, PciInterruptPin.A, asserted).ToEvent();

    // Active low, as PCI interrupts are.
    internal static void Wire(PirqWorld xen, bool asserted) => xen.Pirqs.SetWire(20, !asserted);

    internal static PirqWorld Mapped(bool level = true, bool low = true)
    {
        var xen = new PirqWorld();
        xen.Pirqs.SetWire(20, true);
        Assert.Equal(XenError.None, xen.SetUp(Dom0, 20, level, low));
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, -1));
        return xen;
    }

    internal static PirqWorld Bound()
    {
        PirqWorld xen = Mapped();
        Assert.Equal(XenError.None, xen.Bind(Dom0, Guest, 16, GuestDevice));
        xen.TakeAll();
        return xen;
    }

    internal static (PirqWorld Xen, int Pirq, int Irq) WithMessage()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.None, xen.Passthrough.Domctl(Dom0, Domctl.Assign(XenVersion.Current, Guest, new(Nic))));
        Assert.Equal(XenError.None, xen.MapMessage(Dom0, Guest, Nic, -1, out int pirq));
        return (xen, pirq, xen.Pirqs.The(Guest).IrqOf(pirq));
    }
}
