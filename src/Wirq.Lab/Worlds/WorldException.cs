namespace Wirq.Lab.Worlds;

/// <summary>A world cannot go on.</summary>
/// <param name="message">Why.</param>
public class WorldException(string message) : Exception(message)
{
    /// <summary>Whether it tells what becomes of the machine (it never comes to rest, say). Else the run was cut off, and
    /// what would have become of it is not known.</summary>
    public bool IsOutcome { get; init; }
}
