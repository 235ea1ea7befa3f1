using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>A fault of the remapping unit.</summary>
/// <param name="Device">Bus, device and function of the sender, as in <c>00:02.0</c>.</param>
/// <param name="Index">The index of the entry.</param>
/// <param name="Reason">The reason by the manual.</param>
internal sealed record Fault(string Device, int Index, int Reason) : IComparable<Fault>
{
    public int CompareTo(Fault? other) => other is null ? 1 : (Device, Index, Reason).CompareTo((other.Device, other.Index, other.Reason));
}

/// <summary>The same faults as four see them: the guest's program, its kernel, the board and <c>wirq why</c>.</summary>
internal static partial class FaultLines
{
    /// <summary>Those that the program provoked, in order; each of them was told to the kernel.</summary>
    internal static Fault[] Expected(string console)
    {
        MatchCollection lines = Provoked().Matches(console);
        Assert.All(lines, line => Assert.Equal("told", line.Groups["told"].Value));
        return [.. lines.Select(Of)];
    }

    /// <summary>Those that the kernel logged, in order.</summary>
    internal static Fault[] Logged(string log) => [.. Dmesg().Matches(log).Select(Of)];

    /// <summary>Those that the board counted, each once, in the order of their fields.</summary>
    internal static Fault[] Counted(JsonElement counts, bool recorded)
    {
        JsonElement[] rows = [.. counts.GetProperty("faults").EnumerateArray().Where(row => row.GetProperty("recorded").GetBoolean() == recorded)];
        Assert.All(rows, row => Assert.Equal(1, row.GetProperty("count").GetInt64()));
        return [.. rows.Select(row => new Fault(row.GetProperty("of").GetString()!["device ".Length..], row.GetProperty("entry").GetInt32(),
            row.GetProperty("reason").GetInt32())).Order()];
    }

    /// <summary>What <c>wirq why</c> says of blocked messages, a sentence for each fault.</summary>
    internal static string[] Answered(JsonElement answer) =>
        [.. Sentences(answer).Where(sentence => sentence.Contains("VT-d unit blocked", StringComparison.Ordinal))];

    /// <summary>Whether a sentence is about a fault that the log has once. The index of two reasons is not to be trusted, and not
    /// said.</summary>
    internal static bool Says(string sentence, Fault fault) => sentence.Contains($"an interrupt of {fault.Device}, which names "
            + (fault.Reason is 0x20 or 0x25 ? "no entry" : $"entry 0x{fault.Index:x} ({fault.Index})"), StringComparison.Ordinal)
        && sentence.Contains($"Fault reason 0x{fault.Reason:x} means: ", StringComparison.Ordinal)
        && sentence.EndsWith("That interrupt is lost.", StringComparison.Ordinal);

    private static IEnumerable<string> Sentences(JsonElement part)
    {
        if (part.TryGetProperty("parts", out JsonElement parts))
            return parts.EnumerateArray().SelectMany(Sentences);
        return part.TryGetProperty("owed", out JsonElement owed) ? owed.EnumerateArray().Select(one => one.GetProperty("sentence").GetString()!) : [];
    }

    private static Fault Of(Match match) => new(match.Groups["device"].Value, Hex(match, "index"), Hex(match, "reason"));

    private static int Hex(Match match, string group) => int.Parse(match.Groups[group].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^WIRQ-FAULT (?<device>\S+) 0x(?<index>[0-9a-f]+) 0x(?<reason>[0-9a-f]+) (?<told>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Provoked();

    [GeneratedRegex(@"DMAR: \[INTR-REMAP\] Request device \[(?<device>[0-9a-f:.]+)\] fault index 0x(?<index>[0-9a-f]+) \[fault reason 0x(?<reason>[0-9a-f]+)\]",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Dmesg();
}
