using System.Buffers.Binary;
using Wirq.Board.Memory;

namespace Wirq.Board.Tests.Devices.Virtio;

/// <summary>A driver's side of a virtqueue, in the guest's memory.</summary>
internal sealed class SampleDriver(BoardMemory memory, ushort size = 8)
{
    internal const ulong Descriptors = 0x10000, Available = 0x11000, Used = 0x12000, Indirect = 0x13000, Data = 0x20000;
    internal const ushort Next = 1, Writable = 2, IndirectTable = 4;

    private ushort _index;

    /// <summary>How many requests came back.</summary>
    internal ushort Given => Half(Used + 2);

    internal void Descriptor(int number, ulong address, uint bytes, ushort flags, ushort next = 0, ulong table = Descriptors)
    {
        Span<byte> words = memory.AsSpan(table + (ulong)number * 16, 16);
        BinaryPrimitives.WriteUInt64LittleEndian(words, address);
        BinaryPrimitives.WriteUInt32LittleEndian(words[8..], bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(words[12..], flags);
        BinaryPrimitives.WriteUInt16LittleEndian(words[14..], next);
    }

    /// <summary>Makes a chain available.</summary>
    internal void Offer(ushort head)
    {
        Write(Available + 4 + (ulong)(_index % size * 2), head);
        Write(Available + 2, ++_index);
    }

    /// <summary>Head and written bytes of a request that came back.</summary>
    internal (uint Head, uint Written) Element(int number) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(memory.AsSpan(Used + 4 + (ulong)(number % size * 8), 4)),
         BinaryPrimitives.ReadUInt32LittleEndian(memory.AsSpan(Used + 8 + (ulong)(number % size * 8), 4)));

    internal void Write(ulong address, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(memory.AsSpan(address, 2), value);

    private ushort Half(ulong address) => BinaryPrimitives.ReadUInt16LittleEndian(memory.AsSpan(address, 2));
}
