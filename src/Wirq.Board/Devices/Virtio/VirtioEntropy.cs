using System.Security.Cryptography;

namespace Wirq.Board.Devices.Virtio;

/// <summary>A source of random bytes.</summary>
/// <remarks>virtio 1.2, 5.4. A request gets at most 4096 bytes, which the device may do.</remarks>
internal sealed class VirtioEntropy : IVirtioDevice
{
    private const int MostBytes = 4096;

    private readonly byte[] _bytes = new byte[MostBytes];

    /// <inheritdoc/>
    public ushort Type => 4;

    /// <inheritdoc/>
    public uint ClassCode => 0xFF00_0000;

    /// <inheritdoc/>
    public ulong Features => 0;

    /// <inheritdoc/>
    public byte ReadConfiguration(int offset) => 0;

    /// <inheritdoc/>
    public uint Serve(VirtioBuffers buffers)
    {
        Span<byte> bytes = _bytes.AsSpan(0, (int)Math.Min(buffers.Writable, MostBytes));
        RandomNumberGenerator.Fill(bytes);
        buffers.TryWrite(bytes);
        return (uint)bytes.Length;
    }
}
