using System.Text;
using Wirq.Traces.Dumps;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>Answers about texts as people paste them.</summary>
internal static class Pasted
{
    /// <summary>The answers about one file.</summary>
    internal static SnapshotAnswer[] Answers(string text, string file = "dump.txt")
    {
        Stream Open() => new MemoryStream(Encoding.UTF8.GetBytes(text), writable: false);
        Assert.True(DumpRecognition.Looks(Open), "it is not known as a dump");
        var parts = new DumpParts();
        DumpFile.Read(Open, file, null, parts);
        return [.. DumpAnswers.Of(parts).Select(one => one.Answer)];
    }

    /// <summary>The one answer about a file.</summary>
    internal static SnapshotAnswer Answer(string text, string file = "dump.txt") => Assert.Single(Answers(text, file));

    /// <summary>The answer about several files, by their names.</summary>
    internal static IncidentAnswer Incident(params (string File, string Text)[] files)
    {
        var parts = new DumpParts();
        foreach ((string file, string text) in files)
            DumpFile.Read(() => new MemoryStream(Encoding.UTF8.GetBytes(text), writable: false), file, file, parts);
        return IncidentAnswer.Of([.. DumpAnswers.Of(parts).Select(one => new IncidentPart([.. one.Files]) { State = one.Answer })]);
    }

    /// <summary>Whether a text is known as a dump.</summary>
    internal static bool Looks(string text) => DumpRecognition.Looks(() => new MemoryStream(Encoding.UTF8.GetBytes(text), writable: false));

    /// <summary>The findings, in short.</summary>
    internal static string[] Findings(this SnapshotAnswer answer) => [.. answer.Findings.Select(one => $"{one.Standing} {one.Source} {one.Gate}")];

    /// <summary>All that is said, in one string.</summary>
    internal static string Said(this SnapshotAnswer answer) =>
        string.Join('\n', answer.Findings.Select(one => one.Sentence).Concat(answer.Facts.Select(fact => fact.Sentence)).Concat(answer.State.Limits.Select(limit => limit.Sentence)));
}
