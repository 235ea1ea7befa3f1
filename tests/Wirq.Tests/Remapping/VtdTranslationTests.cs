using Wirq.Events;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Tests.Shared;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>VT-d specification, 5.1: the translation of a valid request.</summary>
public class VtdTranslationTests
{
    public static TheoryData<InterruptMessage> Messages =>
    [
        To(1), InterruptMessage.Create(0x51, DeliveryMode.Fixed, 0xFF, logical: true),
        InterruptMessage.Create(0x52, DeliveryMode.LowestPriority, 3, logical: true, hint: true),
        InterruptMessage.Create(0x53, DeliveryMode.Fixed, 2, level: true), InterruptMessage.Create(0, DeliveryMode.Smi, 2),
        InterruptMessage.Create(0xFF, DeliveryMode.Nmi, 0x80), InterruptMessage.Create(0, DeliveryMode.Init, 4),
        InterruptMessage.Create(0, DeliveryMode.ExtInt, 0), InterruptMessage.Create(0x05, DeliveryMode.Fixed, 0),
    ];

    [Theory, MemberData(nameof(Messages))]
    public void An_entry_makes_its_message(InterruptMessage wanted)
    {
        foreach (bool extended in (bool[])[false, true])
        {
            VtdBench bench = new VtdBench(unit: 2).Remap(extended);
            bench.Entry(9, Irte.For(wanted, extended));
            Assert.Equal(RefusalReason.None, bench.Prefetch(Handle(9), out InterruptMessage message, out RouteCookie cookie));
            Assert.Equal((wanted, new RouteCookie(2, 9)), (message, cookie));
            Assert.Equal(RefusalReason.None, bench.Deliver(Handle(9), out message));
            Assert.Equal(wanted, message);
        }
    }

    [Fact]
    public void A_destination_has_32_bits_in_extended_mode_and_8_without()
    {
        VtdBench wide = new VtdBench().Remap(extended: true);
        wide.Entry(0, Irte.For(To(0x12345678), extended: true));
        wide.Deliver(Handle(0), out InterruptMessage message);
        Assert.Equal(0x12345678u, message.Destination);

        VtdBench narrow = new VtdBench().Remap();
        narrow.Entry(0, new Irte(0x0000AB00_00410001, 0));
        narrow.Deliver(Handle(0), out message);
        Assert.Equal(0xABu, message.Destination);
        Assert.Throws<ArgumentOutOfRangeException>(() => Irte.For(To(0x100), extended: false));
    }

    [Fact]
    public void A_unit_without_extended_mode_reads_narrow_destinations_whatever_the_guest_asks()
    {
        VtdBench bench = new VtdBench(new() { ExtendedInterruptMode = false }).Remap(extended: true, compatibility: true);
        bench.Entry(0, Irte.For(To(7), extended: false));
        bench.Deliver(Handle(0), out InterruptMessage message);
        Assert.Equal(7u, message.Destination);
        Assert.Equal(RefusalReason.None, bench.Deliver(Msi.Encode(To(1)), out _));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(10, 0, 10)]
    [InlineData(10, 5, 15)]
    [InlineData(0xFFFF, 0, 0xFFFF)]
    [InlineData(0x8000, 0x7FFF, 0xFFFF)]
    [InlineData(0, 0xFFFF, 0xFFFF)]
    public void The_index_is_the_handle_plus_a_valid_subhandle(ushort handle, ushort subhandle, int index)
    {
        // A table of 65536 entries, a whole MiB: as much of it as lies in memory.
        VtdBench bench = new VtdBench().Remap(size: 15, table: index < 0x8000 ? Table : 0);
        bench.Prefetch(Handle(handle, subhandle), out _, out RouteCookie cookie);
        Assert.Equal(index, cookie.Key);
    }

    [Fact]
    public void The_data_of_a_request_without_subhandle_is_ignored()
    {
        VtdBench bench = new VtdBench().Remap();
        bench.Entry(3, Irte.For(To(1), extended: false));
        Assert.Equal(RefusalReason.None, bench.Deliver(new Msi(MsiAddress.ForHandle(3), new MsiData(uint.MaxValue)), out InterruptMessage message));
        Assert.Equal(To(1), message);
        // Address bits 1:0 too.
        Assert.Equal(RefusalReason.None, bench.Deliver(new Msi(MsiAddress.ForHandle(3).Bits | 3, 0), out _));
    }

    [Fact]
    public void A_pin_of_an_IOAPIC_names_its_entry()
    {
        // Handle 0x0105: bits 14:0 in bits 63:49, the format bit in bit 48 (VT-d specification, 5.1.5.1).
        var pin = new RedirectionEntry(0x0105ul << 49 | 1ul << 48 | 0x8000 | 0x31);
        VtdBench bench = new VtdBench().Remap(size: 8);
        bench.Entry(0x105, Irte.For(InterruptMessage.Create(0x31, DeliveryMode.Fixed, 2, level: true), extended: false)
            .WithSource(SourceValidation.Id, 0xF0F8));
        Assert.Equal(RefusalReason.None, bench.Deliver(pin.Message, out InterruptMessage message, 0xF0F8));
        Assert.Equal((0x31, 2u, true), (message.Vector, message.Destination, message.Level));

        // Bit 15 of the handle stands in bit 11 of the entry.
        bench.Blocked(new RedirectionEntry(pin.Bits | 1 << 11).Message, 0xF0F8);
        Assert.Equal((0x8105ul << 48, 0x21ul), (bench.Record(0).Low, bench.Record(0).High >> 32 & 0xFF));
    }

