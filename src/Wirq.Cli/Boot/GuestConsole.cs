using System.Text;

namespace Wirq.Cli.Boot;

/// <summary>What a guest writes to its console: on its way out line by line, or kept.</summary>
internal sealed class GuestConsole(Stream? output) : IDisposable
{
    // What is kept of a console that nobody reads while it runs.
    private const int MostKept = 1 << 22;
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
            if (output is not null && value == EndOfLine)
                WriteOut();
        }
    }

    internal void Flush()
    {
        lock (_lock)
        {
            if (output is not null)
                WriteOut();
        }
    }

    public void Dispose()
    {
        Flush();
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
