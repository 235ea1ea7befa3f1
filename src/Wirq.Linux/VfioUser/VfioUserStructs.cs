using System.Runtime.InteropServices;

namespace Wirq.Linux.VfioUser;

/// <summary>The fixed part of the first message. JSON, ended by a zero byte, may follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VersionHead
{
    internal const int Size = 4;

    public ushort Major, Minor;
}

/// <summary>A window of DMA that is opened.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DmaMap
{
    internal const int Size = 32;
    /// <summary>Readable, writable, and, in an older form, how a descriptor is used.</summary>
    internal const uint KnownFlags = 0xF;

    public uint ArgumentSize, Flags;
    public ulong Offset, Address, Length;
}

/// <summary>A window of DMA that is closed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DmaUnmap
{
    internal const int Size = 24;
    /// <summary>All windows; address and size are zero.</summary>
    internal const uint All = 2;

    public uint ArgumentSize, Flags;
    public ulong Address, Length;
}

/// <summary>Which descriptors would serve a region.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RegionIoFds
{
    internal const int Size = 16;

    public uint ArgumentSize, Flags, Index, Count;
}

/// <summary>An access to a region. The bytes of a write, or of the reply to a read, follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RegionAccess
{
    internal const int Size = 16;

    public ulong Offset;
    public uint Region, Count;
}

/// <summary>One of several writes in a message.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RegionWriteOne
{
    internal const int Size = 24;

    public ulong Offset;
    public uint Region, Count;
    public ulong Data;
}