    [Fact]
    public void Without_remapping_every_request_is_read_in_compatibility_format()
    {
        var bench = new VtdBench(unit: 1);
        Assert.Equal(RefusalReason.None, bench.Prefetch(Msi.Encode(To(3)), out InterruptMessage message, out RouteCookie cookie));
        Assert.Equal(To(3), message);
        Assert.Equal(RefusalReason.None, bench.Deliver(new Msi(MsiAddress.For(3).Bits | 1 << 4, 0x41), out message));
        Assert.Equal(To(3), message);
        Assert.Equal(RefusalReason.ReservedMode, bench.Deliver(new Msi(MsiAddress.For(3).Bits, 0x341), out _));
        Assert.Equal((0, 0), (bench.Memory.Reads, bench.Seen().Count));
        // Its cookie lies in no run of entries, but in the whole unit.
        Assert.True(CookieRange.AllOf(1).Has(cookie));
        Assert.False(Range(0, 0xFFFF, unit: 1).Has(cookie));
    }

    [Fact]
    public void Compatibility_format_passes_where_it_is_enabled_and_the_mode_is_not_extended()
    {
        VtdBench bench = new VtdBench().Remap(compatibility: true);
        Assert.Equal(RefusalReason.None, bench.Prefetch(Msi.Encode(To(3)), out InterruptMessage message, out RouteCookie cookie));
        Assert.Equal((To(3), RouteCookie.MaxKey), (message, cookie.Key));
        Assert.Empty(bench.Seen());
        bench = new VtdBench().Remap();
        bench.Blocked(Msi.Encode(To(3)));
        bench = new VtdBench().Remap(extended: true, compatibility: true);
        bench.Blocked(Msi.Encode(To(3)));
    }

    [Theory]
    // SVT 01: as many bits of the function as the qualifier says.
    [InlineData(1, 0, 0x0310, 0x0310, true)]
    [InlineData(1, 0, 0x0310, 0x0314, false)]
    [InlineData(1, 1, 0x0310, 0x0314, true)]
    [InlineData(1, 1, 0x0310, 0x0312, false)]
    [InlineData(1, 2, 0x0310, 0x0316, true)]
    [InlineData(1, 2, 0x0310, 0x0311, false)]
    [InlineData(1, 3, 0x0310, 0x0317, true)]
    [InlineData(1, 3, 0x0310, 0x0318, false)]
    [InlineData(1, 3, 0x0310, 0x0410, false)]
    // SVT 10: by bus, both ends included; the qualifier has no meaning.
    [InlineData(2, 3, 0x0305, 0x0300, true)]
    [InlineData(2, 0, 0x0305, 0x05FF, true)]
    [InlineData(2, 0, 0x0305, 0x02FF, false)]
    [InlineData(2, 0, 0x0305, 0x0600, false)]
    [InlineData(2, 0, 0x0503, 0x0400, false)]
    // SVT 00: any requester.
    [InlineData(0, 0, 0x0310, 0xFFFF, true)]
    public void The_source_is_verified_as_the_entry_says(int validation, int qualifier, int source, int requester, bool passes)
    {
        VtdBench bench = new VtdBench().Remap();
        bench.Entry(4, Irte.For(To(1), extended: false).WithSource((SourceValidation)validation, (ushort)source, qualifier));
        Assert.Equal(passes ? RefusalReason.None : RefusalReason.RemappingFault, bench.Deliver(Handle(4), out _, (ushort)requester));
        Assert.Equal(passes ? 0ul : 1ul << 63 | 0x26ul << 32 | (uint)requester, bench.Record(0).High);
    }

    [Fact]
    public void An_entry_is_read_anew_each_time()
    {
        VtdBench bench = new VtdBench().Remap();
        bench.Entry(4, Irte.For(To(1), extended: false));
        bench.Deliver(Handle(4), out InterruptMessage before);
        bench.Entry(4, Irte.For(To(2), extended: false));
        bench.Deliver(Handle(4), out InterruptMessage after);
        Assert.Equal((1u, 2u), (before.Destination, after.Destination));
    }

    [Fact]
    public void A_delivery_allocates_nothing()
    {
        VtdBench bench = new VtdBench().Remap().EnableQueue();
        bench.Events.Observing = false;
        bench.Entry(4, Irte.For(To(1), extended: false));
        bench.Memory.Put(Queue, QueuedDescriptor.Entries(4).Low, 0);
        Assert.Equal(0, Allocations.Of(1000, () => Round(bench)));

        static void Round(VtdBench bench)
        {
            bench.Deliver(Handle(4), out _);
            bench.Deliver(Handle(5), out _);
            bench.Put64(Iqt, bench.Read64(Iqt) == 0 ? 16u : 0);
            while (bench.Unit.TryStep(bench.Memory, bench.Events, out _))
                continue;
            bench.Put(Fsts, uint.MaxValue);
            bench.Events.Clear();
        }
    }
}
