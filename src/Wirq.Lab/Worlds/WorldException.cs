namespace Wirq.Lab.Worlds;

/// <summary>A world cannot go on.</summary>
/// <param name="message">Why.</param>
public sealed class WorldException(string message) : Exception(message);
