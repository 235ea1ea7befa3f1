namespace Wirq.Traces.Snapshots;

/// <summary>Text of a file that others wrote, for a terminal.</summary>
internal static class PlainText
{
    /// <summary>The text without control characters.</summary>
    internal static string Of(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter));
}
