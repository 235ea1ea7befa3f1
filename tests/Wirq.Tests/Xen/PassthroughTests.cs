using Wirq.Events;
using Wirq.Xen;
using static Wirq.Tests.Xen.PassedLine;
using static Wirq.Tests.Xen.PirqWorld;

namespace Wirq.Tests.Xen;

/// <summary>What passes between the machine's pins and guests, and how it ends.</summary>
public class PassthroughTests
{
    // --- the way of an interrupt

    [Fact]
    public void A_level_reaches_the_guests_line_and_comes_again_after_each_EOI_while_it_asserts()
    {
        PirqWorld xen = Bound();
        Wire(xen, asserted: true);
        Assert.Equal([Intx(true)], xen.TakeAll());
        // In flight: nothing more comes.
        Wire(xen, false);
        Wire(xen, true);
        Assert.Empty(xen.TakeAll());
        xen.Passthrough.GuestEoi(Guest, s_guestGsi);
        Assert.Equal([Intx(false), Ended, Intx(true)], xen.TakeAll());
        Wire(xen, false);
        xen.Passthrough.GuestEoi(Guest, s_guestGsi);
        Assert.Equal([Intx(false), Ended], xen.TakeAll());
        // Nothing is in flight: an EOI ends nothing.
        xen.Passthrough.GuestEoi(Guest, s_guestGsi);
        Assert.Empty(xen.TakeAll());
    }

    [Fact]
    public void A_rewrite_of_an_entry_in_service_to_edge_ends_the_interrupt_too()
    {
        PirqWorld xen = Bound();
        Wire(xen, true);
        Wire(xen, false);
        xen.TakeAll();
        RedirectionEntry level = RedirectionEntry.Create(0x31, 0, level: true), inService = new(level.Bits | 1 << 14);
        // In service and level: a rewrite that stays level is none, masked or not.
        xen.Passthrough.EntryWritten(Guest, s_guestGsi, new RedirectionEntry(level.Bits | RedirectionEntry.Reset.Bits), inService);
        Assert.Empty(xen.TakeAll());
        xen.Passthrough.EntryWritten(Guest, s_guestGsi, RedirectionEntry.Create(0x31, 0), level);
        Assert.Empty(xen.TakeAll());
        xen.Passthrough.EntryWritten(Guest, s_guestGsi, RedirectionEntry.Create(0x31, 0), inService);
        Assert.Equal([Intx(false), Ended], xen.TakeAll());
    }

    [Fact]
    public void An_EOI_at_the_8259_ends_what_its_link_leads_there()
    {
        PirqWorld xen = Bound();
        xen.Routes[XenPciLines.LinkOf(GuestDevice, PciInterruptPin.A)] = 11;
        Wire(xen, true);
        Wire(xen, false);
        xen.TakeAll();
        xen.Passthrough.GuestEoi(Guest, 10);
        xen.Passthrough.GuestEoi(Guest, 0);
        Assert.Empty(xen.TakeAll());
        xen.Passthrough.GuestEoi(Guest, 11);
        Assert.Equal([Intx(false), Ended], xen.TakeAll());
    }

    [Fact]
    public void A_port_of_the_PIRQ_gets_the_interrupt_and_the_EOI_of_the_PIRQ_ends_it()
    {
        PirqWorld xen = Bound();
        uint port = xen.Port(Guest, 16);
        Wire(xen, true);
        Assert.True(xen.Takes(Guest, port));
        xen.TakeAll();
        Assert.Equal(XenError.None, xen.Eoi(Guest, 16));
        // It asserts still.
        Assert.True(xen.Takes(Guest, port));
        Wire(xen, false);
        xen.Eoi(Guest, 16);
        Assert.Contains(Ended, xen.TakeAll());
        Assert.False(xen.Takes(Guest, port));
    }

    [Fact]
    public void Guests_that_share_end_it_together()
    {
        PirqWorld xen = Bound();
        xen.Map(Dom0, Pvh, 20, 17);
        Assert.Equal(XenError.None, xen.Bind(Dom0, Pvh, 17, device: 7));
        xen.TakeAll();
        Wire(xen, true);
        Assert.Equal([Intx(true), new XenGuestIntx(Pvh, 7, PciInterruptPin.A, true).ToEvent()], xen.TakeAll());
        Wire(xen, false);
        xen.Passthrough.GuestEoi(Guest, s_guestGsi);
        Assert.Equal([Intx(false)], xen.TakeAll());
        xen.Passthrough.GuestEoi(Pvh, XenPciLines.GsiOf(7, PciInterruptPin.A));
        Assert.Contains(Ended, xen.TakeAll());
    }

