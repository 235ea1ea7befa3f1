namespace Wirq.Cli.Outputs;

/// <summary>Standard error, where nothing can be said of a failure to write any more: the exit code has to do.</summary>
internal sealed class QuietStream(Stream output) : OutputStream
{
    /// <summary>Standard error as a writer.</summary>
    internal static TextWriter Error() => new StreamWriter(
        new QuietStream(OperatingSystem.IsLinux() ? StandardStream.Error() : Console.OpenStandardError())) { AutoFlush = true };

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            output.Write(buffer);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
        }
    }
}
