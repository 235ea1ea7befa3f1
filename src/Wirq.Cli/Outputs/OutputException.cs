namespace Wirq.Cli.Outputs;

/// <summary>Something cannot be written: standard output, or a file that the command was to make.</summary>
/// <param name="what">What, as messages call it.</param>
/// <param name="why">Why.</param>
/// <param name="readerGone">Whether nobody wants it any more, as where it goes to <c>head</c>.</param>
internal sealed class OutputException(string what, string why, bool readerGone = false) : IOException($"{what} cannot be written: {why}")
{
    internal bool ReaderGone => readerGone;
}
