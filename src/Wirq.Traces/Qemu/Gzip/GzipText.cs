namespace Wirq.Traces.Qemu.Gzip;

/// <summary>Decompresses a gzip file (RFC 1952) of one member or several.</summary>
/// <remarks>
/// The platform's own stream ends without a word where a file was cut off, and withholds what it had decompressed before
/// a damage. The log of a machine that died is often cut off, and its last lines are those that matter.
/// </remarks>
internal sealed class GzipText
{
    internal const byte Magic1 = 0x1F, Magic2 = 0x8B;

    private const byte Deflate = 8;

    private readonly BitSource _bits;
    private readonly Inflater _inflater;
    private GzipDamage? _damage;
    private uint _crc, _length;
    private bool _inMember, _begun;

    /// <summary>Reads from a stream of which the first bytes are already here.</summary>
    internal GzipText(Stream stream, ReadOnlySpan<byte> head)
    {
        _bits = new BitSource(stream, head);
        _inflater = new Inflater(_bits);
    }

    [Flags]
    private enum HeaderFlags : byte
    {
        HeaderCrc = 2,
        Extra = 4,
        Name = 8,
        Comment = 16,
        Reserved = 0xE0,
    }

    /// <summary>Reads what there is, at least one byte.</summary>
    /// <returns>0 at the end.</returns>
    /// <exception cref="GzipDamage">The file is cut off or damaged; all before that has been read.</exception>
    internal int Read(Span<byte> into)
    {
        while (_inflater.Output.IsEmpty)
        {
            if (_damage is not null)
                throw _damage;
            if (!TryDecompress())
                return 0;
        }
        int count = Math.Min(into.Length, _inflater.Output.Length);
        _inflater.Output[..count].CopyTo(into);
        _inflater.Take(count);
        return count;
    }

    private bool TryDecompress()
    {
        try
        {
            if (_inMember)
            {
                EndMember();
                _inMember = false;
            }
            if (!_begun && !TryBeginMember())
                return false;
            _begun = _inflater.Decompress();
            _inMember = !_begun;
        }
        catch (GzipDamage damage)
        {
            _damage = damage;
        }
        _crc = Crc32.Append(_crc, _inflater.Output);
        _length += (uint)_inflater.Output.Length;
        return true;
    }

    /// <summary>Reads the header of a member, if another one follows.</summary>
    private bool TryBeginMember()
    {
        if (_bits.AtEnd())
            return false;
        if (_bits.Take(8) != Magic1 || _bits.Take(8) != Magic2)
            throw Damage("other data after the compressed log", "its end or another gzip member");
        if (_bits.Take(8) != Deflate)
            throw Damage("another method of compression", "method 8, deflate");
        var flags = (HeaderFlags)_bits.Take(8);
        if ((flags & HeaderFlags.Reserved) != 0)
            throw Damage("reserved flags", "the header of a gzip member");
        // The time, what the compressor thought of it, the system.
        _bits.Take(32);
        _bits.Take(16);
        if (flags.HasFlag(HeaderFlags.Extra))
        {
            for (uint left = _bits.Take(16); left > 0; left--)
                _bits.Take(8);
        }
        if (flags.HasFlag(HeaderFlags.Name))
            PassText();
        if (flags.HasFlag(HeaderFlags.Comment))
            PassText();
        if (flags.HasFlag(HeaderFlags.HeaderCrc))
            _bits.Take(16);
        _inflater.Begin();
        _crc = _length = 0;
        _begun = true;
        return true;
    }

    private void PassText()
    {
        while (_bits.Take(8) != 0)
        {
        }
    }

    private void EndMember()
    {
        _bits.Align();
        if (_bits.Take(32) != _crc)
            throw Damage("a checksum that does not fit what was decompressed", "the checksum of the text");
        if (_bits.Take(32) != _length)
            throw Damage("a length that does not fit what was decompressed", "the length of the text");
    }

    private GzipDamage Damage(string found, string expected) => new(_bits.Offset, found, expected);
}
