using Wirq.Events.Shadows;

namespace Wirq.Traces.Snapshots;

/// <summary>Where a file holds a value.</summary>
/// <param name="Device">The device or record, as the file names it.</param>
/// <param name="Field">Its field, as the file or the public header names it.</param>
/// <param name="Offset">The byte; of a gzip file, after decompression.</param>
internal sealed record ValuePlace(string Device, string Field, long Offset)
{
    /// <summary>The line, from 1, of a text; 0 where the file is none, and the byte says it.</summary>
    internal long Line { get; init; }
    /// <summary>The file, where an answer is about several; else null.</summary>
    internal string? File { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{(File is null ? "" : $"{File}: ")}{Device} {Field}".TrimEnd() + (Line > 0 ? $", L{Line}" : $", byte {Offset}");
}

/// <summary>A value that a file holds; unknown where it does not. Unknown is never the reset value.</summary>
/// <param name="Value">The value; without meaning while it is not known.</param>
/// <param name="Place">Where it stands; null while it is not known.</param>
internal readonly record struct Told<T>(T Value, ValuePlace? Place)
    where T : struct
{
    internal bool IsKnown => Place is not null;

    /// <summary>A value that is derived from this one, and stands where this one does.</summary>
    internal Told<TOther> As<TOther>(Func<T, TOther> derive)
        where TOther : struct => IsKnown ? new(derive(Value), Place) : default;

    /// <summary>A yes or no about the value.</summary>
    internal Fact Is(Func<T, bool> test) => IsKnown ? Facts.Of(test(Value)) : Fact.Unknown;
}
