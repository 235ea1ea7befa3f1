using System.Buffers.Binary;
using Wirq.Board.Memory;
using Wirq.Board.Workarounds;
using Wirq.Linux;

namespace Wirq.Board.Tests.Workarounds;

/// <summary>The page tables of a guest, walked.</summary>
public sealed class GuestViewTests : IDisposable
{
    private const ulong Present = 1, Writable = 2, Large = 0x80, Top = 0x1000;

    private readonly BoardMemory _memory = new(4 << 20);
    private readonly GuestView _view;
    private readonly KvmSystemRegisters _paged = new() { Cr0 = 0x80010001, Cr3 = Top, Efer = 0x500 };

    public GuestViewTests()
    {
        // Nothing here asks the vCPU.
        _view = new GuestView(null!, _memory);
        Entry(Top, 0, 0x2000 | Present | Writable);
        Entry(0x2000, 0, 0x3000 | Present | Writable);
        Entry(0x2000, 1, 0x4000_0000 | Present | Writable | Large);
        Entry(0x3000, 0, 0x4000 | Present | Writable);
        Entry(0x3000, 1, 0x20_0000 | Present | Large);
        Entry(0x4000, 5, 0x9000 | Present | Writable);
        Entry(0x4000, 6, 0xA000 | Present);
    }

    [Theory]
    [InlineData(0x5123, false, 0x9123)]
    [InlineData(0x5123, true, 0x9123)]
    [InlineData(0x6FFF, false, 0xAFFF)]
    [InlineData(0x212345, false, 0x212345)]
    [InlineData(0x4000_0008, true, 0x4000_0008)]
    public void What_is_mapped_is_found(ulong linear, bool write, ulong expected)
    {
        Assert.True(_view.TryTranslate(_paged, linear, write, out ulong physical));
        Assert.Equal(expected, physical);
    }

    [Theory]
    [InlineData(0x7000, false)]
    [InlineData(0x6000, true)]
    [InlineData(0x212345, true)]
    [InlineData(0x8000_0000, false)]
    [InlineData(1ul << 39, false)]
    public void What_is_not_mapped_or_not_for_writing_is_not(ulong linear, bool write) =>
        Assert.False(_view.TryTranslate(_paged, linear, write, out _));

    /// <summary>Three levels: the entries of the highest have no bit for writing, nor for large pages.</summary>
    [Theory]
    [InlineData(0x5123, true, 0x9123ul)]
    [InlineData(0x6000, true, null)]
    [InlineData(0x212345, false, 0x212345ul)]
    [InlineData(0x4000_0008, true, 0x20_0008ul)]
    [InlineData(0x8000_0000, false, null)]
    public void A_32_bit_guest_with_PAE_has_three_levels(ulong linear, bool write, ulong? expected)
    {
        Entry(0x6020, 0, 0x3000 | Present);
        Entry(0x6020, 1, 0x7000 | Present | Large);
        Entry(0x7000, 0, 0x20_0000 | Present | Writable | Large);
        KvmSystemRegisters paged = new() { Cr0 = 0x80010001, Cr3 = 0x6020, Cr4 = 0x20 };
        Assert.Equal(expected is not null, _view.TryTranslate(paged, linear, write, out ulong physical));
        Assert.Equal(expected ?? linear, physical);
    }

    [Theory]
    [InlineData(0x5123, true, 0x10, 0x9123ul)]
    [InlineData(0x6FFF, false, 0x10, 0xAFFFul)]
    [InlineData(0x6FFF, true, 0x10, null)]
    [InlineData(0x7000, false, 0x10, null)]
    [InlineData(0x0040_0123, true, 0x10, 0x1_0080_0123ul)]
    [InlineData(0x0080_0000, false, 0x10, null)]
    // Without CR4.PSE the entry names a table.
    [InlineData(0x0040_0123, true, 0, null)]
    public void A_32_bit_guest_without_PAE_has_two_levels(ulong linear, bool write, ulong cr4, ulong? expected)
    {
        Word(0x6000, 0, 0x7000 | Present | Writable);
        Word(0x6000, 1, 0x80_0000 | 1 << 13 | Present | Writable | Large);
        Word(0x7000, 5, 0x9000 | Present | Writable);
        Word(0x7000, 6, 0xA000 | Present);
        KvmSystemRegisters paged = new() { Cr0 = 0x80010001, Cr3 = 0x6000, Cr4 = cr4 };
        Assert.Equal(expected is not null, _view.TryTranslate(paged, linear, write, out ulong physical));
        Assert.Equal(expected ?? linear, physical);
    }

    [Fact]
    public void Bytes_are_written_across_pages_and_not_behind_the_last()
    {
        KvmSystemRegisters free = _paged with { Cr0 = 0x80000001 };
        Assert.True(_view.TryWriteLinear(free, 0x5FFE, [1, 2, 3, 4]));
        Assert.Equal([1, 2], _memory.AsSpan(0x9FFE, 2).ToArray());
        Assert.Equal([3, 4], _memory.AsSpan(0xA000, 2).ToArray());
        Assert.False(_view.TryWriteLinear(_paged, 0x5FFE, [1, 2, 3, 4]));
        Assert.False(_view.TryWriteLinear(free, 0x6FFE, [1, 2, 3, 4]));
    }

    [Fact]
    public void Without_write_protection_CPL_0_writes_everywhere() =>
        Assert.True(_view.TryTranslate(_paged with { Cr0 = 0x80000001 }, 0x6000, write: true, out _));

    [Fact]
    public void Without_paging_each_address_is_as_it_is()
    {
        Assert.True(_view.TryTranslate(_paged with { Cr0 = 1 }, 0x7000, write: true, out ulong physical));
        Assert.Equal(0x7000ul, physical);
    }

    [Fact]
    public void Tables_that_lie_nowhere_lead_nowhere()
    {
        Entry(Top, 1, 0xFFFF_FFFF_F000 | Present | Writable);
        Assert.False(_view.TryTranslate(_paged, 1ul << 39, write: false, out _));
        Assert.False(_view.TryTranslate(_paged with { Cr3 = ulong.MaxValue }, 0x5000, write: false, out _));
    }

    [Fact]
    public void What_crosses_a_page_is_read_from_both()
    {
        Assert.True(_memory.TryWrite(0x9FFC, [1, 2, 3, 4]));
        Assert.True(_memory.TryWrite(0xA000, [5, 6, 7, 8]));
        Assert.True(_view.TryReadWord(_paged, 0x5FFC, out ulong word));
        Assert.Equal(0x0807060504030201ul, word);
        Assert.False(_view.TryReadWord(_paged, 0x6FFC, out _));
    }

    public void Dispose() => _memory.Dispose();

    private void Word(ulong table, int index, ulong entry) =>
        Assert.True(_memory.TryWrite(table + (ulong)(index * sizeof(uint)), BitConverter.GetBytes((uint)entry)));

    private void Entry(ulong table, int index, ulong entry)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, entry);
        Assert.True(_memory.TryWrite(table + (ulong)(index * sizeof(ulong)), bytes));
    }
}
