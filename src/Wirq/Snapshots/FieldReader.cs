using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Wirq.State;

namespace Wirq.Snapshots;

/// <summary>Reads a snapshot, which may be anything.</summary>
internal sealed class FieldReader : SnapshotFields
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _from;
    private int _at, _end;

    /// <summary>Checks header, length and hash.</summary>
    /// <exception cref="SnapshotException">It is no snapshot, of another version, truncated or damaged.</exception>
    internal FieldReader(ReadOnlySpan<byte> snapshot)
    {
        _from = snapshot.Length <= SnapshotFormat.MaxLength ? snapshot.ToArray() : [];
        ReadOnlySpan<byte> whole = _from;
        const int least = SnapshotFormat.HeaderSize + SnapshotFormat.SectionHeaderSize + SnapshotFormat.HashSize;
        if (snapshot.Length > SnapshotFormat.MaxLength)
            Refuse(0, "length", $"{snapshot.Length}", $"at most {SnapshotFormat.MaxLength} bytes");
        if (!whole.StartsWith(SnapshotFormat.Magic))
            Refuse(0, "beginning", whole.IsEmpty ? "empty" : Convert.ToHexStringLower(whole[..Math.Min(8, whole.Length)]), "the bytes WIRQSNAP");
        if (whole.Length < least)
            Refuse(whole.Length, "length", $"{whole.Length}", $"at least {least} bytes");
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(whole[SnapshotFormat.Magic.Length..]);
        if (version != SnapshotFormat.Version)
            Refuse(SnapshotFormat.Magic.Length, "version", $"{version}", $"{SnapshotFormat.Version}");
        ushort reserved = BinaryPrimitives.ReadUInt16LittleEndian(whole[(SnapshotFormat.Magic.Length + 2)..]);
        if (reserved != 0)
            Refuse(SnapshotFormat.Magic.Length + 2, "reserved", $"0x{reserved:x}", "0");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(whole[SnapshotFormat.LengthOffset..]);
        if (length != whole.Length)
            Refuse(SnapshotFormat.LengthOffset, "length", $"{length}", $"{whole.Length}, which is how many bytes there are");
        ulong hash = BinaryPrimitives.ReadUInt64LittleEndian(whole[^SnapshotFormat.HashSize..]);
        ulong computed = XxHash3.HashToUInt64(whole[..^SnapshotFormat.HashSize]);
        if (hash != computed)
            Refuse(whole.Length - SnapshotFormat.HashSize, "hash", $"0x{hash:x16}", $"0x{computed:x16}: the snapshot is damaged");
        (_at, _end) = (SnapshotFormat.HeaderSize, whole.Length);
    }

    /// <inheritdoc/>
    internal override bool IsReading => true;

    /// <inheritdoc/>
    protected override long Position => _at;

    /// <inheritdoc/>
    internal override void Section(SectionId id, string name, Action fields)
    {
        int head = _at;
        int length = Head(id, name);
        _end = _at + length;
        Group(name, fields);
        if (_at != _end)
            Refuse(head + 4, name, $"a section of {length} bytes", $"{_at - head - SnapshotFormat.SectionHeaderSize}");
        _end = _from.Length;
    }

    /// <inheritdoc/>
    internal override bool Optional(SectionId id, bool wanted) =>
        _end - _at >= 2 && BinaryPrimitives.ReadUInt16LittleEndian(_from.AsSpan(_at)) == (ushort)id;

    /// <summary>Nothing but the hash follows.</summary>
    internal void Finish()
    {
        int head = _at;
        int length = Head(SectionId.End, "end");
        if (length != SnapshotFormat.HashSize || _at + length != _from.Length)
            Refuse(head, "end", $"a section of {length} bytes", $"{SnapshotFormat.HashSize} bytes, the last of the snapshot");
    }

    private int Head(SectionId id, string name)
    {
        int head = _at;
        ReadOnlySpan<byte> at = Take(SnapshotFormat.SectionHeaderSize, name);
        ushort found = BinaryPrimitives.ReadUInt16LittleEndian(at);
        if (found != (ushort)id)
            Refuse(head, "section", Named(found), $"{(ushort)id} ({name}): each section once, in ascending order");
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(at[2..]);
        if (version != SnapshotFormat.Version)
            Refuse(head + 2, $"{name}.version", $"{version}", $"{SnapshotFormat.Version}");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(at[4..]);
        if (length > (uint)(_from.Length - _at))
            Refuse(head + 4, $"{name}.length", $"{length}", $"at most {_from.Length - _at}, which is how many bytes follow");
        return (int)length;
    }

    private static string Named(ushort section) => Enum.IsDefined((SectionId)section) ? $"{section} ({(SectionId)section})" : $"{section}";

    /// <inheritdoc/>
    protected override ulong Move(string name, ulong value, int bytes, FieldForm form, Type? choices)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        word.Clear();
        Take(bytes, name).CopyTo(word);
        return BinaryPrimitives.ReadUInt64LittleEndian(word);
    }

    /// <inheritdoc/>
    protected override string MoveText(string name, string value)
    {
        int at = _at;
        int length = (int)Move(name, 0, 2, FieldForm.Number, null);
        ReadOnlySpan<byte> text = Take(length, name);
        try
        {
            return s_strict.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            Refuse(at, name, "not UTF-8", "a text in UTF-8");
            throw;
        }
    }

    /// <inheritdoc/>
    protected override byte[] MoveBytes(string name, byte[] value, int most)
    {
        int at = _at;
        uint length = (uint)Move(name, 0, 4, FieldForm.Number, null);
        if (length > most || length > _end - _at)
            Refuse(at, name, $"{length} bytes", $"at most {Math.Min(most, _end - _at)}");
        return Take((int)length, name).ToArray();
    }

    private ReadOnlySpan<byte> Take(int bytes, string name)
    {
        if (bytes > _end - _at)
            Refuse(_at, name, $"cut off after {_end - _at} bytes", $"{bytes} bytes");
        ReadOnlySpan<byte> taken = _from.AsSpan(_at, bytes);
        _at += bytes;
        return taken;
    }
}
