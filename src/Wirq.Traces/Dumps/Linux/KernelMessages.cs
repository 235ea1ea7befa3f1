using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>What a message says of an interrupt.</summary>
internal sealed record KernelMessage(string Source, Standing Standing, Gate Gate, string Sentence)
{
    internal int Cpu { get; init; } = -1;
    internal int Vector { get; init; } = -1;
}

/// <summary>Messages of one line each.</summary>
internal static class KernelMessages
{
    internal static KernelMessage? NoHandler(Match match) => NoHandlerAt(match, NumberStyles.None);

    // Xen prints the vector in hexadecimal.
    internal static KernelMessage? NoHandlerOfXen(Match match) => NoHandlerAt(match, NumberStyles.AllowHexSpecifier);

    private static KernelMessage? NoHandlerAt(Match match, NumberStyles style)
    {
        string cpu = match.Groups["cpu"].Value;
        if (!byte.TryParse(match.Groups["vector"].Value, style, CultureInfo.InvariantCulture, out byte vector))
            return null;
        return new($"0x{vector:x2}@cpu{cpu}", Standing.Owed, Gate.NotProgrammed, $"CPU {cpu} took vector 0x{vector:x2} ({vector}), and the kernel has no IRQ at that vector of that CPU: it was ended, and no handler ran. "
            + "Who sent it, the message does not tell: an entry or MSI that still names a vector from before a move, or firmware; compare the vectors of info pic, info lapic and the devices' MSI messages.")
        { Cpu = int.Parse(cpu, CultureInfo.InvariantCulture), Vector = vector };
    }

    internal static KernelMessage? Spurious(Match match)
    {
        const int perChip = 8, last = 7;
        int irq = int.Parse(match.Groups["irq"].Value, CultureInfo.InvariantCulture);
        string why = irq % perChip == last ? $"IRQ {irq} is what an 8259 answers where the request vanished before the acknowledge (82C59A, interrupt sequence, IR7)"
            : $"it was not in service at the 8259 when Linux looked (ISR), so the request vanished, or another acknowledge ended it";
        return new($"pic:{irq}", Standing.NotKnown, Gate.Withdrawn, $"An interrupt of the 8259 came as IRQ {irq} that is none: {why}. Which line asked and fell again, the message does not tell; Linux says it once for each IRQ.");
    }
}
