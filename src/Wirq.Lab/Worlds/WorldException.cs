namespace Wirq.Lab.Worlds;

/// <summary>A world cannot continue.</summary>
/// <param name="message">The cause.</param>
public class WorldException(string message) : Exception(message)
{
    /// <summary>Whether it states the behaviour of the machine (for example that it never comes to rest). If not, the
    /// run was cut off, and its outcome is not known.</summary>
    public bool IsOutcome { get; init; }
}
