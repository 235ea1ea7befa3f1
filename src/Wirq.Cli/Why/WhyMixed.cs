using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Cli.Timelines;
using Wirq.Traces.Dumps;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary>A log that has lines of other forms too, as people paste them: each form is read, and has its answer beside the log's, as if it
/// were in a file of its own.</summary>
internal static class WhyMixed
{
    /// <summary>What the parts of such a file are called.</summary>
    internal const string Records = "records of KVM", Events = "events of QEMU", Printed = "what was printed";

    /// <summary>The parts of a log of a KVM host.</summary>
    /// <param name="input">The file.</param>
    /// <param name="file">Its name.</param>
    /// <param name="host">The answer about its records.</param>
    /// <param name="dumps">Gains what was printed.</param>
    /// <param name="label">The name of the file at places; null where no other is about.</param>
    internal static IReadOnlyList<IncidentPart> Of(ReplayInput input, string file, KvmAnswer host, DumpParts dumps, string? label)
    {
        if (host.Survey.LeftOut is not { } left)
            return [new([file]) { Host = host }];
        string reason = "";
        WhyEngine? engine = left.Events == 0 ? null : Try(() => ReadEvents(input), ref reason);
        bool printed = TryPrinted(input, left, dumps, label, ref reason);
        if (engine is null && !printed)
            return [new([file]) { Host = host.Beside(left with { Reason = reason }) }];
        host = host.Beside(left.Without(engine is not null, printed) is { } rest ? rest with { Reason = reason } : null);
        List<IncidentPart> parts = [new([file]) { Host = host, Form = Records }];
        if (engine is not null)
            parts.Add(new([file]) { Log = (Owed(engine, null), engine), Form = Events });
        return parts;
    }

    /// <summary>The parts of a log of QEMU, or of a recording.</summary>
    /// <param name="input">The file.</param>
    /// <param name="file">Its name.</param>
    /// <param name="engine">Followed its events.</param>
    /// <param name="dumps">Gains what was printed.</param>
    /// <param name="label">The name of the file at places; null where no other is about.</param>
    internal static IReadOnlyList<IncidentPart> Of(ReplayInput input, string file, WhyEngine engine, DumpParts dumps, string? label)
    {
        if (engine.LeftOut is not { } left)
            return [new([file]) { Log = (engine.Owed(), engine) }];
        string reason = "";
        KvmAnswer? host = left.Events == 0 ? null : Try(() => KvmJudge.Read(input.Stream, input.Name), ref reason);
        bool printed = TryPrinted(input, left, dumps, label, ref reason);
        if (host is null && !printed)
            return [new([file]) { Log = (Owed(engine, left with { Reason = reason }), engine) }];
        OwedList owed = Owed(engine, left.Without(host is not null, printed) is { } rest ? rest with { Reason = reason } : null);
        List<IncidentPart> parts = [new([file]) { Log = (owed, engine), Form = Events }];
        if (host is not null)
            parts.Insert(0, new([file]) { Host = host.Beside(null), Form = Records });
        return parts;
    }

    /// <summary>Answers about each form of a file that has several.</summary>
    /// <param name="parts">The parts of the file that are logs.</param>
    /// <param name="dumps">What else was printed.</param>
    /// <param name="file">The name of the file.</param>
    /// <param name="json">Whether a program reads the answer.</param>
    /// <param name="picture">The picture that was asked for; null for none.</param>
    /// <param name="drawn">Where it goes.</param>
    /// <param name="status">The exit status.</param>
    /// <returns>False if the file has one form.</returns>
    internal static bool TryAnswer(IReadOnlyList<IncidentPart> parts, DumpParts dumps, string file, bool json, Picture? picture, TimelineFile? drawn, out int status)
    {
        status = CommandLine.Success;
        if (parts is not [{ Form: not null }, ..])
            return false;
        status = WhyIncident.RunMixed(parts, dumps, file, json);
        if (picture is not null)
            status = drawn!.Complete(picture, status);
        return true;
    }

    private static OwedList Owed(WhyEngine engine, LeftOutLines? left)
    {
        engine.LeftOut = left;
        return engine.Owed();
    }

    private static WhyEngine ReadEvents(ReplayInput input) =>
        LogWhy.Read(input.Stream, input.Name, question: null, watch: null, new ReplayOptions { Reports = false }).Engine;

    /// <summary>Nothing of a dump is kept of which a line is damaged, so it is read on trial first.</summary>
    private static bool TryPrinted(ReplayInput input, LeftOutLines left, DumpParts dumps, string? label, ref string reason)
    {
        if (left.Printed == 0 || Try(() => Read(new DumpParts { CountsRead = dumps.CountsRead }), ref reason) is null)
            return false;
        Read(dumps);
        return true;

        DumpParts Read(DumpParts into)
        {
            DumpFile.Read(input.Stream, input.Name, label, into, isMixed: true);
            return into;
        }
    }

    /// <summary>Reads what is beside a log. Where it cannot be read, the log has its answer all the same.</summary>
    private static T? Try<T>(Func<T> read, ref string reason)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception bad) when (bad is TraceException or KvmFileException or DumpException)
        {
            reason = reason.Length == 0 ? bad.Message : $"{reason}; {bad.Message}";
            return null;
        }
    }
}
