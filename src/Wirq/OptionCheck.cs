using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Wirq;

/// <summary>Holds the fields of a record of options to their limits.</summary>
/// <param name="owner">The path of the record, with a dot behind it; empty for the one that is validated.</param>
internal readonly struct OptionCheck(string owner)
{
    /// <summary>The longest time that an option may name, in nanoseconds: 1000 s. So long a time can be added to virtual
    /// time again and again, and 63 bits hold it.</summary>
    internal const long MaxDelay = 1_000_000_000_000;

    internal static OptionCheck Whole { get; } = new("");

    /// <summary>The check of a record within this one.</summary>
    internal OptionCheck Of(string field) => new($"{owner}{field}.");

    internal void Range(long value, long least, long most, [CallerArgumentExpression(nameof(value))] string field = "")
    {
        if (value < least || value > most)
            Refuse(field, Text(value), string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"));
    }

    /// <summary>The address of a page of registers: whole, and one that exists.</summary>
    /// <param name="value">The address.</param>
    /// <param name="bits">How many bits physical addresses have.</param>
    /// <param name="field">Its name.</param>
    internal void Page(ulong value, int bits, [CallerArgumentExpression(nameof(value))] string field = "") =>
        That(value % Fabric.PageSize == 0 && value >> bits == 0, $"0x{value:x}",
            $"a multiple of 0x1000 below 2^{bits}", field);

    internal void Defined<T>(T value, [CallerArgumentExpression(nameof(value))] string field = "") where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
            Refuse(field, value.ToString(), $"one of {string.Join(", ", Enum.GetNames<T>())}");
    }

    internal void Present([NotNull] object? value, [CallerArgumentExpression(nameof(value))] string field = "")
    {
        if (value is null)
            Refuse(field, "null", "a value");
    }

    internal void That(bool holds, string found, string expected, string field)
    {
        if (!holds)
            Refuse(field, found, expected);
    }

    [DoesNotReturn]
    private void Refuse(string field, string found, string expected) => throw new OptionException(owner + field, found, expected);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
