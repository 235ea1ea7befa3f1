namespace Wirq.Traces.Dumps.Text;

/// <summary>Reads the lines of one kind of dump. A line that it does not take whole changes nothing in it.</summary>
internal abstract class DumpReader
{
    /// <summary>What was expected where the last line stopped to fit.</summary>
    internal string Expected { get; private protected set; } = "";

    /// <summary>Offers a line.</summary>
    internal abstract Fit Take(in DumpLine line);

    /// <summary>Says that a line of its form is cut off.</summary>
    internal virtual void Cut(in DumpLine line)
    {
    }

    /// <summary>Says that another kind of dump goes on.</summary>
    internal virtual void Leave()
    {
    }

    /// <summary>Says that the file has ended.</summary>
    internal virtual void End() => Leave();

    /// <summary>The fit of a scanned line, whose expectation is kept.</summary>
    private protected Fit Of(in LineScanner scanner)
    {
        Expected = scanner.Expected;
        return scanner.Fit;
    }
}
