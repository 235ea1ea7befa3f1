using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Host;
using Wirq.Xen;
using static Wirq.Tests.Xen.PirqMachine;

namespace Wirq.Tests.Xen;

/// <summary>Messages and lines of a guest's machine that are PIRQs, in a machine.</summary>
public class PirqMessageTests
{
    [Theory]
    [InlineData(0x15u, 0xFEE15000ul)]
    [InlineData(0xFFu, 0xFEEFF000ul)]
    [InlineData(0x115u, 0x100_FEE15000ul)]
    [InlineData(0xABCDEF01u, 0xABCDEF00_FEE01000ul)]
    public void A_PIRQ_is_in_the_destination_and_the_upper_half_of_the_address(uint pirq, ulong address)
    {
        Msi message = PirqMessage.For(pirq);
        Assert.Equal(new Msi(address, 0), message);
        Assert.True(PirqMessage.IsOne(message));
        Assert.Equal(pirq, PirqMessage.PirqOf(message));
        Assert.False(PirqMessage.IsOne(new Msi(address, 0x31)));
        // Of the address, only these bits count; of the data, only the vector.
        Assert.True(PirqMessage.IsOne(new Msi(address, 0xC500)));
        Assert.Equal(pirq, PirqMessage.PirqOf(new Msi(address | 0xFFC, 0)));
    }

    [Fact]
    public void The_first_message_makes_the_PIRQ_one_of_messages_and_is_an_event_of_its_port()
    {
        var guest = new PirqMachine();
        uint port = guest.Port(40);
        Assert.Equal(RefusalReason.None, guest.Send(40));
        Assert.True(guest.Takes(port));
        Assert.Equal(Vector, guest.Fabric.Take(0));
        // A mapping to a GSI is for another PIRQ now, as a warning that nobody sees.
        Assert.Equal(XenError.None, guest.Map(30, 40));
        Assert.False(guest.Fabric.GsiOwner!.Owns(30));
        Assert.Contains(guest.Seen, e => e.Kind == EventKind.RemapTranslated && RemapTranslated.Of(e).Key == 40);
    }

