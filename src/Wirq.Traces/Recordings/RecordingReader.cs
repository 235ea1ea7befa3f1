using System.Globalization;
using System.Text;
using Wirq.Events;

namespace Wirq.Traces.Recordings;

/// <summary>Reads a recording. The file is not trusted.</summary>
public sealed class RecordingReader : IDisposable
{
    private readonly BufferedStream _stream;
    private readonly string _file;
    private readonly EventLimits _limits;
    private readonly bool _isFirstVersion, _hasNames;
    private long _offset;
    private long _time;
    private ulong _count;
    private bool _ended;

    /// <summary>Opens a recording and reads its header.</summary>
    /// <param name="stream">The recording; disposed of together with the reader.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="RecordingException">It is not a recording, or has an unknown version, or its machine cannot be
    /// built.</exception>
    public RecordingReader(Stream stream, string file)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = new BufferedStream(stream, 1 << 16);
        _file = file;
        foreach (byte magic in RecordingFormat.Magic)
        {
            if (_stream.ReadByte() != magic)
                throw Bad("no recording", "a file that begins with WIRQREC");
            _offset++;
        }
        byte version = Byte("the version of the format");
        if (version is < RecordingFormat.FirstVersion or > RecordingFormat.Version)
            throw Bad($"version {version}", $"version {RecordingFormat.FirstVersion} to {RecordingFormat.Version}");
        (_isFirstVersion, _hasNames) = (version == RecordingFormat.FirstVersion, version == RecordingFormat.Version);
        Header = ReadHeader();
        _limits = new EventLimits(Header.Machine);
    }

    /// <summary>The header of the recording.</summary>
    public RecordingHeader Header { get; }

    /// <summary>Receives the names of sources, where they stand between the events: slot and name. A name comes from a
    /// file, but has no control characters.</summary>
    internal Action<int, string>? Named { get; set; }

    /// <summary>Reads the next event. Everything that it refers to (a CPU, a pin, a source, …) exists in the machine of
    /// the header.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="RecordingException">The recording is damaged, or cut off
    /// (<see cref="RecordingException.IsCutOff"/>), or an event refers to something that the machine does not
    /// have.</exception>
    public bool TryRead(out Event happened)
    {
        happened = default;
        if (_ended)
            return false;
        long start = _offset;
        byte fields = Byte("an event or the end of the recording");
        while (fields == RecordingFormat.NameMark && _hasNames)
        {
            ReadName(start);
            start = _offset;
            fields = Byte("an event or the end of the recording");
        }
        if ((fields & ~RecordingFormat.AllFields) != 0)
            throw Bad($"fields 0x{fields:x2}", "the fields of an event, 0x00 to 0x1f");
        ulong number = _isFirstVersion ? Byte("the kind of an event") : Number("the kind of an event");
        if (number == (ulong)EventKind.None)
        {
            ulong count = Number("the number of events");
            if (count != _count)
                throw Bad($"an end that counts {count} events after {_count}", "the number of events that came");
            _ended = true;
            return false;
        }
        EventKind kind = KindOf(number);
        if (kind == EventKind.None)
            throw Bad($"event kind {number}", "a kind that this version knows");
        ulong since = Field(fields, RecordingFormat.TimeField, long.MaxValue - (ulong)_time, "a time");
        ulong unit = Field(fields, RecordingFormat.UnitField, ushort.MaxValue, "a unit");
        ulong index = Field(fields, RecordingFormat.IndexField, uint.MaxValue, "an index");
        ulong a = Field(fields, RecordingFormat.AField, ulong.MaxValue, "a datum");
        ulong b = Field(fields, RecordingFormat.BField, ulong.MaxValue, "a datum");
        _time += (long)since;
        _count++;
        happened = new Event(kind, (ushort)unit, (uint)index, a, b) { Time = _time };
        if (_isFirstVersion)
            happened = FirstVersion.Translate(happened);
        if (_limits.Outside(happened) is { } outside)
            throw new RecordingException(_file, start, $"{kind} of {outside.Found}", outside.Expected);
        return true;
    }

    private void ReadName(long start)
    {
        ulong slot = Number("the slot of a source");
        if (slot > ushort.MaxValue || _limits.Outside(new Event(EventKind.SourceConnected, (ushort)slot)) is not null)
            throw new RecordingException(_file, start, $"the name of source {slot}", "a source that the machine can have");
        ulong length = Number("the length of a name");
        if (length > RecordingFormat.LongestName)
            throw Bad($"a name of {length} bytes", $"at most {RecordingFormat.LongestName}");
        Span<byte> text = stackalloc byte[(int)length];
        foreach (ref byte one in text)
            one = Byte("a name");
        string name = Encoding.UTF8.GetString(text);
        Named?.Invoke((int)slot, string.Concat(name.Select(one => char.IsControl(one) || char.GetUnicodeCategory(one) == UnicodeCategory.Format ? '?' : one)));
    }

    /// <summary>Closes the stream.</summary>
    public void Dispose() => _stream.Dispose();

    /// <summary>The kind with a number; none if it is unknown.</summary>
    private EventKind KindOf(ulong number)
    {
        if (_isFirstVersion)
            return FirstVersion.KindOf((byte)number);
        var kind = (EventKind)number;
        return number <= ushort.MaxValue && EventKinds.IsKnown(kind) ? kind : EventKind.None;
    }

    private RecordingHeader ReadHeader()
    {
        ulong length = Number("the length of the header");
        if (length > RecordingFormat.MaxHeader)
            throw Bad($"a header of {length} bytes", $"at most {RecordingFormat.MaxHeader}");
        long start = _offset;
        var json = new byte[length];
        int read = _stream.ReadAtLeast(json, json.Length, throwOnEndOfStream: false);
        _offset += read;
        if (read < json.Length)
            throw new RecordingException(_file, _offset, "the recording is incomplete: it ends here", "the header") { IsCutOff = true };
        return new HeaderReader(_file, start, json).Read();
    }

    private ulong Field(byte fields, byte which, ulong highest, string what)
    {
        if ((fields & which) == 0)
            return 0;
        ulong value = Number(what);
        return value <= highest ? value : throw Bad($"{value}", $"{what} up to {highest}");
    }

    private ulong Number(string what)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = Byte(what);
            if (shift == 63 && next > 1)
                throw Bad("a number of more than 64 bits", what);
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
    }

    private byte Byte(string expected)
    {
        int next = _stream.ReadByte();
        if (next < 0)
            throw new RecordingException(_file, _offset, "the recording is incomplete: it ends here", expected) { IsCutOff = true };
        _offset++;
        return (byte)next;
    }

    private RecordingException Bad(string found, string expected) => new(_file, _offset, found, expected);
}
