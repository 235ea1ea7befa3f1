using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Cli.Shipped;
using Wirq.Cli.Snapshots;
using Wirq.Traces.Dumps;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Qemu;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary><c>wirq why</c> of dumps, and of several inputs of one incident: each is recognised and answered, and what several
/// tell of is said first.</summary>
internal static class WhyIncident
{
    /// <summary>Reads one file, if it is a dump.</summary>
    /// <returns>What it has; null if it is none.</returns>
    internal static DumpParts? Read(ReplayInput input)
    {
        var parts = new DumpParts();
        return TryRead(input, null, parts) ? parts : null;
    }

    /// <summary>Answers about one dump.</summary>
    internal static int RunOne(DumpParts parts, ReplayInput input, string? asked, bool json) =>
        Say([.. DumpAnswers.Of(parts).Select(one => new IncidentPart([input.Name]) { State = one.Answer })], asked, json, [input.Name], parts.Bound);

    /// <summary>Answers about one log that has text of other forms too.</summary>
    /// <param name="logs">The parts that are logs.</param>
    /// <param name="dumps">What else was printed.</param>
    /// <param name="file">The name of the file.</param>
    /// <param name="json">Whether a program reads the answer.</param>
    internal static int RunMixed(IReadOnlyList<IncidentPart> logs, DumpParts dumps, string file, bool json) =>
        Say([.. DumpAnswers.Of(dumps).Select(one => new IncidentPart([file]) { State = one.Answer, Form = WhyMixed.Printed }), .. logs], asked: null, json, [file], dumps.Bound);

    /// <summary>Answers about several files.</summary>
    internal static int Run(IReadOnlyList<string> files, string? asked, bool json)
    {
        const int most = 64;
        if (files.Count > most)
            throw new UsageException($"{files.Count} inputs; expected at most {most} of one incident");
        DemandOnce(files);
        // The last word may be a name that only dumps have, such as port:3@d0 or remapper@0000:00:1f.0.
        string? name = asked is null && !ReplayInput.IsThere(files[^1]) ? files[^1] : null;
        if (name is not null)
            files = [.. files.Take(files.Count - 1)];
        var dumps = new DumpParts();
        List<IncidentPart> whole = [], printed = [];
        foreach (string file in files)
        {
            using var input = ReplayInput.Open(file, WhyInput.Kinds);
            if (ForeignInput.Read(input) is { } state)
            {
                whole.Add(new([file]) { State = SnapshotJudge.Judge(state) });
                continue;
            }
            // In the order of a file that is given alone.
            bool isHost = WhyKvm.Looks(input);
            if (!isHost && TryRead(input, file, dumps))
                continue;
            if (name is not null)
                ReplayInput.Open(name, WhyInput.Kinds).Dispose(); // a log has no such names: it says what is missing
            whole.AddRange(input.Read(() => isHost ? WhyMixed.Of(input, file, WhyKvm.Judge(input), dumps, file) : WhyMixed.Of(input, file, WhyInput.Read(input, null), dumps, file)));
        }
        string[] mixed = [.. whole.Where(part => part.Form is not null).Select(part => part.Title)];
        printed.AddRange(DumpAnswers.Of(dumps).Select(one => new IncidentPart([.. one.Files])
        {
            State = one.Answer,
            Form = one.Files.Count == 1 && mixed.Contains(one.Files.First()) ? WhyMixed.Printed : null,
        }));
        if (name is not null && !printed.Concat(whole).Any(part => part.State!.Findings.Any(finding => finding.Source == name)))
            ReplayInput.Open(name, WhyInput.Kinds).Dispose();
        return Say([.. printed, .. whole], asked ?? name, json, files, dumps.Bound);
    }

    /// <summary>One moment that is given twice would be taken for two, in which nothing moved.</summary>
    private static void DemandOnce(IReadOnlyList<string> files)
    {
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (string file in files)
        {
            string target = File.Exists(file) ? File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(file) : file;
            if (!given.Add(target))
                throw new UsageException($"{file}: is given twice; expected each input of an incident once");
        }
    }

    private static bool TryRead(ReplayInput input, string? label, DumpParts parts) => input.Read(() =>
    {
        if (!DumpRecognition.Looks(input.Stream))
            return false;
        DumpFile.Read(input.Stream, input.Name, label, parts);
        return true;
    });

    private static int Say(IncidentPart[] parts, string? asked, bool json, IReadOnlyList<string> files, string? bound)
    {
        if (asked is not null)
            parts = About(parts, asked, files);
        foreach (string file in files)
            ShippedNote.Write(file, json);
        IncidentAnswer answer = IncidentAnswer.Of(parts);
        if (bound is not null && !json)
        {
            AnswerText.Wrap(Screen.Words(), "", $"{bound}.");
            Console.Out.WriteLine();
        }
        if (parts is [{ State: { } alone }] && files.Count == 1)
        {
            if (json)
                AnswerJson.Write(alone, StandardStreams.Output);
            else
                AnswerText.Write(alone, Screen.Words());
        }
        else if (json)
            IncidentJson.Write(answer, StandardStreams.Output);
        else
            IncidentText.Write(answer, Screen.Words());
        return WhyStatus.Of(answer.Verdict);
    }

    /// <summary>What the parts say of one interrupt.</summary>
    private static IncidentPart[] About(IncidentPart[] parts, string asked, IReadOnlyList<string> files)
    {
        string all = Phrase.All(files, 4);
        if (parts.FirstOrDefault(part => part.State is null) is { } log)
            throw new UsageException($"{log.Title}: is a log or a recording, which is asked about one interrupt alone: wirq why {log.Title} {asked}");
        SnapshotAnswer[] named = [.. parts.Select(part => part.State!.About(asked))];
        if (named.Any(answer => answer.Findings.Count > 0))
            return [.. parts.Zip(named, (part, answer) => part with { State = answer }).Where(part => part.State!.Findings.Count > 0)];
        SnapshotQuestion question = SnapshotQuestion.Parse(asked) ?? throw new UsageException($"{all}: '{asked}' names no interrupt of a state or a dump; expected {SnapshotQuestion.Forms}"
            + Known(parts));
        IncidentPart[] about = [.. parts.Select(part => part with { State = part.State!.About(question) })];
        IncidentPart[] told = [.. about.Where(part => part.State!.Findings.Count + part.State.Facts.Count > 0 || part.State.State.HasChips && question.Missing(part.State.State) is null)];
        return told.Length > 0 ? told : throw new UsageException($"{all}: nothing in it is about {asked}{Known(parts)}");
    }

    private static string Known(IncidentPart[] parts)
    {
        const int most = 40;
        string[] sources = [.. parts.SelectMany(part => part.State!.Findings.Select(finding => finding.Source)).Distinct()];
        return sources.Length == 0 ? "" : $"; it tells of {Phrase.All(sources, most)}";
    }
}