    [Fact]
    public void A_guest_that_leaves_holds_the_others_up_no_longer()
    {
        PirqWorld xen = Bound();
        xen.Map(Dom0, Pvh, 20, 17);
        xen.Bind(Dom0, Pvh, 17, device: 7);
        Wire(xen, true);
        xen.Passthrough.GuestEoi(Pvh, XenPciLines.GsiOf(7, PciInterruptPin.A));
        xen.TakeAll();
        Assert.Equal(XenError.None, xen.Bind(Dom0, Guest, 16, bind: false));
        // It still asserts, so it comes again, to who is left.
        Assert.Equal([Intx(false), Ended, new XenGuestIntx(Pvh, 7, PciInterruptPin.A, true).ToEvent(),
            new XenPirqUnbound(new(Guest, 20, 16, Dom0, XenError.None)).ToEvent()], xen.TakeAll());
    }

    [Fact]
    public void A_level_that_asserts_before_the_binding_arrives_at_it()
    {
        PirqWorld xen = Mapped();
        Wire(xen, true);
        xen.TakeAll();
        xen.Bind(Dom0, Guest, 16, GuestDevice);
        Assert.Contains(Intx(true), xen.TakeAll());
    }

    [Fact]
    public void A_pin_that_was_set_up_wrongly_hears_the_opposite_or_once()
    {
        // The device pulls the wire low; the pin takes high for asserted.
        PirqWorld xen = Mapped(level: true, low: false);
        xen.Pirqs.SetWire(20, true);
        xen.Bind(Dom0, Guest, 16, GuestDevice);
        Assert.Contains(Intx(true), xen.TakeAll());
        // As an edge, it hears only the first of two devices that overlap.
        xen = Mapped(level: false, low: true);
        xen.Bind(Dom0, Guest, 16, GuestDevice);
        xen.TakeAll();
        Wire(xen, true);
        Assert.Equal([Intx(true)], xen.TakeAll());
        xen.Passthrough.GuestEoi(Guest, s_guestGsi);
        Assert.Equal([Intx(false), Ended], xen.TakeAll());
    }

    // --- dom0's own devices

    [Fact]
    public void dom0_gets_a_pin_by_unmasking_it_once_with_the_trigger_of_the_moment()
    {
        var xen = new PirqWorld();
        RedirectionEntry masked = RedirectionEntry.Create(0x31, 0, level: true, masked: true), open = RedirectionEntry.Create(0x31, 0, level: true);
        Assert.Equal(XenError.None, xen.Passthrough.EntryWritten(Dom0, 20, masked, RedirectionEntry.Reset));
        Assert.Empty(xen.TakeAll());
        Assert.Equal(XenError.None, xen.Passthrough.EntryWritten(Dom0, 20, open, masked));
        Assert.Equal(
        [
            new XenGsiSetUp(Dom0, 20, Level: true, ActiveLow: false, XenError.None).ToEvent(),
            new XenPirqMapped(new(Dom0, 20, 20, Dom0, XenError.None)).ToEvent(),
            new XenPirqBound(new(Dom0, 20, 20, Dom0, XenError.None)).ToEvent(),
        ], xen.TakeAll());
        // Again, as active low: it was set up, and nothing else is done.
        RedirectionEntry low = RedirectionEntry.Create(0x31, 0, level: true, activeLow: true);
        Assert.Equal(XenError.None, xen.Passthrough.EntryWritten(Dom0, 20, low, masked));
        Assert.True(xen.Pirqs.IsSetUp(20, out bool level, out bool activeLow));
        Assert.Equal((true, false), (level, activeLow));
        Assert.Equal([EventKind.XenGsiSetUp], xen.TakeAll().Select(e => e.Kind));
    }

    [Fact]
    public void dom0_that_unmasks_a_pin_that_was_set_up_for_another_gets_nothing()
    {
        PirqWorld xen = Bound();
        Assert.Equal(XenError.None, xen.Passthrough.EntryWritten(Dom0, 20, RedirectionEntry.Create(0x31, 0, level: true), RedirectionEntry.Reset));
        Assert.Equal(0, xen.Pirqs.PirqOf(Dom0, 20));
    }

