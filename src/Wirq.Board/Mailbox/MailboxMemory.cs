using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Wirq.Board.Bus;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Remapping;

namespace Wirq.Board.Mailbox;

/// <summary>The memory that contains a mailbox guest: its code, tables and mailboxes.</summary>
internal sealed class MailboxMemory : IGuestMemory, IDisposable
{
    internal const int VectorBytes = 4;

    private const int PageBytes = 0x1000;

    private readonly int _blocks, _bytes;
    private readonly nuint _offset;
    private readonly bool _isOwn;

    /// <summary>Creates the guest in memory of its own.</summary>
    /// <param name="mode">Its mode.</param>
    /// <param name="address">Its guest-physical address.</param>
    /// <param name="cpus">The number of CPUs.</param>
    internal MailboxMemory(MailboxMode mode, ulong address, int cpus)
        : this(mode, address, cpus, Mapping.Anonymous((nuint)SizeOf(mode, cpus)), 0) => _isOwn = true;

    /// <summary>Creates the guest in the memory of a machine.</summary>
    /// <param name="mode">Its mode.</param>
    /// <param name="address">Its guest-physical address.</param>
    /// <param name="cpus">The number of CPUs.</param>
    /// <param name="mapping">The memory.</param>
    /// <param name="offset">Its offset in the mapping.</param>
    internal MailboxMemory(MailboxMode mode, ulong address, int cpus, Mapping mapping, nuint offset)
    {
        (Address, Mapping, _offset) = (address, mapping, offset);
        bool isLong = mode == MailboxMode.Long;
        _blocks = isLong ? MailboxLayout.LongBlocks : MailboxLayout.RealBlocks;
        _bytes = SizeOf(mode, cpus);
        MailboxCode code = MailboxCode.Of(mode);
        code.Bytes.CopyTo(Span(isLong ? MailboxLayout.LongCode : MailboxLayout.RealCode, code.Bytes.Length));
        if (isLong)
            WriteTables(code);
        else
            WriteVectors(code);
        for (int cpu = 0; cpu < cpus; cpu++)
            Block(cpu).Resume = (isLong ? address : 0) + code.Resume;
    }

    internal Mapping Mapping { get; }
    /// <summary>Guest-physical address of its beginning.</summary>
    internal ulong Address { get; }

    /// <summary>The offset of a CPU's mailbox.</summary>
    internal int OffsetOf(int cpu) => _blocks + cpu * MailboxBlock.Bytes;

    /// <summary>A CPU's mailbox.</summary>
    internal ref MailboxBlock Block(int cpu) =>
        ref MemoryMarshal.AsRef<MailboxBlock>(Span(OffsetOf(cpu), MailboxBlock.Bytes));

    /// <summary>Takes over all of another guest's memory, at the same address.</summary>
    internal void CopyFrom(MailboxMemory other) => other.Span(0, _bytes).CopyTo(Span(0, _bytes));

    /// <summary>Maps 2 MiB of physical memory into the window.</summary>
    internal void MoveWindow(ulong physical) => MemoryMarshal.Write(
        Span(MailboxLayout.WindowDirectory, sizeof(ulong)), PageEntry.LargePage(physical));

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (!IsInside(address, destination.Length))
            return false;
        Span((int)(address - Address), destination.Length).CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!IsInside(address, source.Length))
            return false;
        source.CopyTo(Span((int)(address - Address), source.Length));
        return true;
    }

    public void Dispose()
    {
        if (_isOwn)
            Mapping.Dispose();
    }

    /// <summary>Bytes of the guest, in whole pages.</summary>
    internal static int SizeOf(MailboxMode mode, int cpus)
    {
        int bytes = mode == MailboxMode.Long ? MailboxLayout.LongBlocks + cpus * MailboxBlock.Bytes : MailboxLayout.RealBytes;
        return (bytes + PageBytes - 1) / PageBytes * PageBytes;
    }

    private Span<byte> Span(int at, int length) => Mapping.AsSpan(_offset + (nuint)at, length);

    private bool IsInside(ulong address, int length) =>
        address - Address <= (ulong)_bytes && (ulong)length <= (ulong)_bytes - (address - Address);

    private void WriteTables(MailboxCode code)
    {
        Span<PageEntry> tables = MemoryMarshal.Cast<byte, PageEntry>(
            Span(MailboxLayout.Tables, Mode64.TableEntries * sizeof(ulong)));
        Mode64.WriteTables(tables, Address + MailboxLayout.Tables);
        tables[Mode64.NextPointer] = PageEntry.Table(Address + MailboxLayout.WindowDirectory);
        Mode64.WriteDescriptors(MemoryMarshal.Cast<byte, ulong>(Span(MailboxLayout.Gdt, Mode64.Descriptors * sizeof(ulong))));
        for (int vector = 0; vector < code.Handlers.Count; vector++)
        {
            MemoryMarshal.Write(Span(MailboxLayout.Idt + vector * Mode64.GateBytes, Mode64.GateBytes),
                InterruptGate.To(Address + code.Handlers[vector], Mode64.CodeSelector));
        }
    }

    private void WriteVectors(MailboxCode code)
    {
        for (int vector = 0; vector < code.Handlers.Count; vector++)
        {
            MemoryMarshal.Write(Span(vector * VectorBytes, VectorBytes),
                new RealModeVector(MailboxLayout.RealSegment, (ushort)code.Handlers[vector]));
        }
    }
}

/// <summary>Memory of a scenario, which chips of the world can write too. The guest accesses it by exits.</summary>
/// <param name="memory">The memory, from address 0 on.</param>
internal sealed class ScenarioMemory(IGuestMemory memory) : IMemoryDevice
{
    private const int ByteBits = 8;

    public ulong ReadMemory(ulong offset, int size)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bytes.Clear();
        return memory.TryRead(offset, bytes[..size])
            ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : ulong.MaxValue >> (sizeof(ulong) - size) * ByteBits;
    }

    public void WriteMemory(ulong offset, int size, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        memory.TryWrite(offset, bytes[..size]);
    }
}
