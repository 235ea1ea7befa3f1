using System.Buffers.Binary;
using Wirq.Board.Bus;
using Wirq.Host;

namespace Wirq.Board.Devices;

/// <summary>The device by which the guests of kvm-unit-tests raise lines and try accesses of every kind.</summary>
/// <remarks><code>
/// 0xE0-0xE3      four bytes that keep what is written
/// 0xE4           a 32-bit write asks that the page of this address be taken away from the guest and given back, so
///                that its next access to it faults in the host
/// 0xE8-0xEB      four bytes more
/// 0x2000 + line  a write of a byte raises the line where it is not zero, and lowers it where it is
/// 0xFF000000     64 KiB that keep what is written
/// </code>
/// <para>As QEMU's <c>pc-testdev</c> has it (hw/misc/pc-testdev.c). Lines are the pins of the first I/OAPIC; a wider
/// write to them reaches the lines behind it too.</para>
/// <para>The board's owner takes a page away, and must make sure that no other code needs the page in the meantime.
/// Guests request this to make a delivery fault on its way; a board that ignores it delivers at once.</para>
/// </remarks>
internal sealed class TestDevice : BytePortDevice, IMemoryDevice, IDisposable
{
    /// <summary>Where its memory begins.</summary>
    public const ulong MemoryStart = 0xFF000000;
    /// <summary>How much it has, in bytes.</summary>
    public const int MemoryBytes = 64 << 10;
    /// <summary>The port of line 0.</summary>
    public const ushort FirstLinePort = 0x2000;

    private const ushort ScratchPort = 0xE0, FlushPort = 0xE4, BytesPort = 0xE8;
    private const int ScratchBytes = 4;
    private const uint PageMask = ~0xFFFu;

    private readonly HostSource[] _lines;
    private readonly Action<uint>? _flushPage;
    private readonly byte[] _scratch = new byte[ScratchBytes], _bytes = new byte[ScratchBytes];
    private readonly byte[] _memory = new byte[MemoryBytes];

    /// <summary>Connects a source to each pin of the first I/OAPIC.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="flushPage">Takes a page away and gives it back. It gets the physical address, which may be
    /// anything, and is called outside the device's lock; null to do nothing.</param>
    public TestDevice(FabricHost host, Action<uint>? flushPage = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        _flushPage = flushPage;
        IoApicOptions ioApic = host.Options.IoApics[0];
        _lines = [.. Enumerable.Range(0, ioApic.Pins).Select(pin => host.Connect(ioApic.GsiBase + pin, $"test device line {pin}"))];
    }

    /// <summary>How many lines it drives.</summary>
    public int Lines => _lines.Length;

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(ScratchPort, ScratchBytes, this);
        bus.MapPorts(FlushPort, sizeof(uint), new PageFlush(_flushPage));
        bus.MapPorts(BytesPort, ScratchBytes, this);
        bus.MapPorts(FirstLinePort, _lines.Length, new LinePorts(this));
        bus.MapMemory(MemoryStart, MemoryBytes, this);
    }

    /// <inheritdoc/>
    public ulong ReadMemory(ulong offset, int size)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        word.Clear();
        lock (Guard)
            Range(offset, size).CopyTo(word);
        return BinaryPrimitives.ReadUInt64LittleEndian(word);
    }

    /// <inheritdoc/>
    public void WriteMemory(ulong offset, int size, ulong value)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        lock (Guard)
        {
            Span<byte> range = Range(offset, size);
            word[..range.Length].CopyTo(range);
        }
    }

    /// <summary>Releases all lines.</summary>
    public void Dispose()
    {
        foreach (HostSource line in _lines)
            line.Dispose();
    }

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port) => Scratch(port) is { IsEmpty: false } place ? place[0] : Nothing;

    /// <inheritdoc/>
    protected override void WriteByte(ushort port, byte value)
    {
        if (Scratch(port) is { IsEmpty: false } place)
            place[0] = value;
    }

    private Span<byte> Scratch(ushort port) => port switch
    {
        >= ScratchPort and < ScratchPort + ScratchBytes => _scratch.AsSpan(port - ScratchPort, 1),
        >= BytesPort and < BytesPort + ScratchBytes => _bytes.AsSpan(port - BytesPort, 1),
        _ => [],
    };

    /// <summary>What of an access lies in the memory.</summary>
    private Span<byte> Range(ulong offset, int size) =>
        _memory.AsSpan((int)Math.Min(offset, MemoryBytes), (int)Math.Min((ulong)size, MemoryBytes - Math.Min(offset, MemoryBytes)));

    private void SetLine(int line, bool raised)
    {
        if (line < _lines.Length)
            _lines[line].Set(raised);
    }

    /// <summary>The lines have no state here, and need no lock: each source has the fabric's.</summary>
    private sealed class LinePorts(TestDevice device) : IPortDevice
    {
        public uint ReadPort(ushort port, int size) => 0;

        public void WritePort(ushort port, int size, uint value)
        {
            for (int i = 0; i < size; i++)
                device.SetLine(port - FirstLinePort + i, Access.Byte(value, i) != 0);
        }
    }

    private sealed class PageFlush(Action<uint>? flush) : IPortDevice
    {
        public uint ReadPort(ushort port, int size) => 0;

        public void WritePort(ushort port, int size, uint value)
        {
            if (port == FlushPort && size == sizeof(uint))
                flush?.Invoke(value & PageMask);
        }
    }
}
