using Wirq.Traces.Qemu;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm;

/// <summary>Reads the text of <c>trace</c>, <c>trace_pipe</c>, <c>trace-cmd report</c> and <c>perf script</c>, also as people paste it:
/// without prefixes, quoted, wrapped, as quoted-printable.</summary>
/// <remarks>The rest of a wrapped record is in the next line. So a record is returned once the next line has begun.</remarks>
internal sealed class KvmTextReader : IKvmRecords
{
    /// <summary>The longest record is a kvm_exit of about 300 characters; what is wrapped beyond this is no record.</summary>
    private const int LongestRecord = 2048;

    /// <summary>What writes these texts merges the CPUs' buffers by their times, and the clocks of two CPUs differ by microseconds: nanoseconds.</summary>
    private const long Backwards = 1_000_000;

    private readonly LineSource _lines;
    private readonly byte[] _held = new byte[LongestRecord];
    private readonly KvmRecord _record = new(), _loss = new(), _back = new();
    private readonly LineLeads _leads = new();
    private int _heldLength;
    private long _heldLine, _tooLong, _latest = KvmRecord.Untold;
    private Hold _hold;
    private bool _lossHeld, _laterHeld, _ended;
    /// <summary>Where the event's name is in what is held; the end is 0 where it is not there yet.</summary>
    private EventMark _mark;

    private enum Hold : byte
    {
        Nothing,
        /// <summary>A record, which may go on in the next line.</summary>
        Record,
        /// <summary>A prefix, whose event must be in the next line.</summary>
        Prefix,
        /// <summary>The record goes on in the next line without a space: quoted-printable.</summary>
        Soft,
    }

    internal KvmTextReader(Stream stream, string file) => _lines = new LineSource(stream, file);

    /// <inheritdoc/>
    public KvmRecord Record { get; private set; } = new();

    /// <inheritdoc/>
    public KvmCounts Counts { get; } = new();

    /// <summary>Counts the lines of other forms; null where they do not matter.</summary>
    internal LeftOut? Others { get; init; }

    /// <inheritdoc/>
    public bool IsText => true;

    /// <inheritdoc/>
    public (long Done, long All) Progress => (_lines.BytesTaken, _lines.BytesAll);

    /// <inheritdoc/>
    public void Dispose() => _lines.Dispose();

    /// <inheritdoc/>
    public bool TryRead()
    {
        if (_laterHeld)
        {
            _laterHeld = false;
            Record = _record;
            return true;
        }
        if (_lossHeld)
        {
            _lossHeld = false;
            Record = _loss;
            return true;
        }
        while (!_ended)
        {
            if (!_lines.TryRead(out ReadOnlySpan<byte> line))
            {
                _ended = true;
                return Release(atEnd: true);
            }
            if (_lines.TooLong != _tooLong ? LoseLine() : Take(Unquote(line)))
                return true;
        }
        return false;
    }

    /// <summary>Takes a line; true where a record is complete.</summary>
    private bool Take(ReadOnlySpan<byte> line)
    {
        if (_hold == Hold.Soft && !Begins(line))
        {
            Append(line, space: false);
            return false;
        }
        if (EventMark.TryFind(line, out EventMark mark))
        {
            if (_hold == Hold.Prefix && mark.Start == 0)
            {
                Append(line, space: true);
                return false;
            }
            bool released = Release(atEnd: false);
            Keep(line, Hold.Record, mark);
            return released;
        }
        if (line.IsEmpty)
            return false;
        if (LossMark.HostCpus(line) is > 0 and int cpus)
            Counts.HostCpus = cpus;
        return LossMark.TryRead(line, _loss) ? Lose() : Other(line);
    }

    /// <summary>Gives out the record that was held, and a loss behind it.</summary>
    private bool Lose()
    {
        _loss.Place = _lines.Lines;
        _lossHeld = true;
        if (Release(atEnd: false))
            return true;
        _lossHeld = false;
        Record = _loss;
        return true;
    }

    /// <summary>A line that is too long was skipped, whatever stood in it.</summary>
    private bool LoseLine()
    {
        _tooLong = _lines.TooLong;
        _loss.Clear();
        (_loss.Event, _loss.Loss) = (KvmEvent.Lost, KvmLoss.CutOut);
        return Lose();
    }

    /// <summary>Whether a line behind an equals sign is a record or a loss of its own: the sign may be the last one of a cut record.</summary>
    private bool Begins(ReadOnlySpan<byte> line) => _mark.End > 0
        && (EventMark.TryFind(line, out EventMark mark) && mark.Start > 0 || LossMark.TryRead(line, _loss));

