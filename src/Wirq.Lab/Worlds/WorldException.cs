namespace Wirq.Lab.Worlds;

/// <summary>A world cannot go on.</summary>
/// <param name="message">Why.</param>
public class WorldException(string message) : Exception(message);
