namespace Wirq.Traces.Why;

/// <summary>Writes the answers for a person: sentences first, and under them the lines that show them.</summary>
internal static class WhyText
{
    private const int MostTold = 40;
    private const string Indent = "    ";

    /// <summary>Writes the answer to a question.</summary>
    public static void Write(IReadOnlyList<SourceAnswer> answers, WhyEngine engine, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(output);
        WriteIncomplete(engine, output);
        WriteParted(engine, output);
        foreach (SourceAnswer answer in answers)
        {
            if (answer.Earlier.Count > 0)
            {
                string fates = string.Join(", ", answer.Earlier.Select(pair => $"{pair.Count} {FateWords.Of(pair.Fate)}"));
                WrappedText.Write(output, "", $"{answer.Source}: {Phrase.Count(answer.Count, "raise")}. Of the earlier ones: {fates}.");
                output.WriteLine();
            }
            foreach (RaiseAnswer raise in answer.Raises)
                Write(output, raise.Sentences, raise.Evidence, engine);
            foreach (string now in answer.Now)
                WrappedText.Write(output, "", now);
            if (answer.Later > 0)
                WrappedText.Write(output, "", $"{Phrase.Count(answer.Later, "more raise comes", "more raises come")} later.");
            if (answer.Now.Count > 0 || answer.Later > 0)
                output.WriteLine();
        }
    }

    /// <summary>Writes the interrupts that are owed.</summary>
    public static void Write(OwedList list, WhyEngine engine, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(output);
        WriteParted(engine, output);
        WrappedText.Write(output, "", Headline(list, engine));
        foreach (LimitAnswer limit in list.Limits)
            WrappedText.Write(output, "", limit.Sentence);
        output.WriteLine();
        foreach (BrokenLaw broken in list.Broken)
            Write(output, broken.Sentences, broken.Evidence, engine);
        foreach (StormAnswer storm in list.Storms)
            Write(output, storm.Sentences, storm.Evidence, engine);
        foreach (SilentAnswer silent in list.Silent)
            Write(output, silent.Sentences, silent.Evidence, engine);
        foreach (OwedAnswer owed in list.Owed)
            Write(output, owed.Sentences, owed.Evidence, engine);
        foreach (OwedAnswer unknown in list.Unknown)
            Write(output, unknown.Sentences, unknown.Evidence, engine);
        foreach (StandingAnswer standing in list.Standing)
            Write(output, standing.Sentences, standing.Evidence, engine);
        if (list.NeverRaised.Count > 0)
            WrappedText.Write(output, "", $"Unmasked, and never raised: {string.Join(", ", list.NeverRaised)}.");
        if (list.Unheard.Count > 0)
            WrappedText.Write(output, "", $"Raised, and never listened to: {string.Join(", ", list.Unheard)}.");
        WriteTold(list.Told, output);
        if (list.Masked.Count == 0)
            return;
        if (list.NeverRaised.Count + list.Unheard.Count > 0 && list.Told.Count == 0)
            output.WriteLine();
        WrappedText.Write(output, "", "Under a mask, as the guest may want it:");
        output.WriteLine();
        foreach (OwedAnswer masked in list.Masked)
            Write(output, masked.Sentences, masked.Evidence, engine);
    }

    /// <summary>The verdict, in one sentence.</summary>
    internal static string Headline(OwedList list, WhyEngine engine)
    {
        string end = list.End.IsStart ? "" : $" at the end, {engine.Stamps.At(list.End)}";
        return list.Verdict switch
        {
            WhyVerdict.NothingOwed => $"Nothing is owed{end}.",
            WhyVerdict.NotTold => $"Whether something is owed{end} cannot be told from this.",
            _ => $"Owed{end}: {Phrase.Count(list.Owed.Count, "interrupt")}; {Phrase.Count(list.Silent.Count, "silent CPU")}.",
        };
    }

    /// <summary>If the chips and the log differ, the answers after the difference are those of the chips.</summary>
    internal static IEnumerable<string> Differences(WhyEngine engine)
    {
        if (engine.Parted is { Count: > 0 } parted)
        {
            yield return $"The chips and the log part {Phrase.Times(parted.Count)}, first at {engine.Stamps.Place(parted.First)}; "
                + "wirq replay shows where. What follows is what the chips make of it.";
        }
        if (engine.NotJudged is { Count: > 0 } open)
        {
            yield return $"The chips and the log differ {Phrase.Times(open.Count)}, first at {engine.Stamps.Place(open.First)}, and the log "
                + "lacks what would decide it: that is no disagreement. What follows is what the chips make of it, and may not be "
                + "what happened.";
        }
    }

    private static void WriteParted(WhyEngine engine, TextWriter output)
    {
        foreach (string difference in Differences(engine))
        {
            WrappedText.Write(output, "", difference);
            output.WriteLine();
        }
    }

    private static void WriteTold(IReadOnlyList<ToldAnswer> told, TextWriter output)
    {
        if (told.Count == 0)
            return;
        WrappedText.Write(output, "", "Raised, sent and taken, as far as it tells:");
        foreach (ToldAnswer one in told.Take(MostTold))
            WrappedText.Write(output, Indent, $"{one.Source} {one.What}");
        if (told.Count > MostTold)
            WrappedText.Write(output, Indent, $"and {Phrase.Count(told.Count - MostTold, "more source")}");
        output.WriteLine();
    }

    private static void WriteIncomplete(WhyEngine engine, TextWriter output)
    {
        if (engine.Incomplete is not { } cut)
            return;
        WrappedText.Write(output, "", $"{cut}.");
        output.WriteLine();
    }

    private static void Write(TextWriter output, IReadOnlyList<string> sentences, IReadOnlyList<Evidence> evidence, WhyEngine engine)
    {
        WrappedText.Write(output, "", string.Join(" ", sentences));
        if (evidence.Count > 0)
            WrappedText.Write(output, Indent, string.Join(", ", evidence.Select(one => $"{one.What} {engine.Stamps.At(one.At)}")));
        output.WriteLine();
    }
}
