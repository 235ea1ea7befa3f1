using System.Buffers.Binary;
using Wirq.Host;
using Wirq.Remapping;
using Wirq.Remapping.VtD;

namespace Wirq.Tests.Shared.Remapping;

/// <summary>The memory of a small guest, from address 0 on.</summary>
/// <param name="bytes">Its size.</param>
/// <param name="shared">Whether several threads access it: an access is atomic then.</param>
public sealed class SmallMemory(int bytes, bool shared = true) : IGuestMemory
{
    private readonly byte[] _bytes = new byte[bytes];
    private readonly Lock? _lock = shared ? new() : null;

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (!Holds(address, destination.Length))
            return false;
        _lock?.Enter();
        _bytes.AsSpan((int)address, destination.Length).CopyTo(destination);
        _lock?.Exit();
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!Holds(address, source.Length))
            return false;
        _lock?.Enter();
        source.CopyTo(_bytes.AsSpan((int)address));
        _lock?.Exit();
        return true;
    }

    public void Put(ulong address, ulong low, ulong high)
    {
        Span<byte> both = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(both, low);
        BinaryPrimitives.WriteUInt64LittleEndian(both[sizeof(ulong)..], high);
        TryWrite(address, both);
    }

    public uint Word(ulong address)
    {
        Span<byte> word = stackalloc byte[sizeof(uint)];
        TryRead(address, word);
        return BinaryPrimitives.ReadUInt32LittleEndian(word);
    }

    private bool Holds(ulong address, int length) =>
        address <= (ulong)_bytes.Length && (ulong)length <= (ulong)_bytes.Length - address;
}

/// <summary>The driver of a guest whose messages are remapped: it writes the table, and invalidates the changed
/// entries.</summary>
/// <remarks>One thread at a time may call <see cref="Invalidate"/> and <see cref="InvalidateAll"/>.</remarks>
public sealed class RemappedGuest
{
    /// <summary>Bus, device and function of all devices.</summary>
    public const ushort Requester = 0x0310;

    private const uint Gcmd = 0x18, Iqt = 0x88, Iqa = 0x90, Irta = 0xB8;
    private const uint QueueOn = 1 << 26, RemappingOn = 1 << 25, TakeTable = 1 << 24;
    private const ulong Status = 0x1000, Queue = 0x2000, Table = 0x100000;
    private const int EntriesLog = 16, QueueBytes = 0x1000, DescriptorBytes = 16;
    // Descriptors of the invalidation queue: interrupt entries (4), all or those of index and mask; and a wait (5) that
    // writes a status. VT-d specification, 6.5.2.7 and 6.5.2.8.
    private const ulong Entries = 4, OfRun = 1 << 4, Wait = 5 | 1 << 5;
    private const int MaskShift = 27, IndexShift = 32, DataShift = 32;

    private readonly ulong _unit;
    private readonly Action<ulong, int, ulong> _write;
    private uint _tail, _waits;

    /// <summary>Sets the unit up.</summary>
    /// <param name="memory">The guest's memory, of <see cref="MemoryBytes"/>, which the fabric has too.</param>
    /// <param name="unit">The address of the unit's registers.</param>
    /// <param name="write">Writes memory as CPU 0: address, size and value.</param>
    public RemappedGuest(SmallMemory memory, ulong unit, Action<ulong, int, ulong> write)
    {
        (Memory, _unit, _write) = (memory, unit, write);
        Write(Irta, sizeof(ulong), Table | EntriesLog - 1);
        Write(Gcmd, sizeof(uint), TakeTable);
        Write(Iqa, sizeof(ulong), Queue);
        Write(Gcmd, sizeof(uint), QueueOn);
        Write(Gcmd, sizeof(uint), QueueOn | RemappingOn);
    }

    /// <summary>Sets up the unit of a host's machine.</summary>
    public RemappedGuest(SmallMemory memory, FabricHost host)
        : this(memory, host.Options.Vtd!.Address, (address, size, value) => host.TryWrite(0, address, size, value)) { }

    /// <summary>The size of the memory that it needs.</summary>
    public static int MemoryBytes => (int)Table + (Irte.Size << EntriesLog);

    public SmallMemory Memory { get; }

    /// <summary>The message of a device, which an entry remaps.</summary>
    public static Msi Handle(int entry) => new(MsiAddress.ForHandle((ushort)entry), new MsiData(0));

    /// <summary>Writes an entry without an invalidation.</summary>
    public void Put(int entry, byte vector, uint cpu, bool present = true)
    {
        Irte word = Irte.For(InterruptMessage.Create(vector, DeliveryMode.Fixed, cpu), extended: false)
            .WithSource(SourceValidation.Id, Requester).WithPresent(present);
        Memory.Put(Table + (ulong)entry * Irte.Size, word.Low, word.High);
    }

    /// <summary>Invalidates a range of entries.</summary>
    /// <param name="entry">The first.</param>
    /// <param name="mask">The range has two to this power entries.</param>
    /// <returns>Whether the unit had reported completion when the write of the request returned.</returns>
    public bool Invalidate(int entry, int mask = 0) => Submit(Entries | OfRun | (ulong)mask << MaskShift | (ulong)entry << IndexShift);

    /// <summary>Invalidates all entries.</summary>
    public bool InvalidateAll() => Submit(Entries);

    private bool Submit(ulong invalidation)
    {
        Append(invalidation, 0);
        Append(Wait | (ulong)++_waits << DataShift, Status);
        Write(Iqt, sizeof(ulong), _tail);
        return Memory.Word(Status) == _waits;
    }

    private void Append(ulong low, ulong high)
    {
        Memory.Put(Queue + _tail, low, high);
        _tail = (_tail + DescriptorBytes) % QueueBytes;
    }

    private void Write(uint offset, int size, ulong value) => _write(_unit + offset, size, value);
}
