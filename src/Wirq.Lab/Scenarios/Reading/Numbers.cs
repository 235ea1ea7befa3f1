using System.Globalization;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Numbers and times in the format of scenarios.</summary>
internal static class Numbers
{
    internal const string Forms = "a number (decimal, 0x… or 0b…)";
    internal const string TimeForms = "a time such as 10ms (ns, us, ms, s)";

    // Long enough for every experiment. A million of them still fit in 63 bits of nanoseconds.
    private const long LongestTime = OptionCheck.MaxDelay;
    private const int LongestTimeText = 32;
    private const ulong FirstHexadecimal = 100;

    /// <summary>The units of time, in nanoseconds. The shorter unit is last: "ms" ends in "s".</summary>
    internal static WordList<long> Units { get; } =
        new(("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000));

    internal static bool TryParse(ReadOnlySpan<char> text, out ulong value)
    {
        NumberStyles style = text.StartsWith("0x") ? NumberStyles.AllowHexSpecifier
            : text.StartsWith("0b") ? NumberStyles.AllowBinarySpecifier : NumberStyles.None;
        return ulong.TryParse(style == NumberStyles.None ? text : text[2..], style, CultureInfo.InvariantCulture, out value);
    }

    internal static ulong Read(YamlNode node, string what, ulong least, ulong most)
    {
        string expected = $"{what}, {ShowRange(least, most, NumberForm.Fields)}";
        YamlScalar scalar = node.AsScalar(expected);
        if (!TryParse(scalar.Text, out ulong value))
            throw scalar.Expected(expected);
        return value >= least && value <= most ? value : throw scalar.Expected($"{what}, {ShowRange(least, most, NumberForms.Of(scalar.Text))}");
    }

    /// <summary>A range in one base: that of the author's number, else the usual one of its larger end.</summary>
    internal static string ShowRange(ulong least, ulong most, NumberForm form)
    {
        bool hex = form == NumberForm.Fields ? most >= FirstHexadecimal : form != NumberForm.Decimal;
        string highest = most is long.MaxValue or ulong.MaxValue ? "" : In(most);
        return highest.Length == 0 ? $"{In(least)} or more" : $"{In(least)} to {highest}";

        string In(ulong value) => value < 10 || !hex ? value.ToString(CultureInfo.InvariantCulture) : "0x" + value.ToString("x", CultureInfo.InvariantCulture);
    }

    internal static int ReadInt(YamlNode node, string what, int least, int most) =>
        (int)Read(node, what, (ulong)least, (ulong)most);

    /// <summary>A number whose limits the library checks. Text that is not a number reads as -1, which no option
    /// accepts. A number that is too large reads as the largest.</summary>
    internal static long ReadUnchecked(YamlNode node, long largest) =>
        node is YamlScalar scalar && TryParse(scalar.Text, out ulong value) ? (long)Math.Min(value, (ulong)largest) : -1;

    /// <summary>A number that was read, as its author wrote it; 0 for one that is absent.</summary>
    internal static string Written(YamlNode? node) => node is YamlScalar scalar ? scalar.Text : "0";

    /// <summary>The form of the first number in a value; decimal numbers of one digit tell no form.</summary>
    internal static NumberForm FormOf(YamlNode node) => ScalarsOf(node).Where(text => text.Length > 1 && TryParse(text, out _))
        .Select(NumberForms.Of).FirstOrDefault();

    private static IEnumerable<string> ScalarsOf(YamlNode node) => node switch
    {
        YamlScalar scalar => [scalar.Text],
        YamlSequence list => list.Items.SelectMany(ScalarsOf),
        YamlMapping map => map.Entries.SelectMany(entry => ScalarsOf(entry.Key).Concat(ScalarsOf(entry.Value))),
        _ => [],
    };

    internal static byte ReadVector(YamlNode node) => (byte)Read(node, "a vector", 0, byte.MaxValue);

    internal static long ReadTime(YamlNode node)
    {
        YamlScalar scalar = node.AsScalar(TimeForms);
        string text = scalar.Text;
        string? unit = Units.Words.FirstOrDefault(word => text.EndsWith(word, StringComparison.Ordinal));
        if (unit is null || text.Length > LongestTimeText || !Units.TryFind(unit, out long scale)
            || !decimal.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture, out decimal count))
            throw scalar.Expected(TimeForms);
        if (count > LongestTime / scale)
            throw scalar.Expected("at most 1000s");
        decimal nanoseconds = count * scale;
        return decimal.IsInteger(nanoseconds) ? (long)nanoseconds : throw scalar.Expected("whole nanoseconds");
    }

    /// <summary>A number in the usual format for registers: small ones in decimal, others in hexadecimal.</summary>
    internal static string Show(ulong value) =>
        value < FirstHexadecimal ? value.ToString(CultureInfo.InvariantCulture) : "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    internal static string ShowVector(int vector) => $"0x{vector:x2}";
}
