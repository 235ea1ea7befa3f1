using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps.Text;

/// <summary>One line of a text that somebody printed and pasted.</summary>
/// <param name="File">The file, where an answer is about several; else null.</param>
/// <param name="Number">Its number, from 1; of several that were joined, the first.</param>
/// <param name="Text">The line without prompts, quotation marks and terminal codes.</param>
/// <param name="IsLast">Whether the file ends with it, so that it may be cut off.</param>
internal readonly record struct DumpLine(string? File, long Number, string Text, bool IsLast)
{
    /// <summary>Where a value stands that is in this line.</summary>
    internal ValuePlace Place(string device, string field) => new(device, field, 0) { Line = Number, File = File };
}
