using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Dumps.Incidents;

/// <summary>One thing of which several files tell.</summary>
/// <param name="Thing">Its name: <c>gsi:16</c>, <c>0x31@cpu0</c>, <c>irte:38</c>.</param>
/// <param name="Files">The files.</param>
/// <param name="Sentence">The sentence.</param>
internal sealed record IncidentLink(string Thing, IReadOnlyList<string> Files, string Sentence);

/// <summary>Finds lines, vectors and remapping entries of which several files tell. The same number is taken for the same thing:
/// Linux numbers the IRQs of lines by GSI, and a VMM's pins are those of its guest.</summary>
internal static class IncidentLinks
{
    private const int MostLinks = 40, MostMentions = 4096, AnyCpu = -1;

    private enum Kind { Line, Vector, Entry }

    private readonly record struct Mention(Kind Kind, int Number, int Cpu, string File, string Words);

    internal static IReadOnlyList<IncidentLink> Find(IReadOnlyList<IncidentPart> parts)
    {
        var mentions = new List<Mention>();
        foreach (IncidentPart part in parts)
        {
            if (part.State is { } state)
                OfState(state, part.Files, mentions);
            if (part.Host is { } host)
                OfHost(host, part.Files[0], mentions);
            if (part.Log is { } log)
                OfLog(log.List, log.Engine, part.Files[0], mentions);
        }
        return [.. Lasting(parts), .. mentions.GroupBy(one => (one.Kind, one.Number)).OrderBy(group => group.Key).SelectMany(group => ByCpu([.. group])).OfType<IncidentLink>()
            // A line and its vector are often told of by the same words.
            .DistinctBy(link => link.Sentence[link.Sentence.IndexOf(" tell: ", StringComparison.Ordinal)..]).Take(MostLinks)];
    }

    /// <summary>What the first and the last of several dumps of one kind both show.</summary>
    private static IEnumerable<IncidentLink> Lasting(IReadOnlyList<IncidentPart> parts)
    {
        foreach (IGrouping<string, IncidentPart> kind in parts.Where(part => part.State is { State.IsText: true }).GroupBy(part => part.State!.State.Format))
        {
            IncidentPart[] moments = [.. kind];
            if (moments.Length < 2)
                continue;
            var before = moments[0].State!.Findings.Select(one => (one.Source, one.Gate)).ToHashSet();
            SnapshotFinding[] lasting = [.. moments[^1].State!.Findings.Where(one => before.Contains((one.Source, one.Gate)))];
            if (lasting.Length == 0)
                continue;
            string[] files = [.. moments[0].Files.Concat(moments[^1].Files).Distinct()];
            yield return new(lasting[0].Source, files, $"Two moments show {Phrase.All([.. lasting.Select(one => $"{one.Source}{(one.Gate == Gate.None ? "" : $" ({WhyJson.Word(one.Gate)})")}").Distinct()], 8)}: "
                + "unless each was caught at work twice, nothing is about to end them.");
        }
    }

    /// <summary>A vector is a CPU's own; one whose CPU is not known may be any CPU's.</summary>
    private static IEnumerable<IncidentLink?> ByCpu(Mention[] mentions)
    {
        int[] cpus = [.. mentions.Select(one => one.Cpu).Where(cpu => cpu != AnyCpu).Distinct()];
        return mentions[0].Kind != Kind.Vector || cpus.Length == 0 ? [Link(mentions, AnyCpu)]
            : cpus.Select(cpu => Link([.. mentions.Where(one => one.Cpu == AnyCpu || one.Cpu == cpu)], cpu));
    }

    private static IncidentLink? Link(Mention[] mentions, int cpu)
    {
        string[] files = [.. mentions.Select(one => one.File).Distinct()];
        if (files.Length < 2)
            return null;
        (Kind kind, int number) = (mentions[0].Kind, mentions[0].Number);
        string thing = kind switch
        {
            Kind.Line => $"gsi:{number}",
            Kind.Entry => $"irte:{number}",
            _ => cpu == AnyCpu ? $"0x{number:x2}" : $"0x{number:x2}@cpu{cpu}",
        };
        string name = kind switch
        {
            Kind.Line => $"line {number}",
            Kind.Entry => $"entry 0x{number:x} of the remapping table",
            _ => $"vector 0x{number:x2} ({number}){(cpu == AnyCpu ? "" : $" of cpu{cpu}")}",
        };
        IEnumerable<string> words = files.Select(file => $"{file} {string.Join(" and ", mentions.Where(one => one.File == file).Select(one => one.Words).Distinct().Take(3))}");
        return new(thing, files, $"Of {name} {Phrase.All(files, 4)} tell: {string.Join("; ", words)}.");
    }

