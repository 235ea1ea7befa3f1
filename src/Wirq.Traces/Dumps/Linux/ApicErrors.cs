using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>"APIC error on CPUn: old(new)": the error status register before and after it was written, which latches what came
/// since (Intel SDM vol. 3, 11.5.3).</summary>
internal static class ApicErrors
{
    private static readonly (string Name, string Says, bool IsLost)[] s_bits =
    [
        ("send checksum error", "a message that it sent on the APIC bus was damaged (P6 and Pentium)", false),
        ("receive checksum error", "a message that came on the APIC bus was damaged (P6 and Pentium)", false),
        ("send accept error", "a message that it sent was accepted by no APIC (P6 and Pentium)", true),
        ("receive accept error", "a message came that no APIC accepted, itself included (P6 and Pentium)", true),
        ("redirectable IPI", "it was told to send an IPI of lowest priority, which it does not support: the IPI was not sent", true),
        ("send illegal vector", "it was told to send an IPI with a vector below 16: the IPI was not sent", true),
        ("received illegal vector", "a message with a vector below 16 came, or an entry of its own local vector table has one: that interrupt was not accepted", true),
        ("illegal register address", "the CPU accessed a register that it does not have; no interrupt is lost by that", false),
    ];

    internal static KernelMessage? Say(Match match)
    {
        byte before = Bits(match.Groups["before"].Value), after = match.Groups["after"].Success ? Bits(match.Groups["after"].Value) : before;
        // The second is what the write latched; where it is 0, the first has what came earlier.
        byte bits = after != 0 ? after : before;
        int cpu = int.Parse(match.Groups["cpu"].Value, CultureInfo.InvariantCulture);
        var set = s_bits.Index().Where(bit => (bits >> bit.Index & 1) != 0).ToArray();
        bool lost = set.Any(bit => bit.Item.IsLost);
        var illegal = ErrorStatus.SendIllegalVector.With(ErrorStatus.ReceiveIllegalVector);
        string words = set.Length == 0 ? "no bit is set"
            : string.Join("; ", set.Select(bit => $"bit {bit.Index}, {bit.Item.Name}: {bit.Item.Says}"));
        return new($"lvt:error@cpu{cpu}", lost ? Standing.Owed : Standing.NotKnown, !lost ? Gate.NotKnown : (bits & illegal.Bits) != 0 ? Gate.IllegalVector : Gate.NoDestination,
            $"The local APIC of CPU {cpu} reports errors, ESR 0x{bits:x2}: {words}.") { Cpu = cpu };

        static byte Bits(string text) => byte.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
