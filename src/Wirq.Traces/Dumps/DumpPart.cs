using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Dumps;

/// <summary>What belongs together in dumps: the chips of one machine at one moment, or one kernel's messages. It may come
/// from several files.</summary>
/// <param name="format">The format as a program reads it.</param>
/// <param name="what">What it is, in words.</param>
internal sealed class DumpPart(string format, string what)
{
    /// <summary>More findings of one part than this are counted only.</summary>
    internal const int MostFindings = 10_000;

    private const int MostFacts = 4096, MostLimits = 256;

    private readonly List<SnapshotFinding> _findings = [];
    private readonly HashSet<string> _has = new(StringComparer.Ordinal), _files = new(StringComparer.Ordinal), _lacks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);
    private long _more;

    /// <summary>The chips, for the judge.</summary>
    internal SnapshotState State { get; } = new() { File = "", Format = format, What = what, IsText = true };

    /// <summary>The files that it comes from, in order.</summary>
    internal IReadOnlyCollection<string> Files => _files;

    /// <summary>Notes a file.</summary>
    internal void From(string? file)
    {
        if (file is not null)
            _files.Add(file);
    }

    /// <summary>Whether the text itself says something of an interrupt.</summary>
    internal bool HasFound => _findings.Count > 0;

    /// <summary>Whether a piece of it, such as <c>cpu 1</c>, is there.</summary>
    internal bool Has(string piece) => _has.Contains(piece);

    /// <summary>Notes a piece.</summary>
    /// <returns>False if it is there already.</returns>
    internal bool Note(string piece) => _has.Add(piece);

    /// <summary>Adds what the text itself says of an interrupt.</summary>
    internal void Find(SnapshotFinding finding)
    {
        if (_findings.Count < MostFindings)
            _findings.Add(finding);
        else
            _more++;
    }

    /// <summary>Says whose an interrupt is: its findings, earlier and later ones, name it.</summary>
    internal void Own(string source, string owner)
    {
        if (_owners.Count < MostFacts)
            _owners.TryAdd(source, owner);
    }

    /// <summary>Adds what the text tells beside.</summary>
    internal void Tell(string sentence, ValuePlace? place, int gsi = -1)
    {
        if (State.Facts.Count < MostFacts)
            State.Facts.Add(new(sentence, place, gsi));
        else
            _more++;
    }

    /// <summary>Adds what is missing; the same is said once.</summary>
    internal void Lack(string what, string record = "")
    {
        if (State.Limits.Count < MostLimits && _lacks.Add(what))
            State.Limits.Add(new(what, record));
    }

    /// <summary>The answer: what the judge of states says of the chips, and what the text says.</summary>
    internal SnapshotAnswer Answer()
    {
        SnapshotAnswer judged = SnapshotJudge.Judge(State);
        if (_more > 0)
            Lack($"{Phrase.Count(_more, "more thing is", "more things are")} in it, which are counted only");
        return judged with { Findings = [.. judged.Findings.Concat(_findings.Select(Owned)).OrderByDescending(one => one.Standing)] };

        SnapshotFinding Owned(SnapshotFinding one) => _owners.TryGetValue(one.Source, out string? owner) ? one with { Sentence = $"{one.Sentence} It is of {owner}." } : one;
    }
}
