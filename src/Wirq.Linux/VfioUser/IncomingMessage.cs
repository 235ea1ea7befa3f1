using Wirq.Linux.Interop;

namespace Wirq.Linux.VfioUser;

/// <summary>Puts a message together from the pieces in which it arrives. No piece reaches into the next message, so that the
/// descriptors which come with a piece are this message's.</summary>
/// <remarks>Memory is that of the longest message that is allowed. What follows the head of a longer one is skipped.</remarks>
internal sealed class IncomingMessage(int most)
{
    private readonly byte[] _bytes = new byte[most];
    private int _have;
    // Of the whole message, with the head; 0 while the head is not complete.
    private long _length;
    private long _skipped;

    /// <summary>Descriptors that came.</summary>
    internal List<int> Descriptors { get; } = [];

    /// <summary>Whether more descriptors came than are allowed.</summary>
    internal bool HasTooManyDescriptors { get; private set; }

    internal VfioUserHeader Header => VfioUserHeader.Read(_bytes);

    /// <summary>What follows the head.</summary>
    internal ReadOnlySpan<byte> Body => _bytes.AsSpan(VfioUserHeader.Size.._have);

    /// <summary>Whether its length is none that a message can have. Only the head is there.</summary>
    internal bool HasBadLength => _length != 0 && (_length < VfioUserHeader.Size || _length > _bytes.Length);

    /// <summary>Whether the whole message is there, or as much as is kept of it.</summary>
    internal bool IsWhole => HasBadLength || _length != 0 && _have == _length;

    /// <summary>Receives a piece.</summary>
    internal TransferEnd Receive(VfioUserSocket socket)
    {
        Span<byte> room = _skipped > 0 ? _bytes.AsSpan(0, (int)Math.Min(_skipped, _bytes.Length))
            : _bytes.AsSpan(_have..(_length == 0 ? VfioUserHeader.Size : (int)_length));
        TransferEnd end = socket.Receive(room, Descriptors, out int count, out bool truncated);
        HasTooManyDescriptors |= truncated || Descriptors.Count > VfioUserLimits.Descriptors;
        // Of several messages with descriptors in one hostile message, only as many are kept as could be right.
        Keep(VfioUserLimits.Descriptors);
        if (_skipped > 0)
        {
            _skipped -= count;
            // They came with what is skipped, and not with the message behind it.
            HasTooManyDescriptors = false;
            Keep(0);
            return end;
        }
        _have += count;
        if (_length == 0 && _have == VfioUserHeader.Size)
            // A length of 0 is as bad as one of 1, and must not look as if there were no head yet.
            _length = Math.Max(1, Header.Length);
        return end;
    }

    /// <summary>Begins the next message. Descriptors that nobody has taken are closed.</summary>
    internal void Next()
    {
        Keep(0);
        if (HasBadLength && _length > _have)
            _skipped = _length - _have;
        (_have, _length, HasTooManyDescriptors) = (0, 0, false);
    }

    /// <summary>The connection ends: nothing of it is left.</summary>
    internal void Abandon()
    {
        Next();
        _skipped = 0;
    }

    /// <summary>Closes all descriptors but the first ones.</summary>
    private void Keep(int most)
    {
        for (int at = Descriptors.Count - 1; at >= most; at--)
        {
            if (Descriptors[at] >= 0)
                Libc.Close(Descriptors[at]);
            Descriptors.RemoveAt(at);
        }
    }
}
