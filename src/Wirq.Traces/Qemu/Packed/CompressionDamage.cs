namespace Wirq.Traces.Qemu.Packed;

/// <summary>A compressed file cannot be decompressed further.</summary>
internal sealed class CompressionDamage(string found, string expected) : Exception(found)
{
    internal string Expected { get; } = expected;
}
