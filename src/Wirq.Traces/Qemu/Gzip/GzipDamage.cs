namespace Wirq.Traces.Qemu.Gzip;

/// <summary>A gzip file cannot be decompressed further.</summary>
internal sealed class GzipDamage(string found, string expected) : Exception(found)
{
    internal string Expected { get; } = expected;
}
