using System.Runtime.InteropServices;

namespace Wirq.Linux.VfioUser;

/// <summary>Flags of a message.</summary>
[Flags]
internal enum VfioUserBits : uint
{
    /// <summary>A command.</summary>
    Command = 0,
    /// <summary>A reply.</summary>
    Reply = 1,
    /// <summary>The sender of a command wants no reply.</summary>
    NoReply = 0x10,
    /// <summary>The command of this reply failed.</summary>
    Error = 0x20,
}

/// <summary>The head of every message. All words have the byte order of the host, which is little-endian.</summary>
/// <remarks><code>
///   0     2         4       8       12      16
/// +-----+---------+-------+-------+-------+ - -
/// | id  | command | size  | flags | errno | body
/// +-----+---------+-------+-------+-------+ - -
/// </code></remarks>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct VfioUserHeader
{
    internal const int Size = 16;

    // The bits that tell a command from a reply.
    private const VfioUserBits Kind = (VfioUserBits)0xF;

    private readonly ushort _id;
    private readonly VfioUserCommand _command;
    private readonly uint _length;
    private readonly VfioUserBits _flags;
    private readonly uint _error;

    internal VfioUserHeader(ushort id, VfioUserCommand command, int length, VfioUserBits flags = VfioUserBits.Command, int error = 0) =>
        (_id, _command, _length, _flags, _error) = (id, command, (uint)length, flags, (uint)error);

    /// <summary>The number that its reply repeats. The sender may use one twice.</summary>
    internal ushort Id => _id;
    internal VfioUserCommand Command => _command;
    /// <summary>Bytes of the whole message.</summary>
    internal uint Length => _length;
    internal VfioUserBits Flags => _flags;
    /// <summary>The error number of a reply that failed. It may be 0.</summary>
    internal uint Error => _error;

    internal bool IsReply => (_flags & Kind) == VfioUserBits.Reply;
    internal bool IsCommand => (_flags & Kind) == VfioUserBits.Command;
    internal bool WantsReply => (_flags & VfioUserBits.NoReply) == 0;
    internal bool HasFailed => (_flags & VfioUserBits.Error) != 0;

    internal static VfioUserHeader Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<VfioUserHeader>(bytes);

    internal void Write(Span<byte> bytes) => MemoryMarshal.Write(bytes, this);

    /// <summary>The head of the reply to this command.</summary>
    internal VfioUserHeader Answer(int length) => new(_id, _command, length, VfioUserBits.Reply);

    /// <summary>The reply to this command if it fails. It has no body.</summary>
    internal VfioUserHeader Fail(int error) => new(_id, _command, Size, VfioUserBits.Reply | VfioUserBits.Error, error);
}
