using System.IO.Compression;

namespace Wirq.Traces.Qemu;

/// <summary>The text of a log, decompressed where it is compressed.</summary>
internal static class LogText
{
    private static ReadOnlySpan<byte> GzipMagic => [0x1F, 0x8B];

    internal static Stream Open(Stream stream)
    {
        var buffered = new BufferedStream(stream, 1 << 16);
        int a = buffered.ReadByte(), b = buffered.ReadByte();
        buffered.Position = 0;
        return a == GzipMagic[0] && b == GzipMagic[1] ? new GZipStream(buffered, CompressionMode.Decompress) : buffered;
    }
}
