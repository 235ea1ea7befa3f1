using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Replay;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

// The picture of a replay.
internal sealed partial class KvmPictureBuilder
{
    /// <summary>Makes the picture of a replay: pins, inputs of the 8259 pair and vectors have the states of KVM's chips. No record may follow.</summary>
    /// <param name="subject">What was recorded.</param>
    /// <param name="report">The replay.</param>
    /// <param name="chips">What its chips held.</param>
    internal Picture Build(string subject, KvmReplayReport report, KvmChipPicture chips)
    {
        bool[] isReplayed = [.. Enumerable.Range(0, _canvas.Lanes).Select(lane => chips.Has(_canvas.KeyOf(lane)))];
        // No state of the chips is a brake; the records tell it. Marks of answers may begin lanes, and those are of no chip.
        OwedMark[] marks = [.. report.Why.Vms.SelectMany(Marks)];
        ILookup<bool, Span> told = _canvas.Strips.Spans.Concat(Earlier()).ToLookup(span => isReplayed.ElementAtOrDefault(span.Lane) && span.Kind is not (SpanKind.Held or SpanKind.Braked));
        ILookup<int, Span> held = chips.Canvas.Strips.Spans.ToLookup(span => span.Lane), ofRecords = told[true].ToLookup(span => span.Lane);
        _canvas.TakeOver(chips.Canvas, [.. told[false], .. isReplayed.Index().Where(lane => lane.Item).SelectMany(lane => _begun.ContainsKey(lane.Index) ? KnownSpans.Of(ofRecords[lane.Index], [.. held[lane.Index]]) : held[lane.Index])]);
        return Build(subject, report.Why, marks, NotesOf(report), []);
    }

    private static IEnumerable<string> NotesOf(KvmReplayReport report)
    {
        yield return "8259 inputs, I/OAPIC pins and vectors are drawn as KVM's chips (profile kvm) hold them when the log is replayed; where the chips only assume it, "
            + "what the records tell is drawn. Gates, arrows and what is owed are those of wirq why.";
        Finding[] parted = [.. report.Vms.SelectMany(vm => vm.Tally.Mismatches)];
        if (parted.Length > 0)
        {
            yield return $"The chips and the log differ at {Phrase.Count(report.Total(ResponseVerdict.Mismatched), "place")}, first at "
                + $"{report.Survey.Stamps.At(parted.MinBy(one => one.Line.At.Event).Line.At)}: behind it the chips may hold what KVM did not.";
        }
        int others = report.Survey.Vms.Count - report.Vms.Count(vm => vm.IsPlayed);
        if (others > 0)
            yield return $"{Phrase.Count(others, "VM is", "VMs are")} drawn as the records tell: the log has more VMs or vCPUs than are replayed.";
    }
}
