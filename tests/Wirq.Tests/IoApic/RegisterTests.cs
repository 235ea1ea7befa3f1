using Wirq.State;
using Wirq.Events;

namespace Wirq.Tests.IoApics;

/// <summary>82093AA, 3.1 and 3.2.</summary>
public class RegisterTests
{
    [Theory]
    [InlineData(0x11, 24, 0x00170011u)]
    [InlineData(0x20, 24, 0x00170020u)]
    [InlineData(0x20, 120, 0x00770020u)]
    [InlineData(0x11, 1, 0x00000011u)]
    public void The_version_register_says_version_and_highest_pin(int version, int pins, uint expected)
    {
        var bench = new ChipBench(new() { Version = (byte)version, Pins = pins });
        Assert.Equal(expected, bench.Read(1));
        bench.Write(1, 0xFFFFFFFF);
        Assert.Equal(expected, bench.Read(1));
    }

    [Fact]
    public void The_id_register_has_four_bits_and_loads_the_arbitration_register()
    {
        var bench = new ChipBench(new() { Id = 5 });
        Assert.Equal((0x05000000u, 0x05000000u), (bench.Read(0), bench.Read(2)));
        bench.Write(0, 0xFFFFFFFF);
        Assert.Equal((0x0F000000u, 0x0F000000u), (bench.Read(0), bench.Read(2)));
        bench.Write(2, 0);
        Assert.Equal(0x0F000000u, bench.Read(2));
    }

    [Theory]
    [InlineData(0xFFFFFFFFu, true, 0x0001AFFFu)]
    [InlineData(0x00005000u, true, 0u)]
    [InlineData(0xFFFFFFFFu, false, 0x0001AFFFu)]
    public void Delivery_status_and_remote_irr_cannot_be_written(uint written, bool wide, uint read)
    {
        var bench = new ChipBench(new() { WideEntries = wide });
        bench.Write(0x10, written);
        Assert.Equal(read, bench.Read(0x10));
    }

    [Theory]
    [InlineData(true, 0xFFFF0000u)]
    [InlineData(false, 0xFF000000u)]
    public void The_upper_half_of_an_entry_is_as_wide_as_its_destination(bool wide, uint read)
    {
        var bench = new ChipBench(new() { WideEntries = wide });
        bench.Write(0x11, 0xFFFFFFFF);
        Assert.Equal(read, bench.Read(0x11));
        Assert.Equal(0x00010000u, bench.Read(0x10));
    }

    [Fact]
    public void A_plain_entry_ignores_an_extended_destination_and_a_wide_one_sends_it()
    {
        foreach (bool wide in new[] { false, true })
        {
            var bench = new ChipBench(new() { WideEntries = wide });
            bench.Entry(4, RedirectionEntry.Create(0x41, 0x1234));
            Assert.Equal(wide ? 0x1234u : 0x34u, bench.Chip.Entry(4).Message.Address.Destination(MsiFormat.ExtendedDestination));
        }
    }

    [Theory]
    [InlineData(0x101u, 1u)]
    [InlineData(0xFFFFFF00u, 0u)]
    [InlineData(0x110u, 0x10u)]
    public void Only_eight_bits_of_ioregsel_exist(uint written, uint read)
    {
        var bench = new ChipBench();
        bench.Register(IoApic.SelectOffset, written);
        Assert.Equal(read, bench.Chip.Read(IoApic.SelectOffset));
    }

    [Theory]
    [InlineData(0x00u, 1, true)]
    [InlineData(0x00u, 2, true)]
    [InlineData(0x00u, 4, true)]
    [InlineData(0x00u, 8, false)]
    [InlineData(0x10u, 4, true)]
    [InlineData(0x10u, 1, false)]
    [InlineData(0x10u, 8, false)]
    [InlineData(0x11u, 4, false)]
    [InlineData(0x20u, 4, false)]
    [InlineData(0x40u, 4, true)]
    [InlineData(0x40u, 1, true)]
    [InlineData(0x40u, 8, false)]
    public void Registers_are_reached_at_their_own_width(uint offset, int size, bool reached) =>
        Assert.Equal(reached, new ChipBench().Chip.Has(offset, size));

