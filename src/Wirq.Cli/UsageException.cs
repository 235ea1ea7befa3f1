namespace Wirq.Cli;

/// <summary>The command was used incorrectly.</summary>
internal sealed class UsageException(string message) : Exception(message);
