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
            Strings(json, "now", answer.Now);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    /// <summary>Writes the interrupts that are owed.</summary>
    public static void Write(OwedList list, WhyEngine engine, Stream output) => Document(output, engine, json =>
    {
        json.WriteString("verdict", Word(list.Verdict));
        Write(json, "end", list.End, engine);
        json.WriteStartArray("brokenLaws");
        foreach (BrokenLaw broken in list.Broken)
        {
            json.WriteStartObject();
            json.WriteString("law", broken.Law);
            json.WriteNumber("count", broken.Count);
            Write(json, "at", broken.First, engine);
            json.WriteString("source", broken.Source.ToString());
            Strings(json, "sentences", broken.Sentences);
            Write(json, broken.Evidence, engine);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("storms");
        foreach (StormAnswer storm in list.Storms)
        {
            json.WriteStartObject();
            json.WriteString("source", storm.Source.ToString());
            json.WriteNumber("count", storm.Count);
            Number(json, "perSecond", storm.PerSecond ?? -1);
            Write(json, "first", storm.First, engine);
            Write(json, "last", storm.Last, engine);
            Strings(json, "sentences", storm.Sentences);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Write(json, "owed", list.Owed, engine);
        json.WriteStartArray("silent");
        foreach (SilentAnswer silent in list.Silent)
        {
            json.WriteStartObject();
            json.WriteNumber("cpu", silent.Cpu);
            Write(json, "since", silent.Since, engine);
            Strings(json, "owed", silent.Owed.Select(source => source.ToString()));
            Strings(json, "sentences", silent.Sentences);
            Write(json, silent.Evidence, engine);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("standing");
        foreach (StandingAnswer standing in list.Standing)
        {
            json.WriteStartObject();
            json.WriteString("source", standing.Source.ToString());
            Write(json, "since", standing.Since, engine);
            Strings(json, "sentences", standing.Sentences);
            Write(json, standing.Evidence, engine);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Strings(json, "neverRaised", list.NeverRaised.Select(source => source.ToString()));
        Strings(json, "unheard", list.Unheard.Select(source => source.ToString()));
        Write(json, "unknown", list.Unknown, engine);
        Write(json, "masked", list.Masked, engine);
        WriteLimits(json, list, engine);
    });

    /// <summary>Writes what the input does not show, and what to record instead.</summary>
    internal static void WriteLimits(Utf8JsonWriter json, IReadOnlyList<LimitAnswer> limits) => json.WriteEach("limits", limits, static (json, limit) =>
    {
        json.WriteString("what", limit.What);
        json.WriteString("record", limit.Record);
    });

    private static void WriteLimits(Utf8JsonWriter json, OwedList list, WhyEngine engine)
    {
        WriteLimits(json, list.Limits);
        json.WriteStartArray("told");
        foreach (ToldAnswer told in list.Told)
        {
            json.WriteStartObject();
            json.WriteString("source", told.Source);
            json.WriteNumber("count", told.Count);
            Write(json, "first", told.First, engine);
            Write(json, "last", told.Last, engine);
            json.WriteString("what", told.What);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<OwedAnswer> answers, WhyEngine engine)
    {
        json.WriteStartArray(name);
        foreach (OwedAnswer owed in answers)
        {
            json.WriteStartObject();
            json.WriteString("source", owed.Source.ToString());
            Write(json, "at", owed.At, engine);
            json.WriteString("fate", Word(owed.Fate));
            json.WriteString("gate", Word(owed.Gate));
            Write(json, "since", owed.Since, engine);
            Number(json, "cpu", owed.Cpu);
            Number(json, "vector", owed.Vector);
            Strings(json, "sentences", owed.Sentences);
            Write(json, owed.Evidence, engine);
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
        Number(json, "line", found.Count > 0 && ofLog ? found.First.Line : -1);
        Number(json, "event", found.Count > 0 && !ofLog ? found.First.Event : -1);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RaiseAnswer raise, WhyEngine engine)
    {
        json.WriteStartObject();
        Write(json, "at", raise.At, engine);
        json.WriteString("fate", Word(raise.Fate));
        json.WriteString("gate", Word(raise.Gate));
        Write(json, "since", raise.Since, engine);
        json.WriteNumber("attempts", raise.Attempts);
        json.WriteStartArray("deliveries");
        foreach (DeliveryAnswer one in raise.Deliveries)
        {
            json.WriteStartObject();
            Number(json, "cpu", one.Cpu);
            json.WriteNumber("vector", one.Vector);
            json.WriteBoolean("merged", one.Merged);
            Write(json, "accepted", one.Accepted, engine);
            Write(json, "taken", one.Taken, engine);
            Write(json, "ended", one.Ended, engine);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Strings(json, "sentences", raise.Sentences);
        Write(json, raise.Evidence, engine);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<Evidence> evidence, WhyEngine engine)
    {
        json.WriteStartArray("evidence");
        foreach (Evidence one in evidence)
        {
            json.WriteStartObject();
            json.WriteString("what", one.What);
            Place(json, one.At, engine);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, Mark? mark, WhyEngine engine)
    {
        if (mark is not { } at)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        Place(json, at, engine);
        json.WriteEndObject();
    }

    private static void Place(Utf8JsonWriter json, Mark mark, WhyEngine engine)
    {
        bool ofLog = engine.Stamps.OfLog;
        Number(json, "line", ofLog ? mark.Line : -1);
        Number(json, "event", ofLog ? -1 : mark.Event);
        if (!engine.Stamps.HasTime)
            json.WriteNull("time");
        else
            json.WriteString("time", engine.Stamps.Time(mark));
    }

    private static void Number(Utf8JsonWriter json, string name, long number)
    {
        if (number < 0)
            json.WriteNull(name);
        else
            json.WriteNumber(name, number);
    }

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    internal static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
