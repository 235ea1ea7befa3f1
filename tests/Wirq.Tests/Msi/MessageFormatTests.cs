namespace Wirq.Tests.Messages;

/// <summary>Intel SDM vol. 3, 11.11; Linux Documentation/virt/kvm/x86/cpuid.rst and api.rst; VT-d specification, 5.1.2.2.</summary>
public class MessageFormatTests
{
    public static TheoryData<MsiFormat, uint, ulong> Addresses => new()
    {
        { MsiFormat.Compatibility, 0, 0xFEE00000 },
        { MsiFormat.Compatibility, 0xFF, 0xFEEFF000 },
        { MsiFormat.ExtendedDestination, 0xFF, 0xFEEFF000 },
        { MsiFormat.ExtendedDestination, 0x100, 0xFEE00020 },
        { MsiFormat.ExtendedDestination, 0x7FFF, 0xFEEFFFE0 },
        { MsiFormat.KvmHighAddress, 0xFF, 0xFEEFF000 },
        { MsiFormat.KvmHighAddress, 0x100, 0x00000100_FEE00000 },
        { MsiFormat.KvmHighAddress, 0x12345678, 0x12345600_FEE78000 },
        { MsiFormat.KvmHighAddress, 0xFFFFFFFF, 0xFFFFFF00_FEEFF000 },
    };

    [Theory, MemberData(nameof(Addresses))]
    public void A_destination_stands_in_the_address_of_its_format(MsiFormat format, uint destination, ulong address)
    {
        foreach ((bool logical, bool hint, uint bits) in new[] { (false, false, 0u), (true, false, 4u), (false, true, 8u), (true, true, 12u) })
        {
            var made = MsiAddress.For(destination, logical, hint, format);
            Assert.Equal(address | bits, made.Bits);
            Assert.Equal((destination, logical, hint), (made.Destination(format), made.Logical, made.Hint));
            Assert.True(made.IsInterrupt(format));
            Assert.False(made.Remappable);
        }
    }

