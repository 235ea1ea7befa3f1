namespace Wirq.Traces.Qemu.Gzip;

/// <summary>A gzip file cannot be decompressed further.</summary>
internal sealed class GzipDamage(long offset, string found, string expected)
    : Exception($"compressed byte {offset}: {found}")
{
    internal string Expected { get; } = expected;
}
