using System.Globalization;

namespace Wirq.Lab.Scenarios;

/// <summary>How an author wrote a number. Messages about it use the same form.</summary>
internal enum NumberForm
{
    Hexadecimal,
    Decimal,
    Binary,
    /// <summary>By the names of fields; what has none is hexadecimal.</summary>
    Fields,
}

/// <summary>Numbers in the form of their author.</summary>
internal static class NumberForms
{
    /// <summary>The form of a number as written: <c>0x…</c>, <c>0b…</c>, else decimal.</summary>
    internal static NumberForm Of(string written) => written.StartsWith("0x", StringComparison.Ordinal) ? NumberForm.Hexadecimal
        : written.StartsWith("0b", StringComparison.Ordinal) ? NumberForm.Binary : NumberForm.Decimal;

    /// <summary>A number in a form.</summary>
    /// <param name="form">The form.</param>
    /// <param name="value">The number.</param>
    /// <param name="digits">At least so many hexadecimal digits.</param>
    internal static string Show(this NumberForm form, ulong value, int digits = 1) => form switch
    {
        NumberForm.Decimal => value.ToString(CultureInfo.InvariantCulture),
        NumberForm.Binary => "0b" + value.ToString("b", CultureInfo.InvariantCulture),
        _ => "0x" + value.ToString("x" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
    };
}
