using Wirq.Board.Memory;
using Wirq.Linux;

namespace Wirq.Board.Loading;

/// <summary>Linux's <c>bzImage</c>, which the board starts by the 64-bit boot protocol.</summary>
/// <remarks>Linux Documentation/arch/x86/boot.rst, "64-bit Boot Protocol". The kernel is loaded to its preferred address. A
/// kernel that randomizes its address moves itself from there.</remarks>
internal sealed class LinuxImage : BoardImage
{
    private readonly LinuxHeader _header;
    private readonly byte[] _bytes;

    internal LinuxImage(LinuxHeader header, byte[] bytes) => (_header, _bytes) = (header, bytes);

    internal override ElfImage? Elf => null;

    /// <inheritdoc/>
    public override void Start(BoardMemory memory, KvmVcpu vcpu, string? arguments = null, ReadOnlySpan<byte> module = default, ulong rsdp = 0)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(vcpu);
        // The room that is searched for other blocks ends with the memory below the hole.
        if (_header.Address >= memory.LowBytes || _header.MemoryBytes > memory.LowBytes - _header.Address
            || _header.Address < FreeRoom.UpperStart)
        {
            throw new ImageException(_header.File, -1, $"expected room for the kernel in the board's memory, "
                + $"{memory.LowBytes / BoardMemory.Granule} MiB from address 0; it needs 0x{_header.MemoryBytes:x} bytes at "
                + $"0x{_header.Address:x}: give the board more memory");
        }
        var room = new FreeRoom(memory, _header.File, (_header.Address, _header.Address + _header.MemoryBytes));
        var tables = LongModeTables.Write(memory, room);
        uint zeroPage = ZeroPage.Write(memory, room, _header, _bytes, arguments, module, rsdp);
        memory.TryWrite(_header.Address, _bytes.AsSpan(_header.KernelAt));
        tables.Enter(vcpu, _header.Address + LinuxHeader.EntryOffset, zeroPage);
    }
}
