using Wirq.Traces.Why;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>Writes an answer about a saved state for a person.</summary>
internal static class AnswerText
{
    private const int MostListed = 200;
    private const string Indent = "    ";

    internal static void Write(SnapshotAnswer answer, TextWriter output)
    {
        SnapshotState state = answer.State;
        Wrap(output, "", Headline(answer));
        Wrap(output, "", $"It is {state.What}{(state.Cpus.Count > 0 || !state.IsText ? $"; {Phrase.Count(state.Cpus.Count, "CPU")}" : "")}.");
        output.WriteLine();
        Section(output, "", answer.Of(Standing.Owed));
        Section(output, "Not known:", answer.Of(Standing.NotKnown));
        Section(output, "Under a mask, as the guest may want it:", answer.Of(Standing.Masked));
        Section(output, "In flight, which is no fault by itself; if a file that is saved a second later shows the same, it is one:", answer.Of(Standing.InFlight));
        foreach (SavedFact fact in answer.Facts.Take(MostListed))
            Wrap(output, "", fact.Sentence + (fact.Place is { } place ? $" ({(place.File is null ? "" : $"{place.File}: ")}L{place.Line})" : ""));
        if (answer.Facts.Count > 0)
            output.WriteLine();
        foreach (LimitAnswer limit in state.Limits)
            Wrap(output, "", limit.Sentence);
    }

    private static string Headline(SnapshotAnswer answer) => answer.Verdict switch
    {
        WhyVerdict.NothingOwed => answer.IsPart ? "Nothing of it is owed when this was saved." : "Nothing is owed when this was saved.",
        WhyVerdict.NotTold => "Whether something is owed cannot be told from this.",
        _ => $"{(answer.State.IsText ? "Owed or lost when this was printed" : "Owed when this was saved")}, at {Phrase.Count(answer.Of(Standing.Owed).Count(), "place")}.",
    };

    private static void Section(TextWriter output, string title, IEnumerable<SnapshotFinding> findings)
    {
        SnapshotFinding[] all = [.. findings];
        if (all.Length > 0 && title.Length > 0)
            Wrap(output, "", title);
        foreach (SnapshotFinding one in all.Take(MostListed))
        {
            Wrap(output, "", one.Sentence);
            if (one.Evidence.Count > 0)
                Wrap(output, Indent, string.Join("; ", one.Evidence));
        }
        if (all.Length > MostListed)
            Wrap(output, "", $"And {all.Length - MostListed} more; --json has all.");
        if (all.Length > 0)
            output.WriteLine();
    }

    /// <summary>Names of devices come from the file, so control characters do not pass.</summary>
    internal static void Wrap(TextWriter output, string indent, string text) => WrappedText.Write(output, indent, PlainText.Of(text));
}
