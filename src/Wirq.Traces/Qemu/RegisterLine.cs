using System.Buffers;

namespace Wirq.Traces.Qemu;

/// <summary>Lines of a CPU's registers: QEMU prints twenty of them for each interrupt of <c>-d int</c>, and all but one tell nothing that is read. A
/// look at their letters costs less than a search for the words of everything else.</summary>
internal static class RegisterLine
{
    private const int Name = 3;

    // Of all that is looked for, only the line of a task register and a line of CPUs have all their letters among these. That one is
    // excluded; this one has no equals sign.
    private static readonly SearchValues<byte> s_letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefusy =[]-"u8);

    /// <summary>Whether a line names a register in its first three letters (<c>EAX=</c>, <c>CS =</c>), and has nothing but registers.</summary>
    /// <remarks>The task register is not among them: it shows which CPU it is.</remarks>
    internal static bool Is(ReadOnlySpan<byte> line) =>
        line.Length > Name && line[Name] == '=' && line[0] != 'T' && !line.ContainsAnyExcept(s_letters);
}
