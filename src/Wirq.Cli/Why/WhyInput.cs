using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Events;
using Wirq.Traces;
using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary>Brings a file to the engine: a recording, or a log.</summary>
internal static class WhyInput
{
    /// <summary>What <c>wirq why</c> reads.</summary>
    internal const string Kinds = ReplayInput.Log + ", a log of a KVM host, " + LogWhy.OtherKinds;

    private static ReadOnlySpan<byte> Magic => "WIRQREC"u8;

    /// <summary>Reads it.</summary>
    /// <param name="input">The file.</param>
    /// <param name="question">The question; null for what is owed at the end.</param>
    /// <param name="watch">Gets the events instead of the engine, and passes them on to it; null for the engine alone.</param>
    /// <exception cref="UsageException">It cannot be read, or the place of the question cannot be one of it.</exception>
    internal static WhyEngine Read(ReplayInput input, WhyQuestion? question, Func<WhyEngine, IEventSink>? watch = null) => input.Read(() =>
    {
        WhyEngine engine = IsRecording(input) ? ReadRecording(input, input.Name, question, watch) : ReadLog(input, question, watch);
        if (question?.At is { } place && Unfit(place, engine.Stamps) is { } wrong)
            throw new UsageException($"{input.Name}: {wrong}");
        return engine;
    });

    private static bool IsRecording(ReplayInput input)
    {
        using Stream stream = input.Stream();
        Span<byte> first = stackalloc byte[Magic.Length];
        int read = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        return read == first.Length && first.SequenceEqual(Magic);
    }

    private static WhyEngine ReadRecording(ReplayInput input, string file, WhyQuestion? question, Func<WhyEngine, IEventSink>? watch)
    {
        using Stream stream = input.Stream();
        using var reader = new RecordingReader(stream, file);
        var engine = new WhyEngine(reader.Header.Machine, question, reader.Header.Log);
        reader.Named = engine.Name;
        IEventSink sink = watch?.Invoke(engine) ?? engine;
        try
        {
            while (reader.TryRead(out Event happened))
                sink.Observe(happened, 0);
        }
        // The data of a run that was killed is as true as any other, and it is all that is known of its guest.
        catch (RecordingException cut) when (cut.IsCutOff)
        {
            engine.Incomplete = $"The recording is incomplete: it breaks off after {engine.Events} events, at byte {cut.Offset}, and "
                + "what came later is not known";
        }
        return engine;
    }

    /// <summary>Why a place cannot be one of the file; null where it can.</summary>
    internal static string? Unfit(Place place, Stamps stamps)
    {
        string count = stamps.OfLog ? "a line, such as L1234" : "an event, such as event1234";
        if (place.Line > 0 && !stamps.OfLog)
            return $"a recording has no lines; expected {count}";
        if (place.Event > 0 && stamps.OfLog)
            return $"a log has no events that are numbered; expected {count}";
        if (place.IsTime && stamps.Style == StampStyle.None)
            return $"this log has no time stamps; expected {count}";
        return place.IsStamp && stamps.Style == StampStyle.Virtual
            ? $"a recording has virtual time; expected {count}, or a time such as 1500ns, 1.5us, 2ms, 3s" : null;
    }

    private static WhyEngine ReadLog(ReplayInput input, WhyQuestion? question, Func<WhyEngine, IEventSink>? watch) =>
        ReadProgress.Show(progress => LogWhy.Read(input.Stream, input.Name, question, watch, new ReplayOptions { Progress = progress, Reports = false }).Engine);
}
