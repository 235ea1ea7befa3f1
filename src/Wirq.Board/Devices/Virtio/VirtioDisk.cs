using System.Buffers.Binary;

namespace Wirq.Board.Devices.Virtio;

/// <summary>A disk in memory.</summary>
/// <remarks><code>
/// request: +0 type: 0 read, 1 write, 4 flush, 8 name   +8 sector   +16 data   last byte: 0 done, 1 failed, 2 unknown type
/// configuration: +0 sectors of 512 bytes   +12 the most buffers of data
/// </code>virtio 1.2, 5.2. What the guest writes stays in memory: the file that the disk came from does not change.</remarks>
internal sealed class VirtioDisk : IVirtioDevice
{
    /// <summary>Bytes of a sector; the disk has whole ones.</summary>
    internal const int Sector = 512;

    private const int HeaderBytes = 16, NameBytes = 20, ConfigurationBytes = 16, MostBuffersAt = 12;
    private const uint Read = 0, Write = 1, Flush = 4, Name = 8;
    private const byte Done = 0, Failed = 1, Unknown = 2;
    private const ulong MostBuffersFeature = 1 << 2, FlushFeature = 1 << 9;

    private readonly byte[] _bytes;
    private readonly byte[] _configuration = new byte[ConfigurationBytes];

    /// <summary>Makes a disk.</summary>
    /// <param name="content">Its content; the last sector is filled up with zeros.</param>
    internal VirtioDisk(ReadOnlySpan<byte> content)
    {
        _bytes = new byte[(content.Length + Sector - 1) / Sector * Sector];
        content.CopyTo(_bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(_configuration, (ulong)(_bytes.Length / Sector));
        BinaryPrimitives.WriteUInt32LittleEndian(_configuration.AsSpan(MostBuffersAt), VirtioBuffers.Most - 2);
    }

    /// <summary>Its content.</summary>
    internal ReadOnlySpan<byte> Content => _bytes;

    /// <inheritdoc/>
    public ushort Type => 2;

    /// <inheritdoc/>
    public uint ClassCode => 0x0100_0000;

    /// <inheritdoc/>
    public ulong Features => MostBuffersFeature | FlushFeature;

    /// <inheritdoc/>
    public byte ReadConfiguration(int offset) => offset < ConfigurationBytes ? _configuration[offset] : (byte)0;

    /// <inheritdoc/>
    public uint Serve(VirtioBuffers buffers)
    {
        uint room = buffers.Writable;
        // Without a byte for the answer, there is none.
        if (room == 0)
            return 0;
        Span<byte> header = stackalloc byte[HeaderBytes];
        byte answer = !buffers.TryRead(header) ? Failed : BinaryPrimitives.ReadUInt32LittleEndian(header) switch
        {
            Read => Within(header, room - 1) is { Length: > 0 } part && buffers.TryWrite(part) ? Done : Failed,
            Write => Within(header, buffers.Readable) is { Length: > 0 } part && buffers.TryRead(part) ? Done : Failed,
            Flush => Done,
            Name => WriteName(buffers, room - 1),
            _ => Unknown,
        };
        buffers.SkipWritable(buffers.Writable - 1);
        buffers.TryWrite([answer]);
        return answer == Done ? room : 1;
    }

    /// <summary>The bytes that a request is for; empty if the disk does not have all of them, or not whole sectors.</summary>
    private Span<byte> Within(ReadOnlySpan<byte> header, uint bytes)
    {
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), sectors = (ulong)(_bytes.Length / Sector);
        return bytes % Sector == 0 && sector < sectors && bytes / Sector <= sectors - sector
            ? _bytes.AsSpan((int)(sector * Sector), (int)bytes)
            : [];
    }

    private static byte WriteName(VirtioBuffers buffers, uint room)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        name.Clear();
        "wirq"u8.CopyTo(name);
        return room >= NameBytes && buffers.TryWrite(name) ? Done : Failed;
    }
}
