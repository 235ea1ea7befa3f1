using System.Text;

namespace Wirq.Cli.Boot;

/// <summary>What a guest writes to its console: on its way out, line by line where lines end soon, or kept.</summary>
internal sealed class GuestConsole : IDisposable
{
    // What is kept of a console that nobody reads while it runs.
    private const int MostKept = 1 << 22;
    // The longest piece of a line that is held back: a guest need not end its lines.
    private const int LongestPiece = 4096;
    private const byte EndOfLine = (byte)'\n';
    // A prompt is a line that does not end.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(50);

    private readonly Stream? _output;
    private readonly Timer? _timer;
    private readonly Lock _lock = new();
    private readonly MemoryStream _bytes = new();
    private bool _closed, _inLine;

    /// <summary>Takes an output over.</summary>
    /// <param name="output">Where it goes; null to keep it.</param>
    internal GuestConsole(Stream? output)
    {
        _output = output;
        _timer = output is null ? null : new Timer(_ => Flush(), null, s_longestWait, s_longestWait);
    }

    /// <summary>Whether more came than is kept.</summary>
    internal bool IsCut { get; private set; }

    /// <summary>What was kept.</summary>
    internal string Text
    {
        get
        {
            lock (_lock)
                return Encoding.UTF8.GetString(_bytes.GetBuffer(), 0, (int)_bytes.Length);
        }
    }

    internal void Write(byte value)
    {
        lock (_lock)
        {
            if (_output is null && _bytes.Length >= MostKept)
            {
                IsCut = true;
                return;
            }
            _bytes.WriteByte(value);
            _inLine = value != EndOfLine;
            if (_output is not null && (!_inLine || _bytes.Length >= LongestPiece))
                WriteOut();
        }
    }

    /// <summary>Writes out what is left.</summary>
    /// <returns>False where that was the beginning of a line, on a terminal that Wirq's words come to as well.</returns>
    internal bool Finish()
    {
        Flush();
        lock (_lock)
            return _output is null || !_inLine || Console.IsOutputRedirected;
    }

    public void Dispose()
    {
        if (_timer is not null)
        {
            using var over = new ManualResetEvent(false);
            if (_timer.Dispose(over))
                over.WaitOne();
        }
        Flush();
        _output?.Dispose();
    }

    private void Flush()
    {
        lock (_lock)
        {
            if (_output is not null && _bytes.Length > 0)
                WriteOut();
        }
    }

    private void WriteOut()
    {
        try
        {
            if (!_closed)
            {
                _output!.Write(_bytes.GetBuffer(), 0, (int)_bytes.Length);
                _output.Flush();
            }
        }
        // Whoever read it has gone; the guest need not know.
        catch (IOException)
        {
            _closed = true;
        }
        _bytes.SetLength(0);
    }
}
