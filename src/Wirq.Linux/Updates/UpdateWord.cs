using System.Buffers.Binary;
using System.Text;

namespace Wirq.Linux;

/// <summary>A word between the two sides of a live update: a letter, the length of a text (16 bits), the text (UTF-8).</summary>
/// <param name="Letter">Which it is.</param>
/// <param name="Text">Why; empty for no reason.</param>
internal readonly record struct UpdateWord(char Letter, string Text)
{
    /// <summary>The new side could go on with the machine.</summary>
    internal const char Ready = 'R';
    /// <summary>The old side lets go of the machine: from here on only the new side may resume it.</summary>
    internal const char Go = 'G';
    /// <summary>The new side has resumed it.</summary>
    internal const char Taken = 'T';
    /// <summary>The sender will not have it, or not let go of it.</summary>
    internal const char Failed = 'F';

    private const int HeadBytes = 3, MostTextBytes = 1024;

    internal static UpdateWord Receive(UpdateChannel channel)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        channel.Receive(head);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(head[1..]);
        if (!((ReadOnlySpan<char>)[Ready, Go, Taken, Failed]).Contains((char)head[0]) || length > MostTextBytes)
            throw new LiveUpdateException("the other side does not keep to the order of a live update");
        Span<byte> text = stackalloc byte[MostTextBytes];
        channel.Receive(text[..length]);
        return new UpdateWord((char)head[0], Encoding.UTF8.GetString(text[..length]));
    }

    internal void Send(UpdateChannel channel)
    {
        Span<byte> bytes = stackalloc byte[HeadBytes + MostTextBytes];
        Encoding.UTF8.TryGetBytes(Text.AsSpan(0, Math.Min(Text.Length, MostTextBytes / 4)), bytes[HeadBytes..], out int length);
        bytes[0] = (byte)Letter;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[1..], (ushort)length);
        channel.Send(bytes[..(HeadBytes + length)]);
    }

    /// <summary>As <see cref="Send"/>, if it can be told: the other side may be gone, and knows by that.</summary>
    internal void TrySend(UpdateChannel channel)
    {
        try
        {
            Send(channel);
        }
        catch (LiveUpdateException)
        {
        }
    }
}
