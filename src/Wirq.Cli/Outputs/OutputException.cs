namespace Wirq.Cli.Outputs;

/// <summary>An output cannot be written: standard output, or a file that the command creates.</summary>
/// <param name="what">The name of the output in messages.</param>
/// <param name="why">The cause.</param>
internal sealed class OutputException(string what, string why) : IOException($"{what} cannot be written: {why}");
