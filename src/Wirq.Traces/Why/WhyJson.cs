using System.Text.Json;

namespace Wirq.Traces.Why;

/// <summary>Writes the answers for a program.</summary>
internal static class WhyJson
{
    /// <summary>Writes the answer to a question.</summary>
    public static void Write(IReadOnlyList<SourceAnswer> answers, WhyEngine engine, Stream output) => Document(output, engine, json =>
    {
        json.WriteStartArray("sources");
        foreach (SourceAnswer answer in answers)
        {
            json.WriteStartObject();
            json.WriteString("source", answer.Source.ToString());
            json.WriteNumber("count", answer.Count);
            json.WriteNumber("later", answer.Later);
            json.WriteStartObject("earlier");
            foreach ((Fate fate, long count) in answer.Earlier)
                json.WriteNumber(Word(fate), count);
            json.WriteEndObject();
            json.WriteStartArray("raises");
            foreach (RaiseAnswer raise in answer.Raises)
                Write(json, raise, engine);
            json.WriteEndArray();
            json.WriteStrings("now", answer.Now);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    /// <summary>Writes the interrupts that are owed.</summary>
    public static void Write(OwedList list, WhyEngine engine, Stream output) => Document(output, engine, json =>
    {
        json.WriteString("verdict", Word(list.Verdict));
        json.WriteMark("end", list.End, engine.Stamps);
        json.WriteStartArray("brokenLaws");
        foreach (BrokenLaw broken in list.Broken)
        {
            json.WriteStartObject();
            json.WriteString("law", broken.Law);
            json.WriteNumber("count", broken.Count);
            json.WriteMark("at", broken.First, engine.Stamps);
            json.WriteString("source", broken.Source.ToString());
            json.WriteStrings("sentences", broken.Sentences);
            json.WriteEvidence(broken.Evidence, engine.Stamps);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("storms");
        foreach (StormAnswer storm in list.Storms)
        {
            json.WriteStartObject();
            json.WriteString("source", storm.Source.ToString());
            json.WriteNumber("count", storm.Count);
            json.WriteOptional("perSecond", storm.PerSecond ?? -1);
            json.WriteMark("first", storm.First, engine.Stamps);
            json.WriteMark("last", storm.Last, engine.Stamps);
            json.WriteStrings("sentences", storm.Sentences);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Write(json, "owed", list.Owed, engine);
        json.WriteStartArray("silent");
        foreach (SilentAnswer silent in list.Silent)
        {
            json.WriteStartObject();
            json.WriteNumber("cpu", silent.Cpu);
            json.WriteMark("since", silent.Since, engine.Stamps);
            json.WriteStrings("owed", silent.Owed.Select(source => source.ToString()));
            json.WriteStrings("sentences", silent.Sentences);
            json.WriteEvidence(silent.Evidence, engine.Stamps);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("standing");
        foreach (StandingAnswer standing in list.Standing)
        {
            json.WriteStartObject();
            json.WriteString("source", standing.Source.ToString());
            json.WriteMark("since", standing.Since, engine.Stamps);
            json.WriteStrings("sentences", standing.Sentences);
            json.WriteEvidence(standing.Evidence, engine.Stamps);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStrings("neverRaised", list.NeverRaised.Select(source => source.ToString()));
        json.WriteStrings("unheard", list.Unheard.Select(source => source.ToString()));
        Write(json, "unknown", list.Unknown, engine);
        Write(json, "masked", list.Masked, engine);
        WriteLimits(json, list.Limits);
        json.WriteTold(list.Told, engine.Stamps);
    });

    /// <summary>Writes what the input does not show, and what to record instead.</summary>
    internal static void WriteLimits(Utf8JsonWriter json, IReadOnlyList<LimitAnswer> limits) => json.WriteEach("limits", limits, static (json, limit) =>
    {
        json.WriteString("what", limit.What);
        json.WriteString("record", limit.Record);
    });

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<OwedAnswer> answers, WhyEngine engine)
    {
        json.WriteStartArray(name);
        foreach (OwedAnswer owed in answers)
        {
            json.WriteStartObject();
            json.WriteString("source", owed.Source.ToString());
            json.WriteMark("at", owed.At, engine.Stamps);
            json.WriteString("fate", Word(owed.Fate));
            json.WriteString("gate", Word(owed.Gate));
            json.WriteMark("since", owed.Since, engine.Stamps);
            json.WriteOptional("cpu", owed.Cpu);
            json.WriteOptional("vector", owed.Vector);
            json.WriteStrings("sentences", owed.Sentences);
            json.WriteEvidence(owed.Evidence, engine.Stamps);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Document(Stream output, WhyEngine engine, Action<Utf8JsonWriter> write)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(output);
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteBoolean("knowsCpus", engine.KnowsCpus);
        json.WriteBoolean("tellsTaking", engine.TellsTaking);
        if (engine.Incomplete is { } cut)
            json.WriteString("incomplete", cut);
        Differences(json, "parted", engine.Parted, engine.Stamps.OfLog);
        Differences(json, "notJudged", engine.NotJudged, engine.Stamps.OfLog);
        write(json);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void Differences(Utf8JsonWriter json, string name, (long Count, Mark First) found, bool ofLog)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", found.Count);
        // The position of the difference has a time, but that is not the time of the line.
        json.WriteOptional("line", found.Count > 0 && ofLog ? found.First.Line : -1);
        json.WriteOptional("event", found.Count > 0 && !ofLog ? found.First.Event : -1);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RaiseAnswer raise, WhyEngine engine)
    {
        json.WriteStartObject();
        json.WriteMark("at", raise.At, engine.Stamps);
        json.WriteString("fate", Word(raise.Fate));
        json.WriteString("gate", Word(raise.Gate));
        json.WriteMark("since", raise.Since, engine.Stamps);
        json.WriteNumber("attempts", raise.Attempts);
        json.WriteStartArray("deliveries");
        foreach (DeliveryAnswer one in raise.Deliveries)
        {
            json.WriteStartObject();
            json.WriteOptional("cpu", one.Cpu);
            json.WriteNumber("vector", one.Vector);
            json.WriteBoolean("merged", one.Merged);
            json.WriteMark("accepted", one.Accepted, engine.Stamps);
            json.WriteMark("taken", one.Taken, engine.Stamps);
            json.WriteMark("ended", one.Ended, engine.Stamps);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStrings("sentences", raise.Sentences);
        json.WriteEvidence(raise.Evidence, engine.Stamps);
        json.WriteEndObject();
    }

    internal static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