    [Fact]
    public void Version_0x11_has_no_eoi_register()
    {
        ChipBench bench = new ChipBench(new() { Version = 0x11 }).InService();
        Assert.False(bench.Chip.Has(IoApic.EoiOffset, 4));
        bench.Register(IoApic.EoiOffset, 0x31);
        Assert.True(bench.Chip.Entry(11).RemoteIrr);
        Assert.Empty(bench.Seen());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0x0F)]
    [InlineData(0x10 + 2 * 24)]
    [InlineData(0xFF)]
    public void Registers_that_do_not_exist_read_zero_and_ignore_writes(byte register)
    {
        var bench = new ChipBench();
        Assert.Equal(0u, bench.Read(register));
        UInt128 before = bench.Arena.Identity(0);
        bench.Write(register, 0xFFFFFFFF);
        Assert.Equal(0u, bench.Read(register));
        Assert.Equal(before, bench.Arena.Identity(0));
        Assert.Empty(bench.Seen());
    }

    [Fact]
    public void All_120_pins_have_entries_of_their_own_and_work()
    {
        var bench = new ChipBench(new() { Pins = IoApicOptions.MaxPins });
        for (int pin = 0; pin < 120; pin++)
        {
            bench.Write((byte)(0x11 + 2 * pin), (uint)pin << 24);
            bench.Write((byte)(0x10 + 2 * pin), (uint)(0x10 + pin) | 0x8000);
        }
        for (int pin = 0; pin < 120; pin++)
        {
            RedirectionEntry entry = RedirectionEntry.Create((byte)(0x10 + pin), (uint)pin, level: true);
            Assert.Equal(entry, bench.Chip.Entry(pin));
            bench.Forget();
            bench.Pin(pin, true);
            bench.Answer(pin, entry);
            Assert.Equal(
                [Laws.LawEvent.Rise(pin), Laws.LawEvent.Deliver(pin, entry), Laws.LawEvent.Accepted(pin), Laws.LawEvent.IrrSet(pin, (byte)(0x10 + pin))], bench.Seen());
        }
    }

    [Fact]
    public void Reading_has_no_effect()
    {
        ChipBench bench = new ChipBench().InService();
        bench.Register(IoApic.SelectOffset, 0x26);
        UInt128 before = bench.Arena.Identity(0);
        Assert.Equal(0x0000C031u, bench.Chip.Read(IoApic.WindowOffset));
        Assert.Equal(0u, bench.Chip.Read(IoApic.EoiOffset));
        Assert.Equal(0u, bench.Chip.Read(0x80));
        Assert.Equal(before, bench.Arena.Identity(0));
        Assert.Empty(bench.Seen());
    }

    [Fact]
    public void An_entry_write_tells_old_and_new_and_the_route_only_when_it_changed()
    {
        var bench = new ChipBench();
        RedirectionEntry masked = ChipBench.Edge.WithMask(true);
        bench.Entry(4, masked);
        bench.Entry(4, masked);
        var events = new List<Event>();
        while (bench.Events.TryTake(out Event e))
            events.Add(e);
        Assert.Equal(
        [
            new(EventKind.EntryWritten, 0, 4, masked.Bits, RedirectionEntry.Reset.Bits),
            new(EventKind.RouteChanged, 0, 4, masked.Bits, RedirectionEntry.Reset.Bits),
            new(EventKind.EntryWritten, 0, 4, masked.Bits, masked.Bits),
        ], events);
    }

    [Fact]
    public void The_route_changes_before_what_the_write_delivers()
    {
        var bench = new ChipBench();
        bench.Entry(11, ChipBench.Level.WithMask(true));
        bench.Pin(11, true);
        bench.Forget();
        bench.Entry(11, ChipBench.Level);
        Assert.Equal([EventKind.EntryWritten, EventKind.RouteChanged, EventKind.Deliver],
            Enumerable.Range(0, bench.Events.Count).Select(i => bench.Events.Peek(i).Kind));
    }

    [Fact]
    public void Reset_masks_every_entry_and_forgets_everything_but_the_wires()
    {
        var fresh = new ChipBench();
        ChipBench bench = new ChipBench().InService();
        Assert.Equal(new PinSet(1ul << 11, 0), bench.Chip.Reset().Acked);
        Assert.Equal(RedirectionEntry.Reset, bench.Chip.Entry(11));
        Assert.True(bench.Chip.IsAsserted(11));
        bench.Pin(11, high: false);
        Assert.Equal(fresh.Arena.Identity(0), bench.Arena.Identity(0));
    }

    public static TheoryData<string, IoApicOptions> Impossible => new()
    {
        { "no pins", new() { Pins = 0 } },
        { "too many pins", new() { Pins = 121 } },
        { "a wide id", new() { Id = 16 } },
        { "a version nobody made", new() { Version = 0x12 } },
        { "a crooked address", new() { Address = 0xFEC00010 } },
        { "a negative limit", new() { StormLimit = -1 } },
        { "a huge limit", new() { StormLimit = 1_000_001 } },
        { "a negative delay", new() { StormDelay = -1 } },
        { "a negative GSI", new() { GsiBase = -1 } },
    };

    [Theory, MemberData(nameof(Impossible))]
    public void Impossible_options_are_refused(string what, IoApicOptions options)
    {
        Assert.NotEmpty(what);
        Assert.Throws<OptionException>(() => new ChipBench(options));
    }

    [Theory]
    [InlineData(24), InlineData(-1), InlineData(int.MaxValue)]
    public void A_wire_that_the_chip_does_not_have_is_refused_and_changes_nothing(int pin)
    {
        var bench = new ChipBench();
        UInt128 before = bench.Arena.Identity(0);
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Chip.SetPin(pin, high: false, bench.Events));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Chip.SetPin(pin, high: true, bench.Events));
        Assert.Equal(before, bench.Arena.Identity(0));
    }

    [Theory]
    [InlineData(24), InlineData(-1)]
    public void A_device_on_a_line_that_the_machine_does_not_have_is_refused(int gsi)
    {
        var fabric = new Fabric(FabricOptions.Pc());
        UInt128 before = fabric.Identity();
        Assert.Throws<ArgumentOutOfRangeException>(() => fabric.Connect(gsi, "nobody"));
        Assert.Equal(before, fabric.Identity());
    }
}
