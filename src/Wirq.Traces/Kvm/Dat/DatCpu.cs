using System.Buffers.Binary;

namespace Wirq.Traces.Kvm.Dat;

/// <summary>The records of one CPU: its ring buffer, page by page (Documentation/trace/ring-buffer-design, header_event).</summary>
internal sealed class DatCpu(DatSource source, DatFile file, DatPages pages, int order)
{
    private const int Padding = 29, TimeExtend = 30, TimeStamp = 31, LengthBits = 5, DeltaBits = 27;
    private const uint MissedEvents = 1u << 31, MissedStored = 1u << 30, LengthMask = MissedStored - 1;
    /// <summary>A time stamp of its own lacks the upper bits, which are those of the page.</summary>
    private const int StampBits = 59;

    private byte[] _page = [];
    private int _at, _end;
    private ulong _time;

    internal int Cpu => pages.Cpu;
    /// <summary>Its place among the CPUs of the file: of two records at one time, the first one's comes first.</summary>
    internal int Order => order;
    internal ulong Time => _time;
    /// <summary>The record's data.</summary>
    internal ReadOnlySpan<byte> Data => _page.AsSpan(_data, _dataLength);
    /// <summary>Records that are missing before the page of this record; -1 for an unknown number, 0 for none.</summary>
    internal long Missed { get; set; }

    private int _data, _dataLength;

    /// <summary>Goes to the next record.</summary>
    internal bool TryRead()
    {
        while (true)
        {
            // A page may be empty, and still tell that records are missing before it.
            while (_at >= _end)
            {
                if (!NextPage())
                    return false;
            }
            if (Step())
                return true;
        }
    }

    private bool NextPage()
    {
        if (!pages.TryRead(out ReadOnlySpan<byte> page))
            return false;
        if (page.Length < file.DataOffset)
            throw Damage(0, $"a page of {page.Length} bytes", "a page with its head");
        if (_page.Length < page.Length)
            _page = new byte[page.Length];
        page.CopyTo(_page);
        _time = BinaryPrimitives.ReadUInt64LittleEndian(page);
        uint commit = BinaryPrimitives.ReadUInt32LittleEndian(page[8..]);
        int length = (int)(commit & LengthMask);
        if (length > page.Length - file.DataOffset)
            throw Damage(8, $"a page with {length} bytes of records", $"at most {page.Length - file.DataOffset}");
        (_at, _end) = (file.DataOffset, file.DataOffset + length);
        if ((commit & MissedEvents) != 0)
        {
            Missed = (commit & MissedStored) != 0 && _end + 8 <= page.Length
                ? (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(page[_end..]), long.MaxValue) : -1;
        }
        return true;
    }

    /// <summary>One entry of the page; true where it is a record.</summary>
    private bool Step()
    {
        int start = _at;
        uint head = Word(ref _at);
        int kind = (int)(head & ((1 << LengthBits) - 1));
        ulong delta = head >> LengthBits;
        switch (kind)
        {
            case Padding:
                // Without a distance in time it fills the rest of the page.
                if (delta == 0)
                    _at = _end;
                else
                    Skip(start, Word(ref _at));
                return false;
            case TimeExtend:
                _time += delta + ((ulong)Word(ref _at) << DeltaBits);
                return false;
            case TimeStamp:
                _time = (_time >> StampBits << StampBits) | (delta + ((ulong)Word(ref _at) << DeltaBits)) & ((1UL << StampBits) - 1);
                return false;
            default:
                _time += delta;
                // A longer record has its length, with that word, before its data.
                uint length = kind > 0 ? (uint)kind * 4 : Word(ref _at) - 4;
                _data = _at;
                Skip(start, length);
                _dataLength = _at - _data;
                return true;
        }
    }

    private uint Word(ref int at)
    {
        if (at > _end - 4)
            throw Damage(at, "the end of the page", "the rest of an entry");
        uint word = BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(at));
        at += 4;
        return word;
    }

    private void Skip(int start, uint length)
    {
        if (length > _end - _at)
            throw Damage(start, $"an entry of {length} bytes", $"at most the {_end - _at} that are left of its page");
        _at += (int)length;
    }

    private KvmFileException Damage(int at, string found, string expected) => source.Damage(pages.Place, $"{found} (at byte {at} of a page of CPU {Cpu})", expected);
}
