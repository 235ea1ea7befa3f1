using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Dumps.Incidents;

/// <summary>Writes the answer about an incident for a person: the verdict, what several files tell of, and then each
/// part.</summary>
internal static class IncidentText
{
    internal static void Write(IncidentAnswer answer, TextWriter output)
    {
        if (answer.Parts.Count > 1)
            Headline(answer, output);
        foreach (IncidentLink link in answer.Links)
            AnswerText.Wrap(output, "", link.Sentence);
        if (answer.Links.Count > 0)
            output.WriteLine();
        for (int part = 0; part < answer.Parts.Count; part++)
        {
            if (part > 0)
                output.WriteLine();
            IncidentPart one = answer.Parts[part];
            AnswerText.Wrap(output, "", $"== {one.Title}{(one.Form is null ? "" : $": {one.Form}")} ==");
            if (one.State is { } state)
                AnswerText.Write(state, output);
            if (one.Host is { } host)
                KvmAnswerText.Write(host, output);
            if (one.Log is { } log)
                WhyText.Write(log.List, log.Engine, output);
        }
    }

    private static void Headline(IncidentAnswer answer, TextWriter output)
    {
        int owed = answer.Parts.Count(part => part.Verdict == WhyVerdict.Owed);
        AnswerText.Wrap(output, "", answer.Verdict switch
        {
            WhyVerdict.NothingOwed => "Nothing is owed by any of these.",
            WhyVerdict.NotTold => "Whether something is owed cannot be told from these.",
            _ => $"Owed or lost, by {owed} of {Phrase.Count(answer.Parts.Count, "part")}.",
        });
        output.WriteLine();
    }
}
