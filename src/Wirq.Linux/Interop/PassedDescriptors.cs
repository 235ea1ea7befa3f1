using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>Bytes over a Unix socket, with descriptors in control messages (<c>SCM_RIGHTS</c>, unix(7), cmsg(3)). Nothing here
/// waits.</summary>
internal static unsafe class PassedDescriptors
{
    private static int Head => sizeof(ControlHeader);

    /// <summary>Sends bytes. Descriptors go with the first of them.</summary>
    /// <returns>How many bytes went; negative if the call failed.</returns>
    internal static nint Send(int socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors)
    {
        Span<byte> control = stackalloc byte[Room(descriptors.Length)];
        Write(control, descriptors);
        // SAFETY: both spans are pinned for the call, and the lengths that are passed are theirs.
        fixed (byte* first = bytes, firstControl = control)
        {
            var vector = new IoVector { Address = (nint)first, Length = (nuint)bytes.Length };
            var message = new MessageHeader { Vectors = (nint)(&vector), VectorCount = 1, Control = (nint)firstControl, ControlLength = (nuint)control.Length };
            return Libc.SendMessage(socket, message, MessageFlags.DoNotWait | MessageFlags.NoSignal);
        }
    }

    /// <summary>Receives what is there, at most as many bytes as there is room for.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="bytes">Where they go.</param>
    /// <param name="most">For how many descriptors there is room.</param>
    /// <param name="got">Called with each descriptor that came, so that somebody closes it; null where there is room for none.</param>
    /// <param name="truncated">Whether more descriptors came than there was room for. The kernel has closed the others.</param>
    /// <returns>How many bytes came, 0 at the end; negative if the call failed.</returns>
    internal static nint Receive(int socket, Span<byte> bytes, int most, Action<int>? got, out bool truncated)
    {
        Span<byte> control = stackalloc byte[Room(most)];
        truncated = false;
        nint came;
        nuint used;
        // SAFETY: as above.
        fixed (byte* first = bytes, firstControl = control)
        {
            var vector = new IoVector { Address = (nint)first, Length = (nuint)bytes.Length };
            var message = new MessageHeader { Vectors = (nint)(&vector), VectorCount = 1, Control = (nint)firstControl, ControlLength = (nuint)control.Length };
            came = Libc.ReceiveMessage(socket, ref message, MessageFlags.DoNotWait | MessageFlags.CloseOnExec);
            if (came < 0)
                return came;
            truncated = (message.Flags & MessageFlags.ControlTruncated) != 0;
            used = message.ControlLength;
        }
        Read(control[..(int)Math.Min(used, (nuint)control.Length)], got);
        return came;
    }

    /// <summary>The bytes of a control message with this many descriptors; 0 for none.</summary>
    private static int Room(int descriptors) => descriptors == 0 ? 0 : (int)Aligned((nuint)(Head + descriptors * sizeof(int)));

    /// <summary>Writes a control message.</summary>
    /// <param name="control">Exactly its <see cref="Room"/>.</param>
    /// <param name="descriptors">The descriptors.</param>
    private static void Write(Span<byte> control, ReadOnlySpan<int> descriptors)
    {
        control.Clear();
        if (descriptors.IsEmpty)
            return;
        MemoryMarshal.AsRef<ControlHeader>(control) = new ControlHeader
        {
            Length = (nuint)(Head + descriptors.Length * sizeof(int)),
            Level = MessageFlags.SocketLevel,
            Type = MessageFlags.Rights,
        };
        MemoryMarshal.AsBytes(descriptors).CopyTo(control[Head..]);
    }

    /// <summary>Passes on every descriptor that came, so that somebody closes it.</summary>
    private static void Read(ReadOnlySpan<byte> control, Action<int>? got)
    {
        while (control.Length >= Head)
        {
            ControlHeader head = MemoryMarshal.Read<ControlHeader>(control);
            if (head.Length < (nuint)Head || head.Length > (nuint)control.Length)
                return;
            if (head is { Level: MessageFlags.SocketLevel, Type: MessageFlags.Rights })
            {
                foreach (int number in MemoryMarshal.Cast<byte, int>(control[Head..(int)head.Length]))
                    got?.Invoke(number);
            }
            control = control[(int)Math.Min((nuint)control.Length, Aligned(head.Length))..];
        }
    }

    private static nuint Aligned(nuint length) => (length + (nuint)sizeof(nuint) - 1) & ~((nuint)sizeof(nuint) - 1);
}
