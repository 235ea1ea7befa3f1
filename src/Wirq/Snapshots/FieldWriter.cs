using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Wirq.State;

namespace Wirq.Snapshots;

/// <summary>Writes a snapshot.</summary>
internal sealed class FieldWriter : SnapshotFields
{
    private readonly ArrayBufferWriter<byte> _to = new(4096);

    /// <inheritdoc/>
    protected override long Position => _to.WrittenCount + SnapshotFormat.HeaderSize;

    /// <summary>The whole snapshot: header, the sections that were written, and the hash.</summary>
    internal byte[] Finish()
    {
        const int frame = SnapshotFormat.HeaderSize + SnapshotFormat.SectionHeaderSize + SnapshotFormat.HashSize;
        int length = checked(_to.WrittenCount + frame);
        if (length > SnapshotFormat.MaxLength)
            throw new InvalidOperationException($"a snapshot of {length} bytes; the format holds {SnapshotFormat.MaxLength}");
        byte[] whole = new byte[length];
        SnapshotFormat.Magic.CopyTo(whole);
        BinaryPrimitives.WriteUInt16LittleEndian(whole.AsSpan(SnapshotFormat.Magic.Length), SnapshotFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(SnapshotFormat.LengthOffset), length);
        _to.WrittenSpan.CopyTo(whole.AsSpan(SnapshotFormat.HeaderSize));
        Span<byte> end = whole.AsSpan(SnapshotFormat.HeaderSize + _to.WrittenCount);
        Head(end, SectionId.End, SnapshotFormat.HashSize);
        Seal(whole);
        return whole;
    }

    /// <summary>Writes the hash of a snapshot into its end.</summary>
    internal static void Seal(Span<byte> whole) => BinaryPrimitives.WriteUInt64LittleEndian(whole[^SnapshotFormat.HashSize..],
        XxHash3.HashToUInt64(whole[..^SnapshotFormat.HashSize]));

    /// <inheritdoc/>
    internal override void Section(SectionId id, string name, Action fields)
    {
        int head = _to.WrittenCount;
        _to.GetSpan(SnapshotFormat.SectionHeaderSize)[..SnapshotFormat.SectionHeaderSize].Clear();
        _to.Advance(SnapshotFormat.SectionHeaderSize);
        Group(name, fields);
        int length = _to.WrittenCount - head - SnapshotFormat.SectionHeaderSize;
        // The buffer may have grown, so the place is looked up only now.
        Head(System.Runtime.InteropServices.MemoryMarshal.AsMemory(_to.WrittenMemory).Span[head..], id, length);
    }

    /// <inheritdoc/>
    internal override bool Optional(SectionId id, bool wanted) => wanted;

    /// <inheritdoc/>
    protected override ulong Move(string name, ulong value, int bytes, FieldForm form, Type? choices)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        _to.Write(word[..bytes]);
        return bytes == sizeof(ulong) ? value : value & (1ul << bytes * 8) - 1;
    }

    /// <inheritdoc/>
    protected override string MoveText(string name, string value)
    {
        byte[] text = Encoding.UTF8.GetBytes(value);
        if (text.Length > ushort.MaxValue)
            throw new InvalidOperationException($"{PathOf(name)} has {text.Length} bytes; a snapshot holds {ushort.MaxValue}");
        Move(name, (ushort)text.Length, 2, FieldForm.Number, null);
        _to.Write(text);
        return value;
    }

    /// <inheritdoc/>
    protected override byte[] MoveBytes(string name, byte[] value, int most)
    {
        if (value.Length > most)
            throw new InvalidOperationException($"{PathOf(name)} has {value.Length} bytes; a snapshot holds {most}");
        Move(name, (uint)value.Length, 4, FieldForm.Number, null);
        _to.Write(value);
        return value;
    }

    private static void Head(Span<byte> at, SectionId id, int length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)id);
        BinaryPrimitives.WriteUInt16LittleEndian(at[2..], SnapshotFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(at[4..], length);
    }
}
