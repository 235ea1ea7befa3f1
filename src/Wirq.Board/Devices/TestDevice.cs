using System.Buffers.Binary;
using Wirq.Board.Bus;
using Wirq.Host;

namespace Wirq.Board.Devices;

/// <summary>The device that guests of kvm-unit-tests use to raise lines and to try all kinds of accesses.</summary>
/// <remarks><code>
/// 0xE0-0xE3      four bytes of memory
/// 0xE4           a 32-bit write requests that the page of this address is unmapped from the guest and mapped again,
///                so that its next access to it faults in the host
/// 0xE8-0xEB      four more bytes of memory
/// 0x2000 + line  a byte write raises the line if it is not zero, and lowers it if it is zero
/// 0xFF000000     64 KiB of memory
/// </code>
/// <para>Like QEMU's <c>pc-testdev</c> (hw/misc/pc-testdev.c). Lines are the pins of the first I/OAPIC. A wider write
/// sets the following lines too.</para>
/// <para>The owner of the board unmaps a page, and must make sure that no other code needs the page at that time.
/// Guests request this to make a delivery fault. A board that ignores it delivers without a fault.</para>
/// </remarks>
internal sealed class TestDevice : BytePortDevice, IMemoryDevice, IDisposable
{
    /// <summary>Physical address of its memory.</summary>
    public const ulong MemoryStart = 0xFF000000;
    /// <summary>The size of its memory, in bytes.</summary>
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
    /// <param name="flushPage">Unmaps a page and maps it again. It gets the physical address, which may have any value,
    /// and is called outside the device's lock. If null, the request has no effect.</param>
    public TestDevice(FabricHost host, Action<uint>? flushPage = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        _flushPage = flushPage;
        IoApicOptions ioApic = host.Options.IoApics[0];
        _lines = [.. Enumerable.Range(0, ioApic.Pins).Select(pin => host.Connect(ioApic.GsiBase + pin, $"test device line {pin}"))];
    }

    /// <summary>The number of lines that it drives.</summary>
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

    /// <summary>The part of an access that is in the memory.</summary>
    private Span<byte> Range(ulong offset, int size) =>
        _memory.AsSpan((int)Math.Min(offset, MemoryBytes), (int)Math.Min((ulong)size, MemoryBytes - Math.Min(offset, MemoryBytes)));

    private void SetLine(int line, bool raised)
    {
        if (line < _lines.Length)
            _lines[line].Set(raised);
    }

    /// <summary>The lines have no state here, so they need no lock: the fabric guards each source.</summary>
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
