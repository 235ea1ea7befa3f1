namespace Wirq.Lab.Scenarios;

/// <summary>A scenario file cannot be read.</summary>
/// <param name="at">Where.</param>
/// <param name="found">What stands there.</param>
/// <param name="expected">What was expected.</param>
public sealed class ScenarioException(FilePosition at, string found, string expected)
    : Exception($"{at}: {found}; expected {expected}")
{
    /// <summary>Where.</summary>
    public FilePosition At { get; } = at;
    /// <summary>What stands there.</summary>
    public string Found { get; } = found;
    /// <summary>What was expected.</summary>
    public string Expected { get; } = expected;
}
