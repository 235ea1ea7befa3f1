using System.Buffers.Binary;
using Wirq.Linux.VfioUser;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>The configuration space, as a guest's PCI code walks it.</summary>
public sealed class PciConfigSpaceTests
{
    private readonly PciConfigSpace _config = new(new() { Vendor = 0x1234, Device = 0x5678, Class = 0x020000, MsiVectors = 8, MsixVectors = 300 }, [4096, 0, 16384, 0, 0, 0], 2, 8192);

    private uint Read(int offset, int size = 4)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes.Clear();
        _config.Read(offset, bytes[..size]);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private void Write(int offset, uint value, int size = 4) => _config.Write(offset, BitConverter.GetBytes(value).AsSpan(0, size));

    [Fact]
    public void It_names_itself_its_class_and_its_pin() =>
        Assert.Equal((0x56781234u, 0x02000000u, 1u, 0u), (Read(0), Read(8), Read(0x3D, 1), Read(0x0E, 1)));

    [Fact]
    public void Software_finds_the_sizes_of_the_BARs()
    {
        foreach ((int bar, uint mask) in new[] { (0, 0xFFFFF000u), (1, 0u), (2, 0xFFFFC000u), (5, 0u) })
        {
            Write(0x10 + bar * 4, uint.MaxValue);
            Assert.Equal(mask, Read(0x10 + bar * 4));
            Write(0x10 + bar * 4, 0xFEB12345);
            Assert.Equal(0xFEB12345 & mask, Read(0x10 + bar * 4));
        }
    }

    [Fact]
    public void Only_bits_that_exist_can_be_written()
    {
        Write(0, uint.MaxValue);
        Write(4, uint.MaxValue);
        Write(8, uint.MaxValue);
        Assert.Equal((0x56781234u, 0x00100506u, 0x02000000u), (Read(0), Read(4), Read(8)));
        Assert.True(_config.DisablesIntx);
        Write(5, 0, 1);
        Assert.False(_config.DisablesIntx);
        Write(0x3C, 0x0B, 1);
        Assert.Equal(0x10Bu, Read(0x3C, 2));
    }

    [Fact]
    public void Its_status_says_whether_it_asserts_whatever_DisINTx_is()
    {
        Write(4, PciConfigSpace.InterruptDisable, 2);
        _config.Asserts = true;
        Assert.Equal(0x18u, Read(6, 2));
        _config.Reset();
        Assert.Equal((0u, 0x18u), (Read(4, 2), Read(6, 2)));
        _config.Asserts = false;
        Assert.Equal(0x10u, Read(6, 2));
    }

    [Fact]
    public void Its_capabilities_are_MSI_and_then_MSI_X()
    {
        uint msi = Read(0x34, 1), msix = Read((int)msi + 1, 1);
        Assert.Equal((5u, 0x11u, 0u), (Read((int)msi, 1), Read((int)msix, 1), Read((int)msix + 1, 1)));
        // 64 bits, 8 vectors; then enable, and 4 of them.
        Assert.Equal(0x0086u, Read((int)msi + 2, 2));
        Write((int)msi + 2, 0xFFAF, 2);
        Assert.Equal(0x00A7u, Read((int)msi + 2, 2));
        Write((int)msi + 4, 0xFEE00003);
        Assert.Equal(0xFEE00000, Read((int)msi + 4));
        // 300 entries, in BAR 2, and bits behind them.
        Assert.Equal((299u, 2u, 8194u), (Read((int)msix + 2, 2), Read((int)msix + 4), Read((int)msix + 8)));
        Write((int)msix + 2, 0xFFFF, 2);
        Assert.Equal(0xC000u | 299, Read((int)msix + 2, 2));
    }

    [Fact]
    public void A_function_without_interrupts_says_so()
    {
        var bare = new PciConfigSpace(new() { HasIntx = false }, [4096, 0, 0, 0, 0, 0], 2, 0);
        Span<byte> all = stackalloc byte[256];
        bare.Read(0, all);
        Assert.Equal((0, 0, 0), ((int)all[0x3D], (int)all[0x34], (int)all[6]));
    }
}
