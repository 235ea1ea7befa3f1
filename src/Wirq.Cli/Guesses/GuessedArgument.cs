using System.CommandLine;
using System.Text.RegularExpressions;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Raises;
using Wirq.Traces.Why;

namespace Wirq.Cli.Guesses;

/// <summary>An argument that is missing, or names an interrupt in another way.</summary>
internal static partial class GuessedArgument
{
    /// <summary>The answer if an argument is empty, as a variable of the shell is that is not set. It names no file.</summary>
    internal static string? Empty(ParseResult parsed)
    {
        if (!Guess.Arguments(parsed).Contains(""))
            return null;
        Command command = parsed.CommandResult.Command;
        string[] words = [.. command.Parents.OfType<Command>().Where(one => one is not RootCommand).Select(one => one.Name), command.Name];
        return $"wirq {string.Join(' ', words)}: an argument is empty; is a variable of the shell not set? Type: {Typed.Line([.. words, "--help"])}";
    }

    /// <summary>The answer if the command's file is missing, or there is an argument too many.</summary>
    internal static string? Missing(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        bool reads = command.Name is "why" or "replay";
        if (parsed.Errors.Count == 0 || !(reads || command.Name == "boot"))
            return null;
        if (reads && parsed.UnmatchedTokens.Count > 0)
            return $"wirq {command.Name}: {Typed.Word(parsed.UnmatchedTokens[0])} is one argument too many: it reads one log. Type: {Typed.Line(command.Name, "--help")}";
        if (Guess.Arguments(parsed).Any())
            return null;
        return reads ? $"wirq {command.Name}: which LOG? Type: wirq {command.Name} guest.log, or wirq {command.Name} - < guest.log. To get one, "
                + Typed.RecordAndAsk
            : "wirq boot: which IMAGE? Type: wirq boot x86/ioapic.flat (an image of kvm-unit-tests, see docs/guests.md). To ask a log of QEMU's, "
                + "type: wirq why guest.log";
    }

    /// <summary>The answer if the source of <c>wirq why</c> cannot be parsed.</summary>
    internal static string? Source(ParseResult parsed)
    {
        if (parsed.CommandResult.Command.Name != "why" || Guess.Why(parsed) is not { Files: [string file], Asked: { } asked }
            || WhyQuestion.Parse(asked, out _) is not null || KvmPlaced.IsOne(asked))
        {
            return null;
        }
        // A log of a KVM host is asked about 0x53 as it stands: it has none, and its message says what it has.
        if (KvmQuestion.IsOne(asked) && Guess.IsHostLog(file))
            return null;
        if (Vector().IsMatch(asked))
            return $"Type: {Typed.Line("why", file, $"vector:0x{VectorOf(asked):x2}")}";
        Match number = Numbered().Match(asked);
        return number.Success
            ? $"Type: {Typed.Line("why", file, SourceFor(number.Groups["kind"].Value, number.Groups["number"].Value))}"
            : $"A log has pins and IRQs, no names of drivers; the guest's /proc/interrupts says which is whose (\"4: … IO-APIC 4-edge ttyS0\" is "
                + $"ioapic:4). Type: {Typed.Line("why", file, "ioapic:4")}";
    }

    /// <summary>The vector that <c>0x44</c>, <c>44h</c> or <c>vector 68</c> means.</summary>
    private static int VectorOf(string asked)
    {
        string digits = asked[(asked.LastIndexOfAny(['c', 'C', 'r', 'R', ' ', ':', '=']) + 1)..];
        bool hex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) || digits.EndsWith('h') || digits.EndsWith('H');
        string bare = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits.TrimEnd('h', 'H');
        bool read = int.TryParse(bare, hex ? System.Globalization.NumberStyles.AllowHexSpecifier : System.Globalization.NumberStyles.None,
            System.Globalization.CultureInfo.InvariantCulture, out int vector);
        return read ? vector & byte.MaxValue : 0;
    }

    /// <summary>The source that <c>irq 4</c>, <c>pin=4</c> or <c>XT-PIC 4</c> means.</summary>
    internal static string SourceFor(string kind, string? number)
    {
        string digits = number is not null && number.All(char.IsAsciiDigit) && number.Length is > 0 and < 5 ? number : "4";
        return kind.ToUpperInvariant() switch
        {
            "PIC" or "XT-PIC" or "XTPIC" or "8259" or "I8259" => $"pic:{digits}",
            "PIN" or "IOAPIC" or "IO-APIC" or "APIC" or "IR-IO-APIC" => $"ioapic:{digits}",
            _ => $"gsi:{digits}",
        };
    }

    [GeneratedRegex("^(vec(tor)?[ :=]?)?(0x[0-9a-f]{1,2}|[0-9a-f]{1,2}h)$|^vec(tor)?[ :=]?[0-9]{1,3}$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Vector();

    [GeneratedRegex(@"^(?<kind>irq|gsi|line|int|interrupt|pin|(ir-)?io-?apic|apic|xt-?pic|pic|i?8259)?[ :=#_-]?(?<number>[0-9]{1,4})(-edge|-fasteoi|-level)?$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Numbered();
}
