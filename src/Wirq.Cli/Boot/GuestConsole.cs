using System.Text;

namespace Wirq.Cli.Boot;

/// <summary>What a guest writes to its console: on its way out line by line, or kept.</summary>
internal sealed class GuestConsole(Stream? output) : IDisposable
{
    // What is kept of a console that nobody reads while it runs.
    private const int MostKept = 1 << 22;
    // The longest piece of a line that is held back: a guest need not end its lines.
    private const int LongestPiece = 4096;
    private const byte EndOfLine = (byte)'\n';

    private readonly Lock _lock = new();
    private readonly MemoryStream _bytes = new();
    private bool _closed;

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
            if (output is null && _bytes.Length >= MostKept)
                return;
            _bytes.WriteByte(value);
            if (output is not null && (value == EndOfLine || _bytes.Length >= LongestPiece))
                WriteOut();
        }
    }

    /// <summary>Writes out what is left.</summary>
    /// <returns>False where that was the beginning of a line, on a terminal that Wirq's words come to as well.</returns>
    internal bool Finish()
    {
        lock (_lock)
        {
            bool inLine = output is not null && _bytes.Length > 0;
            if (inLine)
                WriteOut();
            return !inLine || Console.IsOutputRedirected;
        }
    }

    public void Dispose()
    {
        Finish();
        output?.Dispose();
    }

    private void WriteOut()
    {
        try
        {
            if (!_closed)
            {
                output!.Write(_bytes.GetBuffer(), 0, (int)_bytes.Length);
                output.Flush();
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
