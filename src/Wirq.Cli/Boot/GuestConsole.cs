using System.Buffers;
using System.Runtime.Versioning;
using System.Text;
using Wirq.Cli.Outputs;

namespace Wirq.Cli.Boot;

/// <summary>The console output of a guest: it is written to an output, or kept.</summary>
/// <param name="output">The output; null to keep the text.</param>
[SupportedOSPlatform("linux")]
internal sealed class GuestConsole(OutputPump? output)
{
    // The buffer for a console that is not read while the guest runs.
    private const int MostKept = 1 << 22;
    private const byte EndOfLine = (byte)'\n';

    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _kept = new();
    private volatile bool _inLine;

    /// <summary>Whether there was more output than is kept.</summary>
    internal bool IsCut { get; private set; }

    /// <summary>The kept text.</summary>
    internal string Text
    {
        get
        {
            lock (_lock)
                return Encoding.UTF8.GetString(_kept.WrittenSpan);
        }
    }

    /// <summary>Whether its last line has no end, on a terminal to which Wirq's messages are written too.</summary>
    internal bool EndsInLine => output is { Failure: null } && _inLine && !Console.IsOutputRedirected;

    /// <summary>Writes a byte. If the reader does not read, this waits.</summary>
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
