namespace Wirq.Cli.Outputs;

/// <summary>An output cannot be written: standard output, or a file that the command creates.</summary>
/// <param name="what">The name of the output in messages.</param>
/// <param name="why">The cause.</param>
/// <param name="readerGone">Whether the reader has closed the pipe, as <c>head</c> does.</param>
internal sealed class OutputException(string what, string why, bool readerGone = false) : IOException($"{what} cannot be written: {why}")
{
    internal bool ReaderGone => readerGone;
}
