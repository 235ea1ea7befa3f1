using Wirq.State;

namespace Wirq;

/// <summary>The MSI-X table of a function and the control word of its capability.</summary>
/// <remarks><code>
/// entry   +0 address 31:2 | 00    +4 address 63:32    +8 data    +12 vector control: bit 0 mask
/// control  15 enable, 14 function mask, 10:0 size - 1 (read-only)
/// </code>PCI Local Bus 3.0, 6.8.2. Accesses are 4 or 8 bytes wide and aligned (6.8.2.1); others have no effect and
/// read zero. Pending bits are not here, because an eventfd may hold one: see
/// <see cref="Host.MessageFunction.Pending"/>.</remarks>
public sealed partial class MsixTable : IVectorTable
{
    /// <summary>The most vectors that a function can have.</summary>
    public const int MaxVectors = 2048;
    /// <summary>Bytes of one entry.</summary>
    public const uint EntrySize = 16;

    private const uint Address = 0, AddressHigh = 4, Data = 8, VectorControl = 12;
    /// <summary>The id of the capability.</summary>
    internal const byte CapabilityId = 0x11;
    internal const ushort EnableBit = 1 << 15, FunctionMaskBit = 1 << 14;
    private const uint MaskBit = 1, AddressMask = ~3u;

    private readonly Block<MsixEntry> _entries;
    private readonly Block<MsixControl> _control;

    /// <summary>Builds a table in its reset state: off, and every vector masked.</summary>
    /// <param name="vectors">How many, 1 to <see cref="MaxVectors"/>.</param>
    /// <param name="arena">Where its state goes; null for an arena of its own.</param>
    public MsixTable(int vectors, StateArena? arena = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vectors, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vectors, MaxVectors);
        arena ??= new StateArena();
        _entries = arena.Reserve<MsixEntry>(vectors);
        _control = arena.Reserve<MsixControl>();
        foreach (ref MsixEntry entry in _entries.Span)
            entry.Control = MaskBit;
    }

    /// <inheritdoc/>
    public int Count => _entries.Count;

    /// <summary>The control word as it reads.</summary>
    public ushort Control => (ushort)(_control.Value.Bits | (uint)(Count - 1));

    /// <summary>Whether the capability is on.</summary>
    public bool Enabled => (_control.Value.Bits & EnableBit) != 0;

    /// <summary>Writes the control word; its size is read-only.</summary>
    public void WriteControl(ushort value) => _control.Value.Bits = value & (uint)(EnableBit | FunctionMaskBit);

    /// <inheritdoc/>
    public Msi MessageOf(int vector)
    {
        ref MsixEntry entry = ref _entries[vector];
        return new Msi((ulong)entry.AddressHigh << 32 | entry.Address, entry.Data);
    }

    /// <inheritdoc/>
    public bool IsMasked(int vector) =>
        _control.Value.Bits != EnableBit || (_entries[vector].Control & MaskBit) != 0;

    /// <summary>Reads the table.</summary>
    /// <param name="offset">Bytes from its beginning.</param>
    /// <param name="size">4 or 8 bytes.</param>
    public ulong Read(uint offset, int size)
    {
        if (!TryPlace(offset, size, out int vector))
            return 0;
        uint low = Word(vector, offset % EntrySize);
        return size == 4 ? low : low | (ulong)Word(vector, offset % EntrySize + 4) << 32;
    }

    /// <summary>Writes the table.</summary>
    /// <param name="offset">Bytes from its beginning.</param>
    /// <param name="size">4 or 8 bytes.</param>
    /// <param name="value">What is written.</param>
    /// <returns>The vector that was written; -1 for none.</returns>
    public int Write(uint offset, int size, ulong value)
    {
        if (!TryPlace(offset, size, out int vector))
            return -1;
        Word(vector, offset % EntrySize) = Writable(offset % EntrySize, (uint)value);
        if (size == 8)
            Word(vector, offset % EntrySize + 4) = Writable(offset % EntrySize + 4, (uint)(value >> 32));
        return vector;
    }

    private bool TryPlace(uint offset, int size, out int vector)
    {
        vector = (int)(offset / EntrySize);
        return size is 4 or 8 && offset % (uint)size == 0 && vector < Count;
    }

    private ref uint Word(int vector, uint offset)
    {
        ref MsixEntry entry = ref _entries[vector];
        switch (offset)
        {
            case Address: return ref entry.Address;
            case AddressHigh: return ref entry.AddressHigh;
            case Data: return ref entry.Data;
            default: return ref entry.Control;
        }
    }

    private static uint Writable(uint offset, uint value) => offset switch
    {
        Address => value & AddressMask,
        // Bits 31:1 are reserved; only some devices return what was written (6.8.2.9).
        VectorControl => value & MaskBit,
        _ => value,
    };
}

internal struct MsixEntry : IState
{
    public uint Address, AddressHigh, Data, Control;
}

internal struct MsixControl : IState
{
    public uint Bits, Reserved;
}
