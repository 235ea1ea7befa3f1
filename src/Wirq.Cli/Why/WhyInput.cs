using Wirq.Events;
using Wirq.Traces.Recordings;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary>Brings a file to the engine, whatever it is.</summary>
internal static class WhyInput
{
    internal static WhyEngine Read(string file, WhyQuestion? question)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            return ReadRecording(stream, file, question);
        }
        catch (RecordingException bad)
        {
            throw new UsageException(bad.Message);
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: cannot be read: {bad.Message}");
        }
    }

    private static WhyEngine ReadRecording(FileStream stream, string file, WhyQuestion? question)
    {
        if (question?.At is { IsStamp: true })
            throw new UsageException($"{file}: a recording has virtual time; expected L1234, or a time such as 1500ns, 1.5us, 2ms, 3s");
        using var reader = new RecordingReader(stream, file);
        WhyEngine engine;
        try
        {
            engine = new WhyEngine(reader.Header.Machine, question);
        }
        catch (ArgumentException bad)
        {
            throw new UsageException($"{file}: its header describes no machine: {bad.Message}");
        }
        for (long number = 1; reader.TryRead(out Event happened); number++)
            engine.Observe(happened, number);
        return engine;
    }
}
