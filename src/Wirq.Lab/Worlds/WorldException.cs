namespace Wirq.Lab.Worlds;

/// <summary>A world cannot go on.</summary>
/// <param name="message">Why.</param>
public class WorldException(string message) : Exception(message)
{
    /// <summary>Whether it states what happens to the machine (for example that it never comes to rest). If not, the
    /// run was cut off, and its outcome is not known.</summary>
    public bool IsOutcome { get; init; }
}
