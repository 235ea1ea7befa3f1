using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Wirq;

/// <summary>Checks the fields of an options record against their limits.</summary>
/// <param name="owner">The path of the record, followed by a dot; empty for the one that is validated.</param>
internal readonly struct OptionCheck(string owner)
{
    /// <summary>The longest time that an option may have, in nanoseconds: 1000 s. A 63-bit virtual time does not
    /// overflow when such a time is added to it many times.</summary>
    internal const long MaxDelay = 1_000_000_000_000;

    internal static OptionCheck Whole { get; } = new("");

    /// <summary>The check of a record within this one.</summary>
    internal OptionCheck Of(string field) => new($"{owner}{field}.");

    internal void Range(long value, long least, long most, [CallerArgumentExpression(nameof(value))] string field = "")
    {
        if (value < least || value > most)
            Refuse(field, Text(value), string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"));
    }

    /// <summary>Checks the address of a page of registers: it is aligned, and it exists.</summary>
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
