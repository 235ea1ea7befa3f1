using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>Descriptors in the control messages of a Unix socket (<c>SCM_RIGHTS</c>, unix(7), cmsg(3)).</summary>
internal static class PassedDescriptors
{
    private static int Head => Unsafe.SizeOf<ControlHeader>();

    /// <summary>The bytes of a control message with this many descriptors; 0 for none.</summary>
    internal static int Room(int descriptors) => descriptors == 0 ? 0 : (int)Aligned((nuint)(Head + descriptors * sizeof(int)));

    /// <summary>Writes a control message.</summary>
    /// <param name="control">Exactly its <see cref="Room"/>.</param>
    /// <param name="descriptors">The descriptors.</param>
    internal static void Write(Span<byte> control, ReadOnlySpan<int> descriptors)
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
    internal static void Read(ReadOnlySpan<byte> control, Action<int>? got)
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

    private static nuint Aligned(nuint length) => (length + (nuint)Unsafe.SizeOf<nuint>() - 1) & ~((nuint)Unsafe.SizeOf<nuint>() - 1);
}