    [Fact]
    public void dom0s_pin_is_driven_and_its_EOI_ends_the_interrupt()
    {
        var xen = new PirqWorld();
        xen.Passthrough.EntryWritten(Dom0, 20, RedirectionEntry.Create(0x31, 0, level: true), RedirectionEntry.Reset);
        xen.TakeAll();
        xen.Pirqs.SetWire(20, true);
        Assert.Equal([new XenGuestGsi(Dom0, 20, true).ToEvent()], xen.TakeAll());
        xen.Pirqs.SetWire(20, false);
        xen.Passthrough.GuestEoi(Dom0, 20);
        Assert.Equal([new XenGuestGsi(Dom0, 20, false).ToEvent(), Ended], xen.TakeAll());
        // An edge needs no EOI, and cannot be shared.
        xen.Passthrough.EntryWritten(Dom0, 21, RedirectionEntry.Create(0x32, 0), RedirectionEntry.Reset);
        xen.TakeAll();
        for (int i = 0; i < 2; i++)
        {
            xen.Pirqs.SetWire(21, true);
            xen.Pirqs.SetWire(21, false);
            Assert.Equal([new XenGuestGsi(Dom0, 21, true).ToEvent()], xen.TakeAll());
        }
        xen.Map(Dom0, Guest, 21, 16);
        Assert.Equal(XenError.Busy, xen.Bind(Dom0, Guest, 16));
    }

