using Wirq.Board.Loading;
using Wirq.Board.Memory;

namespace Wirq.Board.Xen;

/// <summary>The prefix by which test images ask their hypervisor to emulate the next instruction: UD2, then "xen".</summary>
/// <remarks>KVM raises #UD there, and userspace cannot see that. So the prefix is replaced in the image by a no-op of the
/// same length, and the CPU executes the instruction. Accesses to the interrupt system are served in userspace with
/// and without the prefix. An image that makes code at run time still gets #UD.</remarks>
internal static class ForcedEmulation
{
    private static ReadOnlySpan<byte> Prefix => [0x0F, 0x0B, (byte)'x', (byte)'e', (byte)'n'];
    /// <summary>NOP DWORD [RAX + RAX + 0] (Intel SDM vol. 2, NOP).</summary>
    private static ReadOnlySpan<byte> Nothing => [0x0F, 0x1F, 0x44, 0x00, 0x00];

    /// <summary>Replaces every prefix in an image that was loaded.</summary>
    internal static void Accept(BoardMemory memory, ElfImage image)
    {
        foreach (ElfSegment segment in image.Segments)
        {
            Span<byte> bytes = memory.AsSpan(segment.Address, (int)segment.FileBytes);
            for (int at = bytes.IndexOf(Prefix); at >= 0; at = bytes.IndexOf(Prefix))
            {
                Nothing.CopyTo(bytes[at..]);
                bytes = bytes[(at + Prefix.Length)..];
            }
        }
    }
}