    private bool Other(ReadOnlySpan<byte> line)
    {
        if (_hold == Hold.Record && line[0] != '#' && GoesOn(line))
        {
            Append(line, space: true);
            return false;
        }
        // A prefix that was wrapped twice.
        if (_hold == Hold.Prefix && LinePrefix.IsAlone(line))
        {
            Append(line, space: true);
            return false;
        }
        bool released = Release(atEnd: false);
        if (line[^1] is (byte)':' or (byte)']' or (byte)'.' or (byte)'=' && LinePrefix.IsAlone(line))
            Keep(line, Hold.Prefix, default);
        else
            Others?.Take(line, _lines.Lines);
        return released;
    }

    /// <summary>Whether a line that begins no record is the rest of the one before.</summary>
    private bool GoesOn(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line.TrimStart((byte)' ');
        if (text.StartsWith("(coalesced)"u8) || text.StartsWith("[reinjected]"u8) || text.StartsWith("intr_info"u8) || text.StartsWith("rip"u8)
            || text.StartsWith("info"u8) || text.StartsWith("error_code"u8))
            return true;
        return _mark.End > 0 && Parse(_record, out _) == TextState.Cut;
    }

    private void Keep(ReadOnlySpan<byte> line, Hold hold, EventMark mark)
    {
        _heldLength = 0;
        _mark = mark;
        _heldLine = _lines.Lines;
        _hold = hold;
        Append(line, space: false);
    }

    private void Append(ReadOnlySpan<byte> line, bool space)
    {
        if (space && _heldLength < _held.Length)
            _held[_heldLength++] = (byte)' ';
        // A soft end of quoted-printable is at column 76; where a mail was wrapped at an equals sign, the scanner does without it.
        bool soft = line is [.., (byte)'='];
        if (soft)
            line = line[..^1];
        ReadOnlySpan<byte> fits = line[..Math.Min(line.Length, _held.Length - _heldLength)];
        fits.CopyTo(_held.AsSpan(_heldLength));
        _heldLength += fits.Length;
        if (_mark.End == 0 || _mark.End >= _heldLength)
            EventMark.TryFind(_held.AsSpan(0, _heldLength), out _mark);
        _hold = soft ? Hold.Soft : _hold == Hold.Prefix && _mark.End == 0 ? Hold.Prefix : Hold.Record;
    }

    /// <summary>Gives out the record that was held.</summary>
    private bool Release(bool atEnd)
    {
        Hold held = _hold;
        _hold = Hold.Nothing;
        if (held is Hold.Nothing or Hold.Prefix || _mark.End == 0)
            return false;
        TextState state = Parse(_record, out EventName name);
        Counts.Add(name);
        Record = _record;
        // A number at the end of a file without a last line feed may have lost digits.
        if (atEnd && !_lines.EndsWithFeed && _record.Event != KvmEvent.Other && _held[_heldLength - 1] is not ((byte)')' or (byte)']' or (byte)'\n'))
            state = TextState.Cut;
        if (state == TextState.Whole)
        {
            Sort();
            return true;
        }
        Counts.Damaged++;
        // Prose that names an event, in a log whose records have times.
        if (state == TextState.Bad && _latest >= 0 && _record.Time < 0)
            return false;
        _record.Clear();
        _record.Event = KvmEvent.Lost;
        _record.Place = _heldLine;
        _record.Loss = KvmLoss.CutEnd;
        return true;
    }

    /// <summary>Where the times go back, what stands before is not what happened before: that comes first, and the record behind it.</summary>
    private void Sort()
    {
        if (_record.Time < 0)
            return;
        if (_latest - _record.Time > Backwards)
        {
            _back.Clear();
            (_back.Event, _back.Loss, _back.Place) = (KvmEvent.Lost, KvmLoss.WentBack, _record.Place);
            Record = _back;
            _laterHeld = true;
        }
        _latest = _laterHeld ? _record.Time : Math.Max(_latest, _record.Time);
    }

    private TextState Parse(KvmRecord record, out EventName name)
    {
        ReadOnlySpan<byte> text = _held.AsSpan(0, _heldLength);
        name = Counts.Of(text[_mark.Name.._mark.End]);
        record.Clear();
        record.Place = _heldLine;
        record.Event = name.Event;
        LinePrefix.Read(text[.._mark.Start], record, _leads);
        return EventText.Read(text[(_mark.End + 1)..], record);
    }

    /// <summary>Takes the marks of a quoted mail off.</summary>
    private static ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> line)
    {
        int start = 0, end = line.Length;
        for (int at = 0; at < end && line[at] is (byte)' ' or (byte)'>'; at++)
            start = line[at] == '>' ? at + 1 : start;
        while (end > start && line[end - 1] is (byte)' ' or (byte)'\t' or (byte)'\r' or 0)
            end--;
        return line[start..end];
    }
}
