using System.Buffers;
using System.Runtime.Versioning;
using System.Text;
using Wirq.Cli.Outputs;

namespace Wirq.Cli.Boot;

/// <summary>What a guest writes to its console: on its way out, or kept.</summary>
/// <param name="output">Where it goes; null to keep it.</param>
[SupportedOSPlatform("linux")]
internal sealed class GuestConsole(OutputPump? output)
{
    // The buffer for a console that is not read while the guest runs.
    private const int MostKept = 1 << 22;
    private const byte EndOfLine = (byte)'\n';

    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _kept = new();
    private volatile bool _inLine;

    /// <summary>Whether more came than is kept.</summary>
    internal bool IsCut { get; private set; }

    /// <summary>What was kept.</summary>
    internal string Text
    {
        get
        {
            lock (_lock)
                return Encoding.UTF8.GetString(_kept.WrittenSpan);
        }
    }

    /// <summary>Whether its last line has no end, on a terminal that Wirq's words come to as well.</summary>
    internal bool EndsInLine => output is { Failure: null } && _inLine && !Console.IsOutputRedirected;

    /// <summary>A byte comes. If the reader does not read, this waits.</summary>
    internal void Write(byte value)
    {
        _inLine = value != EndOfLine;
        if (output is not null)
        {
            output.WriteOrWait(value);
            return;
        }
        lock (_lock)
        {
            if (_kept.WrittenCount < MostKept)
                _kept.Write([value]);
            else
                IsCut = true;
        }
    }
}