    [Fact]
    public void Other_messages_pass()
    {
        var guest = new PirqMachine();
        Assert.Equal(RefusalReason.None, guest.Fabric.Send(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0)), Nic));
        Assert.Equal(0x41, guest.Fabric.Take(0));
    }

    [Theory]
    [InlineData(0u, PirqFault.NoSuchPirq)]
    [InlineData(64u, PirqFault.NoSuchPirq)]
    [InlineData(uint.MaxValue, PirqFault.NoSuchPirq)]
    [InlineData(20u, PirqFault.NotOfMessages)]
    [InlineData(41u, PirqFault.NoPort)]
    public void A_message_that_names_no_PIRQ_of_messages_goes_nowhere(uint pirq, PirqFault fault)
    {
        var guest = new PirqMachine(format: MsiFormat.KvmHighAddress);
        guest.Map(30, 20);
        Assert.Equal(RefusalReason.RemappingFault, guest.Send(pirq));
        Assert.Equal(new RemapFaulted(0, Nic, (ulong)fault, (ushort)pirq, Suppressed: false, Lost: false).ToEvent(),
            Assert.Single(guest.Seen, e => e.Kind == EventKind.RemapFaulted) with { Time = 0 });
    }

    [Fact]
    public void A_PIRQ_from_256_on_needs_a_machine_that_sees_the_upper_half_of_the_address()
    {
        var guest = new PirqMachine(format: MsiFormat.KvmHighAddress, pirqs: 400);
        uint port = guest.Port(0x123), other = guest.Port(0x23);
        Assert.Equal(RefusalReason.None, guest.Send(0x123));
        Assert.True(guest.Takes(port));
        Assert.False(guest.Takes(other));
        Assert.Equal("Xen.Pirqs", Assert.Throws<OptionException>(() => new PirqMachine(pirqs: 400)).Field);
    }

    [Fact]
    public void A_virq_is_translated_at_its_first_trigger_and_not_again()
    {
        var guest = new PirqMachine();
        uint port = guest.Port(40);
        VirqHandle virq = guest.Virq(40);
        guest.Trigger(virq);
        Assert.True(guest.Takes(port));
        guest.Trigger(virq);
        Assert.True(guest.Takes(port));
        Assert.Equal(1, guest.Count(EventKind.VirqTranslated));
        Assert.Equal(VirqState.Warm, guest.Cache.StateOf(virq));
    }

    [Fact]
    public void A_rebound_PIRQ_is_translated_anew_and_never_raises_the_port_that_it_had()
    {
        var guest = new PirqMachine();
        uint port = guest.Port(40);
        VirqHandle virq = guest.Virq(40), other = guest.Virq(41);
        uint untouched = guest.Port(41);
        guest.Trigger(virq);
        guest.Trigger(other);
        Assert.True(guest.Takes(port));
        Assert.True(guest.Takes(untouched));
        guest.Close(port);
        // The port is another's now.
        Assert.Equal(port, guest.Port(42));
        guest.Trigger(virq);
        Assert.False(guest.Takes(port));
        uint again = guest.Port(40);
        Assert.NotEqual(port, again);
        guest.Trigger(virq);
        Assert.True(guest.Takes(again));
        Assert.False(guest.Takes(port));
        // Only its own cookie was touched.
        guest.Trigger(other);
        Assert.True(guest.Takes(untouched));
        Assert.Equal(1, guest.Seen.Count(e => e.Kind == EventKind.VirqTranslated && e.Unit == other.Slot));
        Assert.All(guest.Seen.Where(e => e.Kind == EventKind.RemapInvalidationDone), e => Assert.Equal(e.A, e.B));
    }

    [Fact]
    public void An_unmapped_PIRQ_ends_its_translation()
    {
        var guest = new PirqMachine();
        uint port = guest.Port(40);
        VirqHandle virq = guest.Virq(40);
        guest.Trigger(virq);
        guest.Takes(port);
        Assert.Equal(XenError.None, guest.Unmap(40));
        guest.Trigger(virq);
        // It is nobody's, so the message takes it again.
        Assert.True(guest.Takes(port));
        Assert.Equal(2, guest.Count(EventKind.VirqTranslated));
    }

    [Fact]
    public void A_message_that_waits_while_its_port_closes_is_not_delivered()
    {
        var guest = new PirqMachine();
        uint port = guest.Port(40);
        VirqHandle virq = guest.Virq(40);
        guest.Trigger(virq);
        guest.Takes(port);
        guest.Cache.Trigger(virq);
        guest.Close(port);
        Assert.Equal(port, guest.Port(42));
        guest.Run();
        Assert.False(guest.Takes(port));
    }

    [Fact]
    public void A_device_that_is_removed_while_its_PIRQ_is_bound_ends_its_translations_and_the_port_stays()
    {
        var guest = new PirqMachine();
        uint port = guest.Port(40), other = guest.Port(41);
        VirqHandle virq = guest.Virq(40);
        guest.Trigger(virq);
        guest.Fabric.Send(PirqMessage.For(41), Disk);
        guest.Run();
        guest.Takes(port);
        guest.Takes(other);
        int before = guest.Count(EventKind.RemapInvalidationDone);
        guest.Pirqs.RemoveEmulated(Domain, Nic);
        guest.Cache.Dispose(virq);
        guest.Run();
        Assert.Equal(before + 1, guest.Count(EventKind.RemapInvalidationDone));
        Assert.False(guest.Takes(port));
        Assert.False(guest.Takes(other));
        // The port is still the guest's, and the PIRQ can be another's.
        guest.Close(port);
        Assert.Equal(XenError.None, guest.Map(30, 40));
        Assert.True(guest.Fabric.GsiOwner!.Owns(30));
    }

    [Fact]
    public void A_PIRQs_event_is_never_a_route_of_a_kernel()
    {
        var options = FabricOptions.Pc() with
        {
            Remappers = [new PirqTranslatorOptions()],
            Routing = new RoutingOptions { Virqs = 4, BatchCount = 1, BatchDelay = 0, Kernel = new FakeKernel().Limits },
        };
        var fabric = new Fabric(options);
        var memory = new XenMemory(2);
        var channels = new EventChannels(new() { Domains = [new() { Id = Domain, Pirqs = 64 }] }, memory);
        var world = new PirqGuests();
        var pirqs = new Pirqs(new() { Domains = [new() { Id = Domain, RoutesPirqs = true }] }, channels, world, new StateArena());
        pirqs.Connect(fabric, Domain);
        byte[] a = new byte[12];
        MemoryMarshal.Write(a, 40);
        channels.Hypercall(Domain, EventChannelOperation.BindPirq, a);
        VirqHandle virq = fabric.RouteCache!.Register("nic", Nic);
        fabric.RouteCache.SetMessage(virq, PirqMessage.For(40));
        fabric.RouteCache.Attach(virq, new EventFd(5));
        fabric.RouteCache.Trigger(virq);
        for (Event e; fabric.Events.TryTake(out e);)
        {
            Assert.NotEqual(EventKind.VirqBound, e.Kind);
            Assert.NotEqual(EventKind.RoutesCommitted, e.Kind);
            if (e.Kind == EventKind.VirqInjected)
                Assert.True(fabric.SendOfVirq(e));
        }
        fabric.RouteCache.PromoteAll();
        Assert.Equal(0, fabric.RouteCache.Used);
        Assert.NotEqual(0, memory.SharedInfo(Domain)[0x800]);
    }

    [Fact]
    public void A_GSI_that_is_a_PIRQ_goes_to_its_port_and_passes_by_the_IOAPIC_and_the_8259_sees_it_rise_only()
    {
        var guest = new PirqMachine();
        guest.Map(10, 20);
        uint port = guest.Port(20);
        Source source = guest.Fabric.Connect(10, "card");
        guest.Seen.Clear();
        source.Raise();
        source.Lower();
        guest.Run();
        Assert.True(guest.Takes(port));
        Assert.Equal(0, guest.Count(EventKind.PinChanged));
        Assert.Equal([true], guest.Seen.Where(e => e.Kind == EventKind.PicPinChanged).Select(e => e.A == 1));
        // Unmapped, it is the chips' again.
        guest.Unmap(20);
        guest.Seen.Clear();
        source.Raise();
        guest.Run();
        Assert.Equal(1, guest.Count(EventKind.PinChanged));
        Assert.False(guest.Takes(port));
    }

    [Fact]
    public void The_EOI_of_a_level_that_asserts_in_the_machine_sends_again()
    {
        var guest = new PirqMachine();
        guest.Map(30, 20);
        uint port = guest.Port(20);
        Source source = guest.Fabric.Connect(30, "card");
        source.Raise();
        guest.Run();
        Assert.True(guest.Takes(port));
        guest.Eoi(20);
        Assert.True(guest.Takes(port));
        source.Lower();
        guest.Eoi(20);
        Assert.False(guest.Takes(port));
    }

    [Fact]
    public void A_line_that_is_mapped_while_it_asserts_leaves_no_pin_high_when_it_falls()
    {
        var guest = new PirqMachine();
        guest.Fabric.IoApics[0].WriteEntry(30, RedirectionEntry.Create(0x51, 0, level: true), guest.Fabric.Events);
        Source source = guest.Fabric.Connect(30, "card");
        source.Raise();
        guest.Run();
        Assert.Equal(0x51, guest.Fabric.Take(0));
        guest.Map(30, 20);
        source.Lower();
        guest.Fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0);
        guest.Run();
        Assert.False(guest.Fabric.HasInterrupt(0));
    }

    /// <summary>The life of a line that is a PIRQ, with its pin unmasked: mapped before it rises or while it asserts, and
    /// unmapped before it falls or after.</summary>
    [Theory]
    [InlineData(30, true)]
    [InlineData(30, false)]
    [InlineData(5, true)]
    [InlineData(5, false)]
    public void No_law_takes_a_line_that_a_PIRQ_has_for_one_that_its_chips_miss(int gsi, bool level)
    {
        foreach (int story in Enumerable.Range(0, 4))
        {
            var guest = new PirqMachine(laws: true);
            guest.Fabric.IoApics[0].WriteEntry(gsi, RedirectionEntry.Create(0x51, 0, level: level), guest.Fabric.Events);
            guest.Port(20);
            Source source = guest.Fabric.Connect(gsi, "card");
            bool mapsFirst = (story & 1) == 0, unmapsFirst = (story & 2) == 0;
            Do(mapsFirst, () => guest.Map(gsi, 20), source.Raise);
            Do(unmapsFirst, () => guest.Unmap(20), source.Lower);
            source.Raise();
            guest.Serve();
            source.Lower();
            guest.Serve();
            guest.LawsHold();

            void Do(bool first, Action call, Action drive)
            {
                foreach (Action act in first ? [call, drive] : new[] { drive, call })
                {
                    act();
                    guest.Serve();
                }
            }
        }
    }

    [Theory]
    [InlineData(30, true, false)]
    [InlineData(30, true, true)]
    [InlineData(5, true, false)]
    [InlineData(5, false, false)]
    [InlineData(5, false, true)]
    public void A_line_whose_chips_did_not_see_all_of_it_can_be_saved(int gsi, bool asserts, bool unmapped)
    {
        var guest = new PirqMachine();
        guest.Map(gsi, 20);
        Source source = guest.Fabric.Connect(gsi, "card");
        source.Raise();
        if (!asserts)
            source.Lower();
        if (unmapped)
            guest.Unmap(20);
        guest.Run();
        var other = new PirqMachine();
        other.Fabric.Restore(guest.Fabric.Save());
        Assert.Equal(guest.Fabric.Identity(), other.Fabric.Identity());
        Assert.Equal(asserts, other.Fabric.Lines.IsAsserted(gsi));
    }

    [Fact]
    public void A_fork_has_its_own_PIRQs()
    {
        var guest = new PirqMachine();
        guest.Port(40);
        guest.Map(30, 20);
        Fabric fork = guest.Fabric.Fork();
        fork.XenPages = new XenMemory(2);
        Assert.Equal(guest.Fabric.Identity(), fork.Identity());
        Assert.Equal(RefusalReason.None, fork.Send(PirqMessage.For(40), Nic));
        Assert.NotEqual(0, fork.XenPages.SharedInfo(Domain)[0x800]);
        Assert.Equal(0, guest.Memory.SharedInfo(Domain)[0x800]);
        fork.Reset();
        Assert.False(fork.GsiOwner!.Owns(30));
        Assert.True(guest.Fabric.GsiOwner!.Owns(30));
    }

    [Fact]
    public void A_PIRQ_message_allocates_nothing()
    {
        var guest = new PirqMachine(observes: false);
        uint port = guest.Port(40);
        for (int i = 0; i < 200; i++)
            guest.Fabric.Send(PirqMessage.For(40), Nic);
        guest.Drain();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            guest.Fabric.Send(PirqMessage.For(40), Nic);
            guest.Drain();
            guest.Takes(port);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_message_under_way_never_reaches_a_port_that_another_PIRQ_has_by_then()
    {
        var guest = new PirqMachine();
        uint port = guest.Port(40);
        VirqHandle virq = guest.Virq(40);
        guest.Trigger(virq);
        Assert.True(guest.Takes(port));
        guest.Cache.Trigger(virq);
        Assert.Equal(port, guest.Rebind(port, 42));
        guest.Run();
        Assert.False(guest.Takes(port));
    }

    [Fact]
    public void A_translation_ends_when_its_domain_is_destroyed()
    {
        var guest = new PirqMachine();
        uint port = guest.Port(40);
        VirqHandle virq = guest.Virq(40);
        guest.Trigger(virq);
        Assert.True(guest.Takes(port));
        new Passthrough(guest.Pirqs, guest.Fabric.Xen!).Destroy(Domain);
        Assert.Equal(VirqState.Cold, guest.Cache.StateOf(virq));
    }
}
