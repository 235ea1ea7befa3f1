namespace Wirq.Cli;

/// <summary>The command was used in a way that it does not have.</summary>
internal sealed class UsageException(string message) : Exception(message);
