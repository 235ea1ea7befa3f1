using System.Buffers.Binary;
using Wirq.Board.Memory;

namespace Wirq.Board.Devices.Virtio;

/// <summary>A split virtqueue, as the device sees it.</summary>
/// <remarks><code>
/// descriptor, 16 bytes: +0 address   +8 bytes   +12 flags: 2 indirect, 1 writable, 0 next   +14 next
/// available: +0 flags: 0 no interrupt   +2 index   +4 heads, 16 bits each
/// used:      +0 flags                   +2 index   +4 elements: head, 32 bits; written bytes, 32 bits
/// </code>
/// <para>virtio 1.2, 2.7. The ring is the guest's memory, and a guest may write anything, at any time. Each word is read once,
/// and a chain has at most <see cref="MostDescriptors"/> descriptors, indirect ones included: a chain that loops is longer. A
/// ring that breaks a rule is broken until the driver resets the device.</para>
/// </remarks>
/// <param name="memory">The guest's memory.</param>
internal sealed class VirtioRing(BoardMemory memory)
{
    /// <summary>The most descriptors of a ring, and of a chain.</summary>
    internal const ushort MostDescriptors = VirtioBuffers.Most;

    private const int DescriptorBytes = 16, IndexAt = 2, HeadsAt = 4, HeadBytes = 2, ElementBytes = 8;
    private const ushort NextFlag = 1, WritableFlag = 2, IndirectFlag = 4, NoInterruptFlag = 1;

    private ushort _next, _used;

    /// <summary>The number of descriptors: a power of 2, at most <see cref="MostDescriptors"/>.</summary>
    internal ushort Size { get; set; } = MostDescriptors;

    /// <summary>Physical addresses, as the driver wrote them.</summary>
    internal ulong Descriptors { get; set; }

    /// <inheritdoc cref="Descriptors"/>
    internal ulong Available { get; set; }

    /// <inheritdoc cref="Descriptors"/>
    internal ulong Used { get; set; }

    /// <summary>Whether the driver has enabled it.</summary>
    internal bool Enabled { get; set; }

    /// <summary>Whether the driver broke a rule.</summary>
    internal bool Broken { get; private set; }

    internal void Reset()
    {
        (Size, Descriptors, Available, Used, Enabled, Broken) = (MostDescriptors, 0, 0, 0, false, false);
        (_next, _used) = (0, 0);
    }

    /// <summary>Takes the next request.</summary>
    /// <param name="buffers">Gets its buffers.</param>
    /// <param name="head">Its name, for <see cref="Give"/>.</param>
    /// <returns>False if there is none, or the ring is broken.</returns>
    internal bool TryTake(VirtioBuffers buffers, out ushort head)
    {
        head = 0;
        if (!Enabled || Broken || !TryReadHalf(Available + IndexAt, out ushort index))
            return Fail(Enabled);
        ushort waiting = (ushort)(index - _next);
        if (waiting == 0)
            return false;
        // The heads are read after the index that covers them.
        Thread.MemoryBarrier();
        if (waiting > Size || !TryReadHalf(Available + HeadsAt + (ulong)(_next % Size * HeadBytes), out head))
            return Fail(true);
        _next++;
        buffers.Clear();
        return Walk(buffers, head) || Fail(true);
    }

    /// <summary>Gives a request back.</summary>
    /// <param name="head">Its name.</param>
    /// <param name="written">Bytes that the device wrote.</param>
    /// <returns>Whether the driver wants an interrupt.</returns>
    internal bool Give(ushort head, uint written)
    {
        Span<byte> element = stackalloc byte[ElementBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(element, head);
        BinaryPrimitives.WriteUInt32LittleEndian(element[4..], written);
        if (!memory.TryWrite(Used + HeadsAt + (ulong)(_used % Size * ElementBytes), element))
            return Fail(true);
        // The driver reads the element after it has seen the index, and it reads the buffers after both.
        Thread.MemoryBarrier();
        BinaryPrimitives.WriteUInt16LittleEndian(element, ++_used);
        if (!memory.TryWrite(Used + IndexAt, element[..sizeof(ushort)]))
            return Fail(true);
        // The driver may ask for interrupts again just before it looks at the index (virtio 1.2, 2.7.7.2).
        Thread.MemoryBarrier();
        return TryReadHalf(Available, out ushort flags) ? (flags & NoInterruptFlag) == 0 : Fail(true);
    }

    private bool Walk(VirtioBuffers buffers, ushort head)
    {
        ulong table = Descriptors;
        uint size = Size, index = head;
        bool indirect = false;
        Span<byte> descriptor = stackalloc byte[DescriptorBytes];
        for (int walked = 0; walked < MostDescriptors; walked++)
        {
            if (index >= size || !memory.TryRead(table + index * DescriptorBytes, descriptor))
                return false;
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
            uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[8..]);
            ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]);
            if ((flags & IndirectFlag) != 0)
            {
                // A table in a table, a table that goes on elsewhere, a table of parts of descriptors (virtio 1.2, 2.7.5.3.1).
                if (indirect || (flags & NextFlag) != 0 || bytes == 0 || bytes % DescriptorBytes != 0)
                    return false;
                (indirect, table, size, index) = (true, address, bytes / DescriptorBytes, 0);
                continue;
            }
            if (!buffers.TryAdd(address, bytes, (flags & WritableFlag) != 0))
                return false;
            if ((flags & NextFlag) == 0)
                return true;
            index = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[14..]);
        }
        return false;
    }

    private bool Fail(bool broken)
    {
        Broken |= broken;
        return false;
    }

    private bool TryReadHalf(ulong address, out ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        bool read = memory.TryRead(address, bytes);
        value = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        return read;
    }
}
