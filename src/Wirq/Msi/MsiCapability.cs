using System.Numerics;
using Wirq.State;

namespace Wirq;

/// <summary>The MSI capability of a function: 64-bit addresses, and a mask per vector.</summary>
/// <remarks><code>
/// +0  control 31:16 (8 maskable, 7 64-bit, 6:4 enabled as a power of two, 3:1 capable likewise, 0 enable); 15:0 are the
///     capability's id and link, which belong to the configuration space
/// +4  address 31:2    +8 address 63:32    +12 data 15:0    +16 mask    +20 pending (read-only)
/// </code>PCI Local Bus 3.0, 6.8.1. Writes are 1, 2 or 4 bytes wide within a register. Of several vectors each has its
/// number in the low bits of the data (6.8.1.6). Pending bits are not here: see <see cref="MsixTable"/>.</remarks>
public sealed partial class MsiCapability : IVectorTable
{
    /// <summary>The most vectors that a function can have.</summary>
    public const int MaxVectors = 32;
    /// <summary>Bytes of the capability.</summary>
    public const uint Size = 24;

    /// <summary>The id of the capability, which is in the configuration space.</summary>
    internal const byte CapabilityId = 0x05;

    private const uint ControlOffset = 0, AddressOffset = 4, AddressHighOffset = 8, DataOffset = 12, MaskOffset = 16;
    private const uint EnableBit = 1u << 16, MultipleEnable = 7u << 20, Fixed = 1u << 24 | 1u << 23;
    private const int CapableShift = 17, EnabledShift = 20;

    private readonly Block<MsiRegisters> _registers;

    /// <summary>Builds a capability in its reset state: off.</summary>
    /// <param name="vectors">How many vectors, a power of two up to <see cref="MaxVectors"/>.</param>
    /// <param name="arena">Where its state goes; null for an arena of its own.</param>
    public MsiCapability(int vectors = 1, StateArena? arena = null)
    {
        if (!CanHave(vectors))
            throw new ArgumentOutOfRangeException(nameof(vectors), vectors, "a function has 1, 2, 4, 8, 16 or 32 vectors");
        Count = vectors;
        _registers = (arena ?? new StateArena()).Reserve<MsiRegisters>();
    }

    /// <summary>Whether a function can have so many vectors (PCI Local Bus 3.0, 6.8.1.3).</summary>
    internal static bool CanHave(int vectors) => BitOperations.IsPow2(vectors) && vectors <= MaxVectors;

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>Whether the capability is on.</summary>
    public bool Enabled => (_registers.Value.Control & EnableBit) != 0;

    /// <inheritdoc/>
    public Msi MessageOf(int vector)
    {
        ref MsiRegisters r = ref _registers.Value;
        uint own = (uint)(Used - 1);
        return new Msi((ulong)r.AddressHigh << 32 | r.Address, r.Data & ~own | (uint)vector & own);
    }

    /// <inheritdoc/>
    public bool IsMasked(int vector) => !Enabled || vector >= Used || (_registers.Value.Mask >> vector & 1) != 0;

    /// <summary>Reads a register of the capability, without its id and link and without pending bits.</summary>
    /// <param name="offset">Bytes from its beginning, a multiple of 4.</param>
    public uint Read(uint offset) => offset switch
    {
        ControlOffset => _registers.Value.Control | Fixed | (uint)BitOperations.Log2((uint)Count) << CapableShift,
        AddressOffset => _registers.Value.Address,
        AddressHighOffset => _registers.Value.AddressHigh,
        DataOffset => _registers.Value.Data,
        MaskOffset => _registers.Value.Mask,
        _ => 0,
    };

    /// <summary>Writes registers of the capability.</summary>
    /// <param name="offset">Bytes from its beginning.</param>
    /// <param name="size">1, 2 or 4 bytes, within one register; others have no effect.</param>
    /// <param name="value">What is written.</param>
    public void Write(uint offset, int size, uint value)
    {
        uint within = offset % 4;
        if (size is not (1 or 2 or 4) || within + (uint)size > 4)
            return;
        int shift = (int)within * 8;
        uint written = (uint)((1ul << (size * 8)) - 1) << shift;
        uint merged = Read(offset - within) & ~written | value << shift & written;
        ref MsiRegisters r = ref _registers.Value;
        switch (offset - within)
        {
            case ControlOffset:
                r.Control = merged & (EnableBit | MultipleEnable);
                break;
            case AddressOffset:
                r.Address = merged & ~3u;
                break;
            case AddressHighOffset:
                r.AddressHigh = merged;
                break;
            case DataOffset:
                r.Data = merged & 0xFFFF;
                break;
            case MaskOffset:
                r.Mask = merged & (uint)((1ul << Count) - 1);
                break;
        }
    }

    /// <summary>How many vectors the guest enabled; a value above the number of vectors enables all.</summary>
    private int Used => Math.Min(Count, 1 << (int)(_registers.Value.Control >> EnabledShift & 7));
}

internal struct MsiRegisters : IState
{
    public uint Control, Address, AddressHigh, Data, Mask, Reserved;
}
