using System.Buffers.Binary;

namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>The header that libvirt puts before a stream (<c>virsh save</c>): magic, version, length of the domain's XML
/// and of what follows it, whether it ran, compression, and words that are zero.</summary>
internal static class LibvirtSave
{
    private const int HeaderBytes = 92, LengthAt = 20, CompressionAt = 28, MagicBytes = 16;
    private const uint Raw = 0, Gzip = 1, MostXml = 1 << 24;

    internal static ReadOnlySpan<byte> Magic => "LibvirtQemudSave"u8;
    /// <summary>What stands there while the file is being written, or if that failed.</summary>
    internal static ReadOnlySpan<byte> Partial => "LibvirtQemudPart"u8;

    /// <summary>The byte at which the stream begins.</summary>
    /// <exception cref="ForeignSnapshotException">There is no stream behind it that is read here.</exception>
    internal static long StreamAt(ReadOnlySpan<byte> head, string file)
    {
        if (head.Length < HeaderBytes)
            throw new ForeignSnapshotException(file, head.Length, "the end of the file", $"libvirt's header, {HeaderBytes} bytes");
        if (head[..MagicBytes].SequenceEqual(Partial))
            throw new ForeignSnapshotException(file, 0, "LibvirtQemudPart: the save did not end", "LibvirtQemudSave");
        // Written in the order of the host; the version is small, so it says which that is.
        bool little = BinaryPrimitives.ReadUInt32LittleEndian(head[MagicBytes..]) < ushort.MaxValue;
        uint length = Word(head[LengthAt..], little), compression = Word(head[CompressionAt..], little);
        if (length > MostXml)
            throw new ForeignSnapshotException(file, LengthAt, $"a length of {length} bytes", $"at most {MostXml}");
        return compression is Raw or Gzip ? HeaderBytes + (long)length
            : throw new ForeignSnapshotException(file, CompressionAt, $"compression {compression}", "raw or gzip (save_image_format in libvirt's qemu.conf)");
    }

    private static uint Word(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}
