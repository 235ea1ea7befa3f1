using Wirq.Board.Devices;
using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>Types into a guest's serial port: the bytes of a stream, as the guest makes room; or its lines, each after the guest
/// has shown a prompt.</summary>
/// <param name="input">The bytes.</param>
/// <param name="prompt">What the guest writes before it reads a line; empty if lines wait for nothing.</param>
internal sealed class ConsoleInput(Stream input, string prompt = "")
{
    private const int PartBytes = 256;
    private const byte EndOfLine = (byte)'\n';
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    private readonly TextSearch? _prompt = prompt.Length > 0 ? new TextSearch(prompt) : null;
    // The guest's console calls under the port's lock, and sending takes that lock. So what the console takes is a lock of its own.
    private readonly object _seen = new();
    private readonly Lock _sending = new();
    private bool _prompted, _stopped;

    /// <summary>Why it ended before the stream's end; null if it did not.</summary>
    internal string? Failure { get; private set; }

    /// <summary>The guest wrote a byte.</summary>
    internal void Saw(byte value)
    {
        if (_prompt?.Take(value) != true)
            return;
        lock (_seen)
        {
            _prompted = true;
            Monitor.PulseAll(_seen);
        }
    }

    /// <summary>Starts to type.</summary>
    /// <param name="serial">The port. Call <see cref="Stop"/> before its machine is disposed of.</param>
    internal void Start(Serial serial)
    {
        // A read of a terminal may never return, so nobody waits for the thread.
        var thread = new Thread(() => Type(serial)) { IsBackground = true, Name = "console input" };
        HostThread.Start(thread.Start, thread.Name);
    }

    /// <summary>Types no more. When it returns, the port is not touched again.</summary>
    internal void Stop()
    {
        lock (_sending)
            Volatile.Write(ref _stopped, true);
        lock (_seen)
            Monitor.PulseAll(_seen);
    }

    private void Type(Serial serial)
    {
        byte[] part = new byte[PartBytes];
        bool begins = true;
        try
        {
            for (int count; (count = input.Read(part)) > 0;)
            {
                for (ReadOnlySpan<byte> rest = part.AsSpan(0, count); !rest.IsEmpty;)
                {
                    int end = _prompt is null ? -1 : rest.IndexOf(EndOfLine);
                    ReadOnlySpan<byte> next = end < 0 ? rest : rest[..(end + 1)];
                    if (begins && _prompt is not null)
                        AwaitPrompt();
                    if (!Send(serial, next))
                        return;
                    begins = end >= 0;
                    rest = rest[next.Length..];
                }
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            Failure = unreadable.Message;
        }
    }

    private void AwaitPrompt()
    {
        lock (_seen)
        {
            while (!_prompted && !Volatile.Read(ref _stopped))
                Monitor.Wait(_seen);
            _prompted = false;
        }
    }

    /// <returns>False if it is stopped.</returns>
    private bool Send(Serial serial, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            lock (_sending)
            {
                if (_stopped)
                    return false;
                int room = Math.Min(serial.Room, bytes.Length);
                serial.Receive(bytes[..room]);
                bytes = bytes[room..];
            }
            if (bytes.IsEmpty)
                return true;
            // The port does not tell that the guest has read.
            Thread.Sleep(s_pause);
        }
    }
}
