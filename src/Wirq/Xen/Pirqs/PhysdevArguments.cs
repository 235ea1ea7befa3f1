using System.Runtime.InteropServices;

namespace Wirq.Xen;

// The argument structures of physdev_op. They have the layout of Xen's public headers, which a test compares.
#pragma warning disable CS0649, CA1823, IDE0044 // Fields are filled from the guest's bytes.

/// <summary>Of a guest that runs in 64-bit mode.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct MapPirqArgument64
{
    public ushort DomainId;
    private ushort _pad;
    public int MapType;
    public int Gsi;
    public int PirqNumber;
    public int BusAndSegment;
    public int DeviceFunction;
    public int Entry;
    private uint _pad2;
    public ulong Table;
}

/// <summary>Of a guest that runs in 32-bit mode, where 64-bit fields are aligned to 4 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct MapPirqArgument32
{
    public ushort DomainId;
    private ushort _pad;
    public int MapType;
    public int Gsi;
    public int PirqNumber;
    public int BusAndSegment;
    public int DeviceFunction;
    public int Entry;
    public ulong Table;

    /// <summary>The same in the other layout.</summary>
    internal readonly MapPirqArgument64 Wide => new()
    {
        DomainId = DomainId, MapType = MapType, Gsi = Gsi, PirqNumber = PirqNumber,
        BusAndSegment = BusAndSegment, DeviceFunction = DeviceFunction, Entry = Entry, Table = Table,
    };
}

[StructLayout(LayoutKind.Sequential)]
internal struct UnmapPirqArgument
{
    public ushort Domain;
    private ushort _pad;
    public int Pirq;
}

[StructLayout(LayoutKind.Sequential)]
internal struct EoiArgument
{
    public uint Pirq;
}

[StructLayout(LayoutKind.Sequential)]
internal struct IrqStatusArgument
{
    public const uint NeedsEoi = 1, Shared = 2;

    public uint Pirq;
    public uint Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SetupGsiArgument
{
    public int Gsi;
    /// <summary>0 for edge.</summary>
    public byte Triggering;
    /// <summary>0 for active high.</summary>
    public byte Polarity;
    private ushort _pad;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GetFreePirqArgument
{
    public int Type;
    public uint Pirq;
}
