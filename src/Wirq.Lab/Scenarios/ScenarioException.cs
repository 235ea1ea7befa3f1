namespace Wirq.Lab.Scenarios;

/// <summary>A scenario file cannot be read.</summary>
/// <param name="at">The position of the error.</param>
/// <param name="found">What was found there.</param>
/// <param name="expected">What was expected.</param>
public sealed class ScenarioException(FilePosition at, string found, string expected)
    : Exception($"{at}: {found}; expected {expected}")
{
    /// <summary>The position of the error.</summary>
    public FilePosition At { get; } = at;
    /// <summary>What was found there.</summary>
    public string Found { get; } = found;
    /// <summary>What was expected.</summary>
    public string Expected { get; } = expected;
}
