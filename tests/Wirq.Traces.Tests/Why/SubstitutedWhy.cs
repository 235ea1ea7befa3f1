using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>What is asked of a substituted file that was read, and answered in both forms.</summary>
internal static class SubstitutedWhy
{
    /// <summary>A question; null for all that is owed.</summary>
    internal static WhyQuestion? Question(Random random) =>
        random.Next(2) == 0 ? null : WhyQuestion.Parse(random.Next(2) == 0 ? "gsi:4" : "ioapic:4@L100", out _);

    internal static void Answer(WhyEngine engine, WhyQuestion? question)
    {
        if (question is null)
        {
            WhyText.Write(engine.Owed(), engine, TextWriter.Null);
            WhyJson.Write(engine.Owed(), engine, Stream.Null);
        }
        else if (engine.Answer() is { } answers)
        {
            WhyText.Write(answers, engine, TextWriter.Null);
            WhyJson.Write(answers, engine, Stream.Null);
        }
    }
}
