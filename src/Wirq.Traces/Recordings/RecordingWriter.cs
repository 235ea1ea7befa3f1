using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Wirq.Events;

namespace Wirq.Traces.Recordings;

/// <summary>Writes a stream of events to a file, a few bytes each.</summary>
/// <remarks>Not thread-safe. Call <see cref="Complete"/> before it is disposed of: a recording without an end counts as
/// cut off.</remarks>
public sealed class RecordingWriter : IDisposable
{
    private const int FlushAt = 1 << 16, LongestEvent = 1 + 3 + 5 * 10;

    private readonly Stream _stream;
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushAt + LongestEvent);
    private long _time;
    private ulong _count;
    private bool _ended, _disposed, _observed;

    /// <summary>Starts a recording. Its header is written at once, so that the recording of a killed run has
    /// one.</summary>
    /// <param name="stream">The recording; disposed of together with the writer.</param>
    /// <param name="header">Its header.</param>
    public RecordingWriter(Stream stream, RecordingHeader header)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        ArgumentNullException.ThrowIfNull(header);
        header = header with { Remappers = RemapperFacts.Of(header.Machine) };
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header, RecordingJson.Default.RecordingHeader);
        _buffer.Write(RecordingFormat.Magic);
        Put(RecordingFormat.Version);
        PutNumber((ulong)json.Length);
        _buffer.Write(json);
        Flush();
    }

    /// <summary>Appends an event. Times must not decrease.</summary>
    /// <exception cref="InvalidOperationException">The recording is complete, or the machine does not make
    /// observations. Then its effects come without their causes, and no conclusion can be drawn from the
    /// recording.</exception>
    public void Write(in Event happened)
    {
        if (_ended)
            throw new InvalidOperationException("the recording is complete; nothing can follow");
        ArgumentOutOfRangeException.ThrowIfLessThan(happened.Time, _time);
        _observed |= !happened.IsEffect;
        // An EOI of a local APIC in a kernel is an input of this kind. All other effects follow from an observed event.
        if (!_observed && happened.Kind != EventKind.EoiBroadcast)
        {
            throw new InvalidOperationException($"a recording that begins with an effect ({happened.Kind}) tells nothing: set "
                + $"{nameof(EventBuffer)}.{nameof(EventBuffer.Observing)} before the machine's first input");
        }
        long since = happened.Time - _time;
        _time = happened.Time;
        byte fields = (byte)((since != 0 ? RecordingFormat.TimeField : 0) | (happened.Unit != 0 ? RecordingFormat.UnitField : 0)
            | (happened.Index != 0 ? RecordingFormat.IndexField : 0) | (happened.A != 0 ? RecordingFormat.AField : 0)
            | (happened.B != 0 ? RecordingFormat.BField : 0));
        Put(fields);
        PutNumber((ulong)happened.Kind);
        PutField((ulong)since);
        PutField(happened.Unit);
        PutField(happened.Index);
        PutField(happened.A);
        PutField(happened.B);
        _count++;
        if (_buffer.WrittenCount >= FlushAt)
            Flush();
    }

    /// <summary>Names a source: the name holds for its slot from here on, until the source is removed.</summary>
    /// <param name="source">Slot of the source.</param>
    /// <param name="name">Its label. What is longer than 256 bytes in UTF-8 is cut.</param>
    /// <exception cref="InvalidOperationException">The recording is complete.</exception>
    public void Name(int source, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)source, ushort.MaxValue, nameof(source));
        if (_ended)
            throw new InvalidOperationException("the recording is complete; nothing can follow");
        if (name.Length == 0)
            return;
        Span<byte> text = stackalloc byte[RecordingFormat.LongestName];
        Utf8.FromUtf16(name, text, out _, out int length);
        Put(RecordingFormat.NameMark);
        PutNumber((ulong)source);
        PutNumber((ulong)length);
        _buffer.Write(text[..length]);
    }

    /// <summary>Writes the end, which marks the recording as complete.</summary>
    public void Complete()
    {
        if (_ended)
            return;
        _ended = true;
        Put(0);
        PutNumber((ulong)EventKind.None);
        PutNumber(_count);
        Flush();
    }

    /// <summary>Closes the stream. If <see cref="Complete"/> was not called, the events so far are kept, and a reader
    /// reports the recording as cut off.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Flush();
        _stream.Dispose();
    }

    private void Flush()
    {
        _stream.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }

    private void Put(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    private void PutField(ulong value)
    {
        if (value != 0)
            PutNumber(value);
    }

    private void PutNumber(ulong value)
    {
        const byte more = 0x80;
        for (; value >= more; value >>= 7)
            Put((byte)(value | more));
        Put((byte)value);
    }
}
