namespace Wirq.Traces.Why;

/// <summary>The answers, for a person: sentences first, and under them where the log says so.</summary>
public static class WhyText
{
    private const int Width = 80;
    private const string Indent = "    ";

    /// <summary>Writes the answer to a question.</summary>
    public static void Write(IReadOnlyList<SourceAnswer> answers, WhyEngine engine, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(output);
        foreach (SourceAnswer answer in answers)
        {
            if (answer.Earlier.Count > 0)
            {
                string fates = string.Join(", ", answer.Earlier.Select(pair => $"{pair.Count} {FateWords.Of(pair.Fate)}"));
                Wrap(output, "", $"{answer.Source}: {answer.Count} raises. Of the earlier ones: {fates}.");
                output.WriteLine();
            }
            foreach (RaiseAnswer raise in answer.Raises)
                Write(output, raise.Sentences, raise.Evidence, engine);
            foreach (string now in answer.Now)
                Wrap(output, "", now);
            if (answer.Later > 0)
                Wrap(output, "", $"{answer.Later} more {(answer.Later == 1 ? "raise comes" : "raises come")} later.");
            if (answer.Now.Count > 0 || answer.Later > 0)
                output.WriteLine();
        }
    }

    /// <summary>Writes what is owed.</summary>
    public static void Write(OwedList list, WhyEngine engine, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(output);
        if (list.End.IsStart)
            Wrap(output, "", "No line of it tells of an interrupt.");
        else if (list.Owed.Count == 0 && list.Silent.Count == 0)
            Wrap(output, "", $"Nothing is owed at the end, {engine.Stamps.At(list.End)}.");
        else
        {
            Wrap(output, "", $"Owed at the end, {engine.Stamps.At(list.End)}: {Count(list.Owed.Count, "interrupt")}; "
                + $"{Count(list.Silent.Count, "silent CPU")}.");
        }
        if (!engine.KnowsCpus)
            Wrap(output, "", "It does not tell which CPU's lines are whose, so what the local APICs hold is unknown.");
        output.WriteLine();
        foreach (SilentAnswer silent in list.Silent)
            Write(output, silent.Sentences, silent.Evidence, engine);
        foreach (OwedAnswer owed in list.Owed)
            Write(output, owed.Sentences, owed.Evidence, engine);
        foreach (StandingAnswer standing in list.Standing)
            Write(output, standing.Sentences, standing.Evidence, engine);
        if (list.NeverRaised.Count > 0)
            Wrap(output, "", $"Unmasked, and never raised: {string.Join(", ", list.NeverRaised)}.");
        if (list.Unheard.Count > 0)
            Wrap(output, "", $"Raised, and never listened to: {string.Join(", ", list.Unheard)}.");
    }

    private static void Write(TextWriter output, IReadOnlyList<string> sentences, IReadOnlyList<Evidence> evidence, WhyEngine engine)
    {
        Wrap(output, "", string.Join(" ", sentences));
        if (evidence.Count > 0)
            Wrap(output, Indent, string.Join(", ", evidence.Select(one => $"{one.What} {engine.Stamps.At(one.At)}")));
        output.WriteLine();
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static void Wrap(TextWriter output, string indent, string text)
    {
        int column = 0;
        foreach (string word in text.Split(' '))
        {
            if (column > 0 && column + 1 + word.Length > Width)
            {
                output.WriteLine();
                column = 0;
            }
            string before = column == 0 ? indent : " ";
            output.Write(before);
            output.Write(word);
            column += before.Length + word.Length;
        }
        output.WriteLine();
    }
}