    [Theory]
    [InlineData(MsiFormat.Compatibility, 0x100u)]
    [InlineData(MsiFormat.ExtendedDestination, 0x8000u)]
    public void A_format_too_narrow_for_a_destination_refuses_it(MsiFormat format, uint destination) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MsiAddress.For(destination, format: format));

    [Fact]
    public void A_narrower_format_does_not_see_the_upper_bits()
    {
        Assert.Equal(0x34u, MsiAddress.For(0x1234, format: MsiFormat.ExtendedDestination).Destination(MsiFormat.Compatibility));
        Assert.Equal(0x34u, MsiAddress.For(0x1234, format: MsiFormat.KvmHighAddress).Destination(MsiFormat.ExtendedDestination));
    }

    [Theory]
    [InlineData(0xFEE00000ul, true, true)]
    [InlineData(0xFEEFFFFFul, true, true)]
    [InlineData(0xFEDFFFFFul, false, false)]
    [InlineData(0xFEF00000ul, false, false)]
    [InlineData(0x1000ul, false, false)]
    [InlineData(0x00000100_FEE00000ul, false, true)]
    [InlineData(0x00000001_FEE00000ul, false, true)]
    public void The_interrupt_window_is_a_megabyte_below_four_gigabytes(ulong address, bool usual, bool kvm)
    {
        Assert.Equal(usual, new MsiAddress(address).IsInterrupt(MsiFormat.Compatibility));
        Assert.Equal(usual, new Wirq.Msi(address, 0).IsInterrupt(MsiFormat.ExtendedDestination));
        Assert.Equal(kvm, new MsiAddress(address).IsInterrupt(MsiFormat.KvmHighAddress));
    }

    [Theory]
    [InlineData(0, false, 0xFEE00010ul)]
    [InlineData(0x7FFF, false, 0xFEEFFFF0ul)]
    [InlineData(0x8000, false, 0xFEE00014ul)]
    [InlineData(0xFFFF, true, 0xFEEFFFFCul)]
    [InlineData(0x1235, true, 0xFEE246B8ul)]
    public void A_handle_stands_in_a_remappable_address(ushort handle, bool subhandle, ulong address)
    {
        var made = MsiAddress.ForHandle(handle, subhandle);
        Assert.Equal(address, made.Bits);
        Assert.True(made.Remappable);
        Assert.Equal((handle, subhandle), (made.Handle, made.SubhandleValid));
        Assert.True(made.IsInterrupt(MsiFormat.Compatibility));
        Assert.Equal(RefusalReason.NoRemapper, new Wirq.Msi(made, default).TryDecode(MsiFormat.Compatibility, out _));
    }

    [Fact]
    public void Every_handle_comes_back()
    {
        for (int handle = 0; handle <= ushort.MaxValue; handle++)
            Assert.Equal((ushort)handle, MsiAddress.ForHandle((ushort)handle).Handle);
    }

    public static TheoryData<MsiFormat> Formats => [.. Enum.GetValues<MsiFormat>()];

    [Theory, MemberData(nameof(Formats))]
    public void A_message_survives_its_format(MsiFormat format)
    {
        uint widest = format switch { MsiFormat.Compatibility => 0xFFu, MsiFormat.ExtendedDestination => 0x7FFFu, _ => uint.MaxValue };
        foreach (uint destination in new[] { 0u, 1u, 0xFFu, widest / 3, widest })
        {
            foreach (DeliveryMode mode in new[] { DeliveryMode.Fixed, DeliveryMode.LowestPriority, DeliveryMode.Smi, DeliveryMode.Nmi, DeliveryMode.Init, DeliveryMode.ExtInt })
            {
                foreach (bool flag in new[] { false, true })
                {
                    var message = InterruptMessage.Create(0xA5, mode, destination, logical: flag, level: !flag, hint: flag);
                    Assert.Equal(RefusalReason.None, Wirq.Msi.Encode(message, format).TryDecode(format, out InterruptMessage read));
                    Assert.Equal(message, read);
                }
            }
        }
    }

    [Theory]
    [InlineData(0x0331u, RefusalReason.ReservedMode)]
    [InlineData(0x0631u, RefusalReason.ReservedMode)]
    [InlineData(0x0031u, RefusalReason.None)]
    [InlineData(0x0731u, RefusalReason.None)]
    public void A_message_has_no_reserved_and_no_start_up_mode(uint data, RefusalReason reason) =>
        Assert.Equal(reason, new Wirq.Msi(0xFEE00000, data).TryDecode(MsiFormat.Compatibility, out _));

    [Fact]
    public void Bits_39_to_32_of_a_high_address_are_reserved() =>
        Assert.Equal(RefusalReason.ReservedBits, new Wirq.Msi(0x00000001_FEE00000, 0x31).TryDecode(MsiFormat.KvmHighAddress, out _));

    [Theory]
    [InlineData(0x0031u, false, true)]
    [InlineData(0xC031u, true, true)]
    [InlineData(0x8031u, true, false)]
    [InlineData(0x4031u, false, true)]
    public void The_level_bit_counts_only_for_a_level_message(uint data, bool level, bool assert)
    {
        new Wirq.Msi(0xFEE00000, data).TryDecode(MsiFormat.Compatibility, out InterruptMessage message);
        Assert.Equal((level, assert), (message.Level, message.Assert));
    }

    [Theory]
    [InlineData(0x31, DeliveryMode.Fixed, false, 0x0031u)]
    [InlineData(0x31, DeliveryMode.Fixed, true, 0xC031u)]
    [InlineData(0xFF, DeliveryMode.Nmi, false, 0x04FFu)]
    public void Data_hold_vector_mode_and_trigger(byte vector, DeliveryMode mode, bool level, uint bits)
    {
        var data = MsiData.For(vector, mode, level);
        Assert.Equal(bits, data.Bits);
        Assert.Equal((vector, mode, level), (data.Vector, data.Mode, data.Level));
    }

    [Fact]
    public void The_fields_of_a_message_do_not_overlap()
    {
        var all = InterruptMessage.Create(0xFF, DeliveryMode.ExtInt, uint.MaxValue, logical: true, level: true, assert: true, hint: true);
        Assert.Equal(0xFFFFFFFF_00007FFFul, all.Bits);
        var none = InterruptMessage.Create(0, DeliveryMode.Fixed, 0, assert: false);
        Assert.Equal(0ul, none.Bits);
        var one = InterruptMessage.Create(0x31, DeliveryMode.LowestPriority, 7, logical: true);
        Assert.Equal(((byte)0x31, DeliveryMode.LowestPriority, 7u, true, false, true, false),
            (one.Vector, one.Mode, one.Destination, one.Logical, one.Level, one.Assert, one.Hint));
        Assert.Equal("LowestPriority 0x31 to logical 0x7 (edge)", one.ToString());
        Assert.Equal("0xfee01000/0x0031", new Wirq.Msi(0xFEE01000, 0x31).ToString());
    }
}
