using System.Diagnostics;
using System.Runtime.Versioning;
using Wirq.Linux;
using Wirq.Linux.Files;

namespace Wirq.Cli.Outputs;

/// <summary>Writes to an output on its own thread, so that a reader that does not read blocks no other code. A guest
/// waits for room until it is released. Wirq's own messages get additional room.</summary>
/// <remarks>All members may be called from any thread. A failure of the output is kept in <see cref="Failure"/>; later
/// data is dropped.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class OutputPump : OutputStream
{
    // The number of bytes that may wait for the reader before a guest has to wait.
    private const int Room = 1 << 16;
    // The longest part of a line that is held back, because a guest need not end its lines. Also the size of a write.
    private const int LongestPiece = 4096;
    private const byte EndOfLine = (byte)'\n';
    // A prompt is a line without an end, so it must not wait long.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(50);
    // A reader that reads nothing for this time counts as not reading.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Stream _output;
    private readonly object _lock = new();
    private byte[] _waiting = new byte[Room], _leaving = [];
    // Bytes that wait, bytes that are being written, and bytes that are lost.
    private long _count, _onTheirWay, _lost;
    private bool _hasLine, _letGo, _flushing, _ended, _readerGone;
    private string? _failure;

    /// <summary>Takes an output over.</summary>
    /// <param name="output">The output.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="Routing.KernelException">The host has no thread left.</exception>
    internal OutputPump(Stream output, string name)
    {
        _output = output;
        Name = name;
        HostThread.Start(new Thread(Live) { IsBackground = true, Name = $"wirq {name}" }.Start, name);
    }

    /// <summary>The output's name.</summary>
    internal string Name { get; }

    /// <summary>Why it cannot be written; null if it can.</summary>
    internal string? Failure
    {
        get
        {
            lock (_lock)
                return _failure;
        }
    }

    /// <summary>The number of bytes that are not written.</summary>
    internal long Unwritten
    {
        get
        {
            lock (_lock)
                return _count + _onTheirWay + _lost;
        }
    }

    /// <summary>Writes output of a guest. It waits while there is no room, until the guest is released. After that,
    /// data without room is lost.</summary>
    internal void WriteOrWait(byte value)
    {
        lock (_lock)
        {
            while (_count >= Room && !_letGo && _failure is null)
                Monitor.Wait(_lock);
            if (_count >= Room)
                _lost++;
            else
                Add([value]);
        }
    }

    /// <summary>From now on no writer waits for a reader.</summary>
    internal void LetGo()
    {
        lock (_lock)
        {
            _letGo = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Writes, with additional room if needed.</summary>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        lock (_lock)
            Add(buffer);
    }

    /// <summary>Waits until all data is written.</summary>
    /// <param name="hurry">Whether there is no more time. Then it waits only while the reader reads.</param>
    /// <returns>Whether all data was written that somebody reads: what comes after a reader has closed the pipe, as head does, is not lost.</returns>
    internal bool Flush(Func<bool> hurry)
    {
        lock (_lock)
        {
            _flushing = true;
            Monitor.PulseAll(_lock);
            long since = Stopwatch.GetTimestamp(), before = _count + _onTheirWay;
            while (_failure is null && _count + _onTheirWay is > 0 and long left)
            {
                if (left != before || !hurry())
                    (before, since) = (left, Stopwatch.GetTimestamp());
                else if (Stopwatch.GetElapsedTime(since) >= s_patience)
                    break;
                Monitor.Wait(_lock, s_longestWait);
            }
            _flushing = false;
            return _readerGone || _count + _onTheirWay + _lost == 0;
        }
    }

    /// <summary>Ends the thread after its current write, without waiting for that.</summary>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            _ended = true;
            Monitor.PulseAll(_lock);
        }
        base.Dispose(disposing);
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        if (_failure is not null)
        {
            _lost += bytes.Length;
            return;
        }
        int count = (int)_count;
        if (_waiting.Length - count < bytes.Length)
            Array.Resize(ref _waiting, Math.Max(count + bytes.Length, 2 * _waiting.Length));
        bytes.CopyTo(_waiting.AsSpan(count));
        _count += bytes.Length;
        bool hadLine = _hasLine;
        _hasLine |= _count >= LongestPiece || bytes.Contains(EndOfLine);
        if (count == 0 || _hasLine != hadLine)
            Monitor.PulseAll(_lock);
    }

    private void Live()
    {
        try
        {
            while (Take() is { IsEmpty: false } bytes)
            {
                for (int at = 0; at < bytes.Length; at += LongestPiece)
                {
                    int length = Math.Min(LongestPiece, bytes.Length - at);
                    _output.Write(bytes.Span.Slice(at, length));
                    Written(length);
                }
                _output.Flush();
            }
        }
        // No caller above this frame can catch it.
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            lock (_lock)
            {
                _failure = refused.Message;
                _readerGone = refused.HResult == DescriptorWriter.ReaderGone;
                (_lost, _count, _onTheirWay) = (_lost + _count + _onTheirWay, 0, 0);
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>Waits for data to write: a line, or a part of a line that has waited for its end.</summary>
    /// <returns>Empty at the end.</returns>
    private ReadOnlyMemory<byte> Take()
    {
        lock (_lock)
        {
            long since = 0;
            while (!_ended && !_hasLine && !(_flushing && _count > 0))
            {
                if (_count == 0)
                    Monitor.Wait(_lock);
                else if (since == 0)
                    since = Stopwatch.GetTimestamp();
                else if (s_longestWait - Stopwatch.GetElapsedTime(since) is { Ticks: > 0 } left)
                    Monitor.Wait(_lock, left);
                else
                    break;
            }
            if (_ended)
                return default;
            (_waiting, _leaving) = (_leaving.Length >= Room ? _leaving : new byte[Room], _waiting);
            (_count, _onTheirWay, _hasLine) = (0, _count, false);
            Monitor.PulseAll(_lock);
            return _leaving.AsMemory(0, (int)_onTheirWay);
        }
    }

    private void Written(int count)
    {
        lock (_lock)
        {
            _onTheirWay -= count;
            Monitor.PulseAll(_lock);
        }
    }
}