    [Fact]
    public void dom0_binds_itself_to_no_pin_that_it_does_not_have()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.Invalid, xen.Passthrough.EntryWritten(Dom0, 24, RedirectionEntry.Create(0x31, 0), RedirectionEntry.Reset));
        Assert.Equal(XenError.Invalid, xen.Passthrough.EntryWritten(Dom0, -1, RedirectionEntry.Create(0x31, 0), RedirectionEntry.Reset));
        // A GSI that it gave up.
        xen.Permit(Dom0, Dom0, 20, grant: false);
        Assert.Equal(XenError.NotPermitted, xen.Passthrough.EntryWritten(Dom0, 20, RedirectionEntry.Create(0x31, 0), RedirectionEntry.Reset));
    }

    // --- teardown

    [Fact]
    public void Teardown_ends_the_binding_and_the_mapping_and_a_second_setup_exists()
    {
        PirqWorld xen = Bound();
        Assert.Equal(XenError.None, xen.Bind(Dom0, Guest, 16, bind: false));
        Assert.Equal(XenError.None, xen.Unmap(Dom0, Guest, 16));
        Assert.False(xen.Pirqs.HasAccess(Guest, 20));
        Assert.Equal(XenError.Exists, xen.SetUp(Dom0, 20));
        xen.TakeAll();
        Wire(xen, true);
        Assert.Empty(xen.TakeAll());
        // And the whole way again.
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, -1, out int pirq));
        Assert.Equal(XenError.None, xen.Bind(Dom0, Guest, pirq, GuestDevice));
        Assert.Contains(Intx(true), xen.TakeAll());
    }

    [Fact]
    public void A_PIRQ_that_is_unmapped_while_it_is_bound_stays_half_way_until_the_domain_is_destroyed()
    {
        PirqWorld xen = Bound();
        Wire(xen, true);
        Assert.Equal(XenError.None, xen.Unmap(Dom0, Guest, 16));
        Assert.Equal(XenError.Invalid, xen.Unmap(Dom0, Guest, 16));
        Assert.Equal(XenError.NotPermitted, xen.Bind(Dom0, Guest, 16, bind: false));
        Assert.Equal(XenError.Busy, xen.Map(Dom0, Guest, 20, -1));
        Assert.Equal(XenError.Exists, xen.Map(Dom0, Guest, 20, 17));
        Wire(xen, false);
        xen.TakeAll();
        Wire(xen, true);
        Assert.Empty(xen.TakeAll());
        xen.Passthrough.Destroy(Guest);
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, -1));
    }

    [Fact]
    public void The_EOI_of_a_guest_lowers_the_line_of_a_PIRQ_that_was_unmapped_in_flight()
    {
        PirqWorld xen = Bound();
        Wire(xen, true);
        xen.TakeAll();
        Assert.Equal(XenError.None, xen.Unmap(Dom0, Guest, 16));
        xen.TakeAll();
        xen.Passthrough.GuestEoi(Guest, s_guestGsi);
        Assert.Equal([Intx(false)], xen.TakeAll());
        // Nothing is up any more.
        xen.Passthrough.GuestEoi(Guest, s_guestGsi);
        Assert.Empty(xen.TakeAll());
    }

    [Fact]
    public void A_destroyed_domain_leaves_its_interrupts_to_others()
    {
        PirqWorld xen = Bound();
        Wire(xen, true);
        xen.Passthrough.Destroy(Guest);
        Assert.False(xen.Pirqs.HasAccess(Guest, 20));
        Assert.Equal(0, xen.Pirqs.PirqOf(Guest, 20));
        xen.Map(Dom0, Pvh, 20, 17);
        xen.TakeAll();
        Assert.Equal(XenError.None, xen.Bind(Dom0, Pvh, 17, device: 7));
        Assert.Contains(new XenGuestIntx(Pvh, 7, PciInterruptPin.A, true).ToEvent(), xen.TakeAll());
    }

    // --- messages

    [Fact]
    public void A_devices_message_becomes_the_guests_or_an_event_of_its_PIRQ()
    {
        (PirqWorld xen, int pirq, int irq) = WithMessage();
        Assert.Equal(XenError.None, xen.Passthrough.Domctl(Dom0, Domctl.BindMessage(XenVersion.Current, Guest, (uint)pirq, vector: 0x41, destination: 1)));
        xen.TakeAll();
        xen.Pirqs.SendMessage(irq);
        xen.Pirqs.SendMessage(irq);
        InterruptMessage message = InterruptMessage.Create(0x41, DeliveryMode.Fixed, 1);
        Assert.Equal(Enumerable.Repeat(new Event(EventKind.XenGuestMessage, Guest, 0, message.Bits), 2), xen.TakeAll());
        uint port = xen.Port(Guest, pirq);
        xen.Pirqs.SendMessage(irq);
        Assert.True(xen.Takes(Guest, port));
        Assert.Empty(xen.Take(EventKind.XenGuestMessage));
        // Bound again with another vector, and not to a pin.
        xen.Close(Guest, port);
        Assert.Equal(XenError.None, xen.Passthrough.Domctl(Dom0, Domctl.BindMessage(XenVersion.Current, Guest, (uint)pirq, 0x42, 1)));
        Assert.Equal(XenError.Busy, xen.Bind(Dom0, Guest, pirq));
        xen.Pirqs.SendMessage(irq);
        Assert.Equal(0x42, Assert.Single(xen.Take(EventKind.XenGuestMessage)).Message.Vector);
        Assert.Equal(XenError.None, xen.Passthrough.Domctl(Dom0, Domctl.BindMessage(XenVersion.Current, Guest, (uint)pirq, 0x42, 1, bind: false)));
        xen.Pirqs.SendMessage(irq);
        Assert.Empty(xen.Take(EventKind.XenGuestMessage));
    }

    [Fact]
    public void A_device_that_is_removed_while_its_PIRQ_is_bound_sends_nothing_more_and_its_PIRQ_can_be_taken_down()
    {
        (PirqWorld xen, int pirq, int irq) = WithMessage();
        xen.Passthrough.Domctl(Dom0, Domctl.BindMessage(XenVersion.Current, Guest, (uint)pirq, 0, 0));
        uint port = xen.Port(Guest, pirq);
        Assert.True(xen.Passthrough.Remove(new(Nic)));
        Assert.False(xen.Passthrough.Remove(new(Nic)));
        xen.Pirqs.SendMessage(irq);
        Assert.False(xen.Takes(Guest, port));
        // The interrupt is not given to another while it is mapped.
        xen.Passthrough.Domctl(Dom0, Domctl.Assign(XenVersion.Current, Pvh, new(Disk)));
        Assert.Equal(XenError.None, xen.MapMessage(Dom0, Pvh, Disk, -1, out int other));
        Assert.NotEqual(irq, xen.Pirqs.The(Pvh).IrqOf(other));
        Assert.Equal(XenError.None, xen.Passthrough.Domctl(Dom0, Domctl.BindMessage(XenVersion.Current, Guest, (uint)pirq, 0, 0, bind: false)));
        Assert.Equal(XenError.None, xen.Unmap(Dom0, Guest, pirq));
        xen.Close(Guest, port);
        Assert.Equal(XenError.NoDevice, xen.MapMessage(Dom0, Guest, Nic, -1, out _));
    }

    // --- devices

    [Fact]
    public void A_device_has_one_domain()
    {
        var xen = new PirqWorld();
        XenError Assign(ushort caller, ushort domain, uint device, bool assign = true) =>
            xen.Passthrough.Domctl(caller, Domctl.Assign(XenVersion.Current, domain, new(device), assign));
        Assert.Equal(XenError.NotPermitted, Assign(Guest, Guest, Nic));
        Assert.Equal(XenError.NoDevice, Assign(Dom0, Guest, 0x77));
        Assert.Equal(XenError.NoDevice, Assign(Dom0, NoIommu, Nic));
        Assert.Equal(XenError.None, Assign(Dom0, Guest, Nic));
        Assert.Equal(XenError.Busy, Assign(Dom0, Pvh, Nic));
        Assert.Equal(XenError.NoDevice, Assign(Dom0, Pvh, Nic, assign: false));
        Assert.Equal(XenError.NotPermitted, Assign(Guest, Guest, Nic, assign: false));
        Assert.Equal(XenError.None, Assign(Dom0, Guest, Nic, assign: false));
        Assert.Equal(XenError.None, Assign(Dom0, Pvh, Nic));
    }
}
