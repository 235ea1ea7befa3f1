namespace Wirq;

/// <summary>A field of options is out of its range, or does not fit another.</summary>
/// <remarks>Every record of options has a <c>Validate</c>, which throws this; whatever is built of it calls that before
/// anything is built. A reader of files calls it too, and says where the field stands in its file.</remarks>
/// <param name="field">Its path from the record that was validated, such as <c>IoApics[1].Pins</c>.</param>
/// <param name="found">What stands there.</param>
/// <param name="expected">What may stand there.</param>
public sealed class OptionException(string field, string found, string expected) : ArgumentOutOfRangeException(field)
{
    /// <summary>The field, by its path from the record that was validated.</summary>
    public string Field { get; } = field;

    /// <summary>What stands there.</summary>
    public string Found { get; } = found;

    /// <summary>What may stand there: a range, or what another field asks of it.</summary>
    public string Expected { get; } = expected;

    /// <inheritdoc/>
    public override string Message => $"{Field} is {Found}; expected {Expected}";
}
