namespace Wirq.Tests.Messages;

/// <summary>82093AA, 3.2.4.</summary>
public class RedirectionEntryTests
{
    public static TheoryData<RedirectionEntry, ulong> Words => new()
    {
        { RedirectionEntry.Reset, 0x0000000000010000 },
        { RedirectionEntry.Create(0x31, 0), 0x0000000000000031 },
        { RedirectionEntry.Create(0x31, 0xFF), 0xFF00000000000031 },
        { RedirectionEntry.Create(0x31, 0x7FFF), 0xFFFE000000000031 },
        { RedirectionEntry.Create(0x31, 1, level: true), 0x0100000000008031 },
        { RedirectionEntry.Create(0x31, 1, activeLow: true), 0x0100000000002031 },
        { RedirectionEntry.Create(0x31, 1, logical: true), 0x0100000000000831 },
        { RedirectionEntry.Create(0x31, 1, masked: true), 0x0100000000010031 },
        { RedirectionEntry.Create(0xFE, 1, DeliveryMode.LowestPriority), 0x01000000000001FE },
        { RedirectionEntry.Create(0, 0, DeliveryMode.ExtInt), 0x0000000000000700 },
        { RedirectionEntry.Create(0x31, 0, level: true).WithRemoteIrr(true), 0x000000000000C031 },
        { RedirectionEntry.Create(0x31, 0).WithMask(true), 0x0000000000010031 },
        { RedirectionEntry.Create(0x31, 0, masked: true).WithMask(false), 0x0000000000000031 },
    };

    [Theory, MemberData(nameof(Words))]
    public void Fields_stand_where_the_data_sheet_has_them(RedirectionEntry entry, ulong bits)
    {
        Assert.Equal(bits, entry.Bits);
        var read = new RedirectionEntry(bits);
        Assert.Equal(entry, RedirectionEntry.Create(read.Vector, read.Destination, read.Mode, read.Level, read.Logical, read.ActiveLow, read.Masked)
            .WithRemoteIrr(read.RemoteIrr));
        Assert.Equal(bits, (ulong)read.High << 32 | read.Low);
    }

    [Fact]
    public void A_destination_has_fifteen_bits() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RedirectionEntry.Create(0x31, 0x8000));

    [Fact]
    public void Halves_are_replaced_one_at_a_time()
    {
        var entry = new RedirectionEntry(0x1122334455667788);
        Assert.Equal(0x11223344_AABBCCDDul, entry.WithLow(0xAABBCCDD).Bits);
        Assert.Equal(0xAABBCCDD_55667788ul, entry.WithHigh(0xAABBCCDD).Bits);
    }

    [Fact]
    public void Only_the_bits_of_the_mask_are_written()
    {
        var entry = new RedirectionEntry(0x00000000000D5000);
        Assert.Equal(0x00000000000C5000ul, entry.Write(0, RedirectionEntry.Writable82093).Bits);
        Assert.Equal(0xFF0000000001AFFFul, default(RedirectionEntry).Write(ulong.MaxValue, RedirectionEntry.Writable82093).Bits);
        Assert.Equal(0xFFFF00000001AFFFul, default(RedirectionEntry).Write(ulong.MaxValue, RedirectionEntry.WritableExtended).Bits);
        Assert.Equal(0x5000ul, RedirectionEntry.ReadOnly);
    }

    public static TheoryData<RedirectionEntry, ulong, uint> Messages => new()
    {
        { RedirectionEntry.Create(0x31, 1), 0xFEE01000, 0x0031 },
        { RedirectionEntry.Create(0x31, 0xFF, logical: true), 0xFEEFF004, 0x0031 },
        { RedirectionEntry.Create(0x31, 1, level: true), 0xFEE01000, 0xC031 },
        { RedirectionEntry.Create(0x31, 1, DeliveryMode.LowestPriority), 0xFEE01000, 0x0131 },
        { RedirectionEntry.Create(0x31, 1, masked: true, activeLow: true), 0xFEE01000, 0x0031 },
        { RedirectionEntry.Create(0x31, 0x1234), 0xFEE34240, 0x0031 },
        // Handle 0x9235: bits 14:0 in bits 63:49, bit 15 in bit 11 (VT-d specification, 5.1.5.1).
        { new RedirectionEntry(0x1235ul << 49 | 1ul << 48 | 1ul << 11 | 0x31), 0xFEE00000 | 0x1235ul << 5 | 1 << 4 | 1 << 2, 0x0031 },
    };

    [Theory, MemberData(nameof(Messages))]
    public void An_entry_sends_its_message(RedirectionEntry entry, ulong address, uint data) =>
        Assert.Equal(new Wirq.Msi(address, data), entry.Message);

    [Fact]
    public void A_remappable_entry_sends_its_handle()
    {
        var entry = new RedirectionEntry(0x1235ul << 49 | 1ul << 48 | 1ul << 11 | 0x31);
        Assert.True(entry.Remappable);
        Assert.True(entry.Message.Address.Remappable);
        Assert.Equal(0x9235, entry.Message.Address.Handle);
        Assert.False(entry.Message.Address.SubhandleValid);
    }

    [Theory]
    [InlineData(0x0100000000018031, "Fixed 0x31 to physical 0x1 level masked")]
    [InlineData(0x030000000000E831, "Fixed 0x31 to logical 0x3 level active-low RIRR")]
    [InlineData(0x0000000000000700, "ExtInt 0x00 to physical 0x0 edge")]
    [InlineData(0x000B000000000031, "handle 0x5 vector 0x31 edge")]
    public void An_entry_says_what_it_is(ulong bits, string words) => Assert.Equal(words, new RedirectionEntry(bits).ToString());
}
