namespace Wirq.Snapshots;

/// <summary>The layout of a snapshot. docs/snapshots.md describes it.</summary>
/// <remarks><code>
/// header   +0 "WIRQSNAP"   +8 version, 16 bits   +10 zero, 16 bits   +12 length of the whole, 32 bits
/// section  +0 number, 16 bits   +2 version, 16 bits   +4 length of what follows, 32 bits   +8 fields
/// end      a section of 8 bytes: XXH3 (64 bits) of everything before its fields
/// </code>All little-endian. Sections stand in ascending order, each once. A section stands exactly where the machine has
/// the part.</remarks>
internal static class SnapshotFormat
{
    /// <summary>The version of the layout, and of each section unless it has another.</summary>
    internal const ushort Version = 1;
    internal const int HeaderSize = 16, SectionHeaderSize = 8, LengthOffset = 12, HashSize = 8;
    /// <summary>The most bytes of a snapshot: 1 GiB.</summary>
    internal const int MaxLength = 1 << 30;

    // No literal of bytes: a tool that rewrites this assembly for a test would move such data off its alignment, and that of
    // its neighbours.
    private static readonly byte[] s_magic = System.Text.Encoding.ASCII.GetBytes("WIRQSNAP");

    /// <summary>The first bytes of every snapshot.</summary>
    internal static ReadOnlySpan<byte> Magic => s_magic;

    /// <summary>Only one snapshot describes a state: what is written again must have the same bytes.</summary>
    /// <exception cref="SnapshotException">It has others.</exception>
    internal static void DemandSame(ReadOnlySpan<byte> again, ReadOnlySpan<byte> snapshot)
    {
        int same = again.CommonPrefixLength(snapshot);
        if (same == again.Length && same == snapshot.Length)
            return;
        throw new SnapshotException(same, "byte", same < snapshot.Length ? $"0x{snapshot[same]:x2}" : "missing",
            same < again.Length ? $"0x{again[same]:x2}: it follows from other fields" : "the end");
    }
}

/// <summary>The sections, in their order.</summary>
internal enum SectionId : ushort
{
    /// <summary>The options that the machine was built from.</summary>
    Shape = 1,
    /// <summary>Virtual time, and the wires between the chips.</summary>
    Machine = 2,
    /// <summary>The sources on the lines.</summary>
    Lines = 3,
    /// <summary>The 8259 pair.</summary>
    Pic = 4,
    /// <summary>The I/OAPICs.</summary>
    IoApics = 5,
    /// <summary>The local APICs and their bus.</summary>
    LocalApics = 6,
    /// <summary>Virqs, those that wait for a route, and the routes.</summary>
    Virqs = 7,
    /// <summary>The remapping units.</summary>
    Remappers = 8,
    /// <summary>The functions with MSI or MSI-X of a host.</summary>
    Functions = 9,
    /// <summary>The event channels of Xen and the callback.</summary>
    Xen = 10,
    /// <summary>The options that a host was built from. It begins the snapshot of a host, which has no section of a
    /// machine.</summary>
    HostShape = 11,
    /// <summary>The lines, actions and threads of a host's interrupt core.</summary>
    HostIrqs = 12,
    /// <summary>The devices that a host forwards.</summary>
    Vfio = 13,
    /// <summary>The hash.</summary>
    End = ushort.MaxValue,
}
