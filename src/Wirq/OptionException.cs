namespace Wirq;

/// <summary>A field of options is out of its range, or does not fit another.</summary>
/// <remarks>Every options record has a <c>Validate</c> that throws this. A constructor calls it before anything is
/// built. A reader of files calls it too, and adds the position of the field in its file.</remarks>
/// <param name="field">Its path from the record that was validated, such as <c>IoApics[1].Pins</c>.</param>
/// <param name="found">The value that it has.</param>
/// <param name="expected">The values that it may have.</param>
public sealed class OptionException(string field, string found, string expected) : ArgumentOutOfRangeException(field)
{
    /// <summary>The field, by its path from the record that was validated.</summary>
    public string Field { get; } = field;

    /// <summary>The value that the field has.</summary>
    public string Found { get; } = found;

    /// <summary>The values that it may have: a range, or what another field requires.</summary>
    public string Expected { get; } = expected;

    /// <inheritdoc/>
    public override string Message => $"{Field} is {Found}; expected {Expected}";
}
