using System.Runtime.Versioning;
using Wirq.Linux.Files;

namespace Wirq.Cli.Outputs;

/// <summary>A descriptor as a stream.</summary>
/// <param name="writer">Writes to it; disposed of together with the stream.</param>
[SupportedOSPlatform("linux")]
internal sealed class DescriptorStream(DescriptorWriter writer) : OutputStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => writer.Write(buffer);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            writer.Dispose();
        base.Dispose(disposing);
    }
}
