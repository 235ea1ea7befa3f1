using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Raises;

/// <summary>A question about one raise of a log of KVM: <c>SOURCE@TIME</c>.</summary>
/// <param name="Source">The source as it was typed.</param>
/// <param name="Name">A line, a pin, an IRQ, a message or a vector.</param>
/// <param name="Vcpu">The vCPU of a vector; -1 for any.</param>
/// <param name="At">The place.</param>
internal sealed partial record KvmPlaced(string Source, SourceName Name, int Vcpu, Place At)
{
    /// <summary>What may stand before the place.</summary>
    internal const string Forms = "ioapic:21, gsi:21, pic:4, a vector (0x53, 0x53@cpu1) or a message (msi:0xfee01000:0x53)";

    [GeneratedRegex(@"^(?:vec(?:tor)?:?)?(?:0x)?(?<vector>[0-9a-fA-F]{1,2})(?:@cpu(?<cpu>[0-9]{1,5}))?\z")]
    private static partial Regex AtVcpu { get; }

    /// <summary>Whether a text is such a question.</summary>
    internal static bool IsOne(string asked) => Parse(asked, out _) is not null;

    /// <summary>Reads a question that has a place.</summary>
    /// <param name="asked">The text.</param>
    /// <param name="wrong">Why it cannot be read; null where it can, or has no place.</param>
    /// <returns>The question; null if the text has no place.</returns>
    internal static KvmPlaced? Parse(string asked, out string? wrong)
    {
        wrong = null;
        int at = asked.LastIndexOf('@');
        // The name of a vector may have an @: 0x53@cpu1.
        if (at < 0 || asked[at..].StartsWith("@cpu", StringComparison.Ordinal))
            return null;
        (string source, string place) = (asked[..at], asked[(at + 1)..]);
        if (!TryName(source, out SourceName name, out int vcpu))
            wrong = $"'{source}' names no interrupt of a log of KVM; expected {Forms}, with @TIME or @LINE where one raise is meant";
        else if (Place.TryParse(place, out Place found))
            return new(source, name, vcpu, found);
        else
            wrong = $"{asked}: '{place}' is no place in a log; expected {Place.Forms}";
        return null;
    }

    private static bool TryName(string text, out SourceName name, out int vcpu)
    {
        vcpu = KvmRecord.Untold;
        Match match = AtVcpu.Match(text);
        if (match.Success && (text.StartsWith('v') || text.StartsWith("0x", StringComparison.Ordinal)))
        {
            name = new(SourceClass.Vector, 0, int.Parse(match.Groups["vector"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            vcpu = match.Groups["cpu"].Success ? int.Parse(match.Groups["cpu"].ValueSpan, CultureInfo.InvariantCulture) : vcpu;
            return true;
        }
        return SourceName.TryParse(text, out name) && name is { Class: SourceClass.Line or SourceClass.Irq or SourceClass.Message } or { Class: SourceClass.Pin, Unit: 0 };
    }

    /// <summary>Whether it is about a pin of the I/OAPIC.</summary>
    internal bool IsPin(int pin) => Name.Class == SourceClass.Pin && Name.Index == pin || Name.Class == SourceClass.Line && VmTrail.PinOfGsi(Name.Index) == pin;

    /// <summary>Whether it is about a line that has no pin.</summary>
    internal bool IsLine(int gsi) => Name.Class == SourceClass.Line && Name.Index == gsi;

    /// <summary>Whether it is about an input of the 8259 pair.</summary>
    internal bool IsIrq(int irq) => Name.Class == SourceClass.Irq && Name.Index == irq || Name.Class == SourceClass.Line && VmTrail.MayLeadToIrq(Name.Index, irq);

    internal bool IsVector(int vector, int vcpu) => Name.Class == SourceClass.Vector && Name.Index == vector && (Vcpu < 0 || Vcpu == vcpu);

    /// <summary>Whether it is about a message. A log prints its destination, vector, mode and trigger only.</summary>
    internal bool IsMessage(in OpenMessage message)
    {
        if (Name.Class != SourceClass.Message)
            return false;
        const ulong logicalBit = 1 << 2;
        const uint levelBit = 1 << 15;
        uint destination = (uint)(Name.Address >> 12 & 0xFF) | (uint)(Name.Address >> 32 & 0xFFFFFF00);
        return destination == message.Destination && (Name.Address & logicalBit) != 0 == message.Logical && (int)(Name.Data & 0xFF) == message.Vector
            && (DeliveryMode)(Name.Data >> 8 & 7) == message.Mode && (Name.Data & levelBit) != 0 == message.Level;
    }
}
