namespace Wirq.Board.Devices.Virtio;

/// <summary>The common configuration of a virtio function: the negotiation of features, and its queues.</summary>
/// <remarks><code>
/// +0x00 which 32 features   +0x04 those offered   +0x08 which 32 features   +0x0C those accepted   +0x10 vector of changes
/// +0x12 queues   +0x14 status   +0x15 generation   +0x16 the queue of what follows   +0x18 size   +0x1A vector   +0x1C enable
/// +0x1E offset of its notification   +0x20 descriptors   +0x28 available   +0x30 used
/// </code>virtio 1.2, 4.1.4.3 and 2.1. Registers of 64 bits are written whole or in halves. There is one queue.</remarks>
/// <param name="ring">The queue.</param>
/// <param name="offered">The features that are offered.</param>
/// <param name="vectors">The number of MSI-X vectors.</param>
internal sealed class VirtioRegisters(VirtioRing ring, ulong offered, int vectors)
{
    internal const int Bytes = 0x38;
    internal const ushort NoVector = 0xFFFF;
    /// <summary>The features without which a driver is refused: those of virtio 1.0 and later.</summary>
    internal const ulong Version1 = 1ul << 32;

    private const byte FeaturesOk = 8, DriverOk = 4, NeedsReset = 0x40;
    private const uint Queues = 1;
    private const int HalfBits = 32;

    private uint _offeredHalf, _acceptedHalf;
    private ushort _queue;
    private ulong _accepted;

    /// <summary>The status.</summary>
    internal byte Status { get; private set; }

    /// <summary>The vector of changes of the configuration; <see cref="NoVector"/> for none.</summary>
    internal ushort ChangeVector { get; private set; } = NoVector;

    /// <summary>The vector of the queue; <see cref="NoVector"/> for none.</summary>
    internal ushort QueueVector { get; private set; } = NoVector;

    /// <summary>Whether the device may use the queue.</summary>
    internal bool Runs => (Status & (DriverOk | NeedsReset)) == DriverOk;

    /// <summary>The device cannot go on until the driver resets it.</summary>
    internal void Break() => Status |= NeedsReset;

    internal void Reset()
    {
        ring.Reset();
        (_offeredHalf, _acceptedHalf, _queue, _accepted, Status) = (0, 0, 0, 0, 0);
        (ChangeVector, QueueVector) = (NoVector, NoVector);
    }

    internal uint Read(uint offset, int size) => (offset, size) switch
    {
        (0x00, 4) => _offeredHalf,
        (0x04, 4) => _offeredHalf < 2 ? (uint)(offered >> (int)_offeredHalf * HalfBits) : 0,
        (0x08, 4) => _acceptedHalf,
        (0x0C, 4) => _acceptedHalf < 2 ? (uint)(_accepted >> (int)_acceptedHalf * HalfBits) : 0,
        (0x10, 2) => ChangeVector,
        (0x12, 2) => Queues,
        (0x14, 1) => Status,
        (0x16, 2) => _queue,
        // A queue that does not exist has size 0.
        _ when _queue >= Queues => 0,
        (0x18, 2) => ring.Size,
        (0x1A, 2) => QueueVector,
        (0x1C, 2) => ring.Enabled ? 1u : 0,
        (0x20, 4) => (uint)ring.Descriptors,
        (0x24, 4) => (uint)(ring.Descriptors >> HalfBits),
        (0x28, 4) => (uint)ring.Available,
        (0x2C, 4) => (uint)(ring.Available >> HalfBits),
        (0x30, 4) => (uint)ring.Used,
        (0x34, 4) => (uint)(ring.Used >> HalfBits),
        _ => 0,
    };

    internal void Write(uint offset, int size, uint value)
    {
        switch (offset, size)
        {
            case (0x00, 4):
                _offeredHalf = value;
                break;
            case (0x08, 4):
                _acceptedHalf = value;
                break;
            case (0x0C, 4):
                // Once accepted, features do not change (virtio 1.2, 3.1.1).
                if (_acceptedHalf < 2 && (Status & FeaturesOk) == 0)
                    _accepted = With(_accepted, (int)_acceptedHalf, value);
                break;
            case (0x10, 2):
                ChangeVector = VectorOf(value);
                break;
            case (0x14, 1):
                WriteStatus((byte)value);
                break;
            case (0x16, 2):
                _queue = (ushort)value;
                break;
            default:
                if (_queue < Queues)
                    WriteQueue(offset, size, value);
                break;
        }
    }

    private void WriteQueue(uint offset, int size, uint value)
    {
        if ((offset, size) == (0x1A, 2))
            QueueVector = VectorOf(value);
        // The driver must not change an enabled queue (virtio 1.2, 4.1.4.3.2).
        if (ring.Enabled)
            return;
        switch (offset, size)
        {
            case (0x18, 2):
                if (value is > 0 and <= VirtioRing.MostDescriptors && (value & (value - 1)) == 0)
                    ring.Size = (ushort)value;
                break;
            case (0x1C, 2):
                ring.Enabled = value == 1;
                break;
            case (0x20 or 0x24, 4):
                ring.Descriptors = With(ring.Descriptors, (int)(offset - 0x20) / 4, value);
                break;
            case (0x28 or 0x2C, 4):
                ring.Available = With(ring.Available, (int)(offset - 0x28) / 4, value);
                break;
            case (0x30 or 0x34, 4):
                ring.Used = With(ring.Used, (int)(offset - 0x30) / 4, value);
                break;
        }
    }

    private void WriteStatus(byte value)
    {
        if (value == 0)
        {
            Reset();
            return;
        }
        // Features that were not offered, or a driver of before virtio 1.0: the bit does not stay (virtio 1.2, 2.2.2 and 6.1).
        bool agreed = (_accepted & ~offered) == 0 && (_accepted & Version1) != 0;
        Status = (byte)(value & ~(NeedsReset | (agreed ? 0 : FeaturesOk)) | Status & NeedsReset);
    }

    /// <summary>A vector that does not exist reads back as none (virtio 1.2, 4.1.5.1.2.1).</summary>
    private ushort VectorOf(uint value) => value < (uint)vectors ? (ushort)value : NoVector;

    private static ulong With(ulong value, int half, uint part) =>
        half == 0 ? value & ~(ulong)uint.MaxValue | part : value & uint.MaxValue | (ulong)part << HalfBits;
}
