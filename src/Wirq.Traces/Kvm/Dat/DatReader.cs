using System.Buffers.Binary;
using System.Text;

namespace Wirq.Traces.Kvm.Dat;

/// <summary>Reads the records of a trace.dat in the order of their times, as <c>trace-cmd report</c> does.</summary>
internal sealed class DatReader : IKvmRecords
{
    /// <summary>common_flags lies behind common_type in every format.</summary>
    private const int FlagsOffset = 2, InHardOrSoftInterrupt = 0x18;

    private readonly DatSource _source;
    private readonly DatFile _file;
    private readonly PriorityQueue<DatCpu, (ulong Time, int Order)> _next = new();
    private readonly KvmFields _fields = new();
    private DatCpu? _current;
    private long _number;
    private bool _lostTold;
    /// <summary>Records that are missing behind the last one of a CPU.</summary>
    private (int Cpu, long Count)? _lostAtEnd;

    internal DatReader(Stream stream, string file)
    {
        _source = new DatSource(stream, file);
        _file = DatFile.Read(_source);
        int order = 0;
        foreach (DatBuffer buffer in _file.Buffers)
        {
            foreach (DatCpuData cpu in buffer.Cpus)
                Queue(new DatCpu(_source, _file, new DatPages(_source, buffer, cpu), order++));
        }
    }

    /// <inheritdoc/>
    public KvmRecord Record { get; } = new();

    /// <inheritdoc/>
    public KvmCounts Counts { get; } = new();

    /// <inheritdoc/>
    public bool IsText => false;

    /// <inheritdoc/>
    public (long Done, long All) Progress => (0, 0);

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    /// <inheritdoc/>
    public bool TryRead()
    {
        // What was overwritten is older than what is left.
        if (!_lostTold && _file.Lost > 0)
        {
            _lostTold = true;
            Lose(KvmRecord.Untold, _file.Lost);
            return true;
        }
        while (true)
        {
            if (_current is { } last)
                Queue(last);
            _current = null;
            if (!_next.TryPeek(out DatCpu? cpu, out _))
            {
                if (_lostAtEnd is not { } lost)
                    return false;
                _lostAtEnd = null;
                Lose(lost.Cpu, lost.Count);
                return true;
            }
            if (cpu.Missed != 0)
            {
                Lose(cpu.Cpu, Math.Max(0, cpu.Missed));
                cpu.Missed = 0;
                return true;
            }
            _next.Dequeue();
            _current = cpu;
            if (Take(cpu))
                return true;
        }
    }

    private void Queue(DatCpu cpu)
    {
        if (cpu.TryRead())
            _next.Enqueue(cpu, (cpu.Time, cpu.Order));
        else if (cpu.Missed != 0)
            _lostAtEnd = (cpu.Cpu, (_lostAtEnd?.Count ?? 0) + Math.Max(0, Math.Min(cpu.Missed, uint.MaxValue)));
    }

    private void Lose(int cpu, long count)
    {
        Record.Clear();
        Record.Event = KvmEvent.Lost;
        Record.Place = _number + 1;
        Record.Cpu = cpu;
        Record.LostCount = count;
    }

    /// <summary>Makes a record of the data; false where it is no event of KVM.</summary>
    private bool Take(DatCpu cpu)
    {
        ReadOnlySpan<byte> data = cpu.Data;
        if (data.Length < 2)
            return false;
        _number++;
        if (_file.Formats.Of(BinaryPrimitives.ReadUInt16LittleEndian(data)) is not { } format)
            return false;
        Counts.Add(Counts.Of(format.Name));
        Record.Clear();
        Record.Place = _number;
        Record.Event = format.Event;
        Record.Cpu = cpu.Cpu;
        Record.Time = Nanoseconds(cpu.Time);
        Record.InInterrupt = data.Length > FlagsOffset && (data[FlagsOffset] & InHardOrSoftInterrupt) != 0;
        if (_file.Formats.ThreadOffset + 4 <= data.Length)
        {
            int thread = BinaryPrimitives.ReadInt32LittleEndian(data[_file.Formats.ThreadOffset..]);
            Record.Thread = thread;
            Record.Process = _file.Groups.GetValueOrDefault(thread, KvmRecord.Untold);
            if (_file.Tasks.TryGetValue(thread, out byte[]? task))
                Record.Task = task;
        }
        if (format.Event == KvmEvent.Other)
            return true;
        _fields.Clear();
        foreach (DatField field in format.Fields)
        {
            if (field.Offset + field.Size <= data.Length)
                _fields.Set(field.Field, Value(data.Slice(field.Offset, field.Size), field.Signed));
        }
        if (_fields.Finish(Record) == TextState.Whole)
            return true;
        Counts.Damaged++;
        Lose(cpu.Cpu, 1);
        Record.Loss = KvmLoss.CutEnd;
        return true;
    }

    private long Nanoseconds(ulong time)
    {
        (uint multiplier, int shift, ulong offset) = _file.Clock;
        if (multiplier != 1 || shift != 0)
            time = (ulong)((UInt128)(time - offset) * multiplier >> shift);
        return (long)Math.Min(time, long.MaxValue);
    }

    private static ulong Value(ReadOnlySpan<byte> bytes, bool signed) => bytes.Length switch
    {
        1 => signed ? unchecked((ulong)(sbyte)bytes[0]) : bytes[0],
        2 => signed ? unchecked((ulong)BinaryPrimitives.ReadInt16LittleEndian(bytes)) : BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        4 => signed ? unchecked((ulong)BinaryPrimitives.ReadInt32LittleEndian(bytes)) : BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
    };
}