    private static void OfState(SnapshotAnswer answer, IReadOnlyList<string> files, List<Mention> mentions)
    {
        foreach (SnapshotFinding finding in answer.Findings.Take(MostMentions))
        {
            string words = $"has {finding.Source} {Words(finding.Standing)}{(finding.Gate == Gate.None ? "" : $" ({WhyJson.Word(finding.Gate)})")}";
            foreach (string file in finding.Evidence.Select(place => place.File ?? files[0]).Distinct())
            {
                foreach (int line in finding.Pins.Where(pin => pin.Chip == 0).Select(pin => pin.Pin).Append(finding.Gsi).Where(line => line >= 0).Distinct())
                    mentions.Add(new(Kind.Line, line, AnyCpu, file, words));
                if (finding.Vector >= 0)
                    mentions.Add(new(Kind.Vector, finding.Vector, finding.Cpu, file, words));
                if (finding.Entry >= 0)
                    mentions.Add(new(Kind.Entry, finding.Entry, AnyCpu, file, words));
            }
        }
        foreach (SavedFact fact in answer.Facts.Where(fact => fact.Gsi >= 0))
            mentions.Add(new(Kind.Line, fact.Gsi, AnyCpu, fact.Place?.File ?? files[0], $"says \"{fact.Sentence.TrimEnd('.')}\""));
    }

    private static void OfHost(KvmAnswer answer, string file, List<Mention> mentions)
    {
        foreach (VmAnswer vm in answer.Vms)
        {
            foreach ((IReadOnlyList<KvmOwedAnswer> owed, Standing standing) in new[] { (vm.Owed, Standing.Owed), (vm.Unknown, Standing.NotKnown), (vm.Masked, Standing.Masked) })
            {
                foreach (KvmOwedAnswer one in owed.Take(MostMentions))
                {
                    string words = $"has {one.Source} {Words(standing)} ({WhyJson.Word(one.Gate)}, {answer.Stamps.At(one.At)})";
                    if (SourceName.TryParse(one.Source, out SourceName source) && Thing(source) is { } thing)
                        mentions.Add(new(thing.Kind, thing.Number, AnyCpu, file, words));
                    if (one.Vector >= 0)
                        mentions.Add(new(Kind.Vector, one.Vector, one.Cpu, file, words));
                }
            }
        }
    }

    private static void OfLog(OwedList list, WhyEngine engine, string file, List<Mention> mentions)
    {
        foreach ((IReadOnlyList<OwedAnswer> owed, Standing standing) in new[] { (list.Owed, Standing.Owed), (list.Unknown, Standing.NotKnown), (list.Masked, Standing.Masked) })
        {
            foreach (OwedAnswer one in owed)
            {
                string words = $"has {one.Source} {Words(standing)} ({WhyJson.Word(one.Gate)}, {engine.Stamps.At(one.At)})";
                Add(one.Source, words);
                if (one.Vector >= 0)
                    mentions.Add(new(Kind.Vector, one.Vector, one.Cpu, file, words));
            }
        }
        var told = mentions.Where(one => one.File == file).Select(one => (one.Kind, one.Number)).ToHashSet();
        foreach ((SourceName source, long count) in engine.Sources.Take(MostMentions))
        {
            if (Thing(source) is { } thing && !told.Contains(thing))
                Add(source, $"has {Phrase.Count(count, "raise")} of {source}");
        }

        void Add(SourceName source, string words)
        {
            if (Thing(source) is { } thing)
                mentions.Add(new(thing.Kind, thing.Number, AnyCpu, file, words));
        }
    }

    private static (Kind Kind, int Number)? Thing(SourceName source) => source.Class switch
    {
        SourceClass.Pin when source.Unit == 0 => (Kind.Line, source.Index),
        SourceClass.Line => (Kind.Line, source.Index),
        SourceClass.Irq when SnapshotState.PinOfIrq(source.Index) is >= 0 and var pin => (Kind.Line, pin),
        SourceClass.Remapped => (Kind.Entry, source.Index),
        _ => null,
    };

    private static string Words(Standing standing) => standing switch
    {
        Standing.Owed => "owed",
        Standing.Masked => "under a mask",
        Standing.InFlight => "in flight",
        _ => "waiting, whether owed is not known",
    };
}
