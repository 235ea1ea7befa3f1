using System.Text.RegularExpressions;

namespace Wirq.Traces.Dumps.Xen;

/// <summary>What Xen's debug keys print of a host's interrupts: <c>i</c> (bindings and I/OAPIC entries), <c>z</c> (I/OAPIC
/// registers), <c>e</c> (event channels), <c>M</c> (messages), <c>Q</c> (devices). From <c>xl dmesg</c> or a serial console.</summary>
internal static partial class XenDump
{
    internal const string Format = "xen-keys";
    private const string What = "what Xen's debug keys printed (xl debug-keys, xl dmesg)";

    internal static DumpPart Part(DumpParts parts, string piece, string? file) => parts.Of(Format, What, piece, file);

    /// <summary>The text of a line of Xen's console, without its prefix and time.</summary>
    internal static string Bare(string line)
    {
        const string prefix = "(XEN) ";
        int at = line.IndexOf(prefix, StringComparison.Ordinal);
        return at < 0 ? line : Time().Replace(line[(at + prefix.Length)..], "", 1);
    }

    /// <summary>Says what the keys do not print.</summary>
    internal static void Lacks(DumpPart part)
    {
        if (!part.Has("i"))
            part.Lack("It has no bindings of interrupts, so what a guest has not ended is not known", "xl debug-keys i; xl dmesg");
        if (!part.Has("e"))
            part.Lack("It has no event channels, so what is pending at a guest's port is not known", "xl debug-keys e; xl dmesg");
        part.Lack("No key prints which line is high, a local APIC's requests, or whether a vCPU masks its upcalls (q does that last)",
            "xl debug-keys q beside it, and the same keys a second later: what is the same in both does not move");
    }

    [GeneratedRegex(@"^\[[^\]]*\] ?")]
    private static partial Regex Time();
}
