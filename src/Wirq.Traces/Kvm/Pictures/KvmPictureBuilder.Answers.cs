using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

// The picture at the end.
internal sealed partial class KvmPictureBuilder
{
    /// <summary>Makes the picture. No record may follow.</summary>
    /// <param name="subject">What was recorded.</param>
    /// <param name="answer">What the judge says of the whole log.</param>
    internal Picture Build(string subject, KvmAnswer answer) => Build(subject, answer, [.. answer.Vms.SelectMany(Marks)], [], Earlier());

    private Picture Build(string subject, KvmAnswer answer, OwedMark[] marks, IEnumerable<string> notes, IEnumerable<Span> earlier) => _canvas.Build(new Picture
        {
            Subject = subject,
            Owed = marks,
            Verdict = KvmAnswerText.Headline(answer),
            State = WhyJson.Word(answer.Verdict),
            Notes =
            [
                .. notes,
                .. _held.Values.Any(held => held.LeftOut) ? (string[])[$"At most {HeldLanes.Most} pins and vectors of a VM have the gate that holds them at one time; some have none here."] : [],
                .. answer.Limits.Select(limit => limit.Sentence),
                .. answer.Survey.EndsAtInjection ? (string[])[KvmAnswerText.Host] : [],
                .. answer.Vms.SelectMany(vm => vm.Notes.Select(note => $"{Prefix(vm.Trail.Vm)}{note}")),
                KvmAnswer.NeverTold,
            ],
            Stamps = answer.Stamps,
        }, earlier);

    /// <summary>Where a VM's log begins in mid-life, what was so before the first record about a lane is not known.</summary>
    private IEnumerable<Span> Earlier() => _begun
        .Where(begun => !begun.Value.Vm.FromStart && begun.Value.At.Event > _canvas.First.Event
            && _canvas.KeyOf(begun.Key) is { Group: not (LaneGroup.Sender or LaneGroup.Machine) } and not { Group: LaneGroup.Cpu, Index: < 0 })
        .Select(begun => new Span(begun.Key, SpanKind.NotKnown, _canvas.First, begun.Value.At, -1));

    /// <summary>The name of a VM, before what is said of it; empty where it is the only one.</summary>
    internal string Prefix(KvmVm vm) => _survey.Vms.Count > 1 ? $"{char.ToUpperInvariant(vm.Name[0])}{vm.Name[1..]}: " : "";

    private IEnumerable<OwedMark> Marks(VmAnswer vm) =>
    [
        .. vm.Silent.Select(one => new OwedMark(OwedRank.Silent, $"{Prefix(vm.Trail.Vm)}cpu{one.Cpu}", LaneOf(LaneKey.Cpu(one.Cpu), vm.Trail), one.Since ?? default, null, "",
            one.Sentences, [])),
        .. vm.Owed.Select(one => MarkOf(OwedRank.Owed, one, vm.Trail)),
        .. vm.Unknown.Select(one => MarkOf(OwedRank.Unknown, one, vm.Trail)),
        .. vm.Masked.Select(one => MarkOf(OwedRank.Masked, one, vm.Trail)),
    ];

    private OwedMark MarkOf(OwedRank rank, KvmOwedAnswer one, VmTrail vm)
    {
        LaneKey? key = KeyOf(one);
        int lane = key is { } its ? LaneOf(its, vm) : -1;
        bool isTold = one.Source != KvmOwedAnswer.Untold;
        string title = key is { Group: LaneGroup.Cpu } ? $"vector 0x{one.Vector:x2}{(isTold ? $" of {one.Source}" : "")} at cpu{one.Cpu}"
            : key is { Group: LaneGroup.Sender } sender ? SentText.NameOf(sender.Sender) : isTold ? one.Source : $"vector 0x{one.Vector:x2}";
        return new OwedMark(rank, Prefix(vm.Vm) + title, lane, one.At, one.Since, WhyJson.Word(one.Gate), one.Sentences, one.Evidence);
    }

    /// <summary>The lane of an answer: where it waits.</summary>
    private static LaneKey? KeyOf(KvmOwedAnswer one)
    {
        if (one.Lost is { } lost)
            return KeyOf(lost.Message, lost.IsIpi, lost.Sender);
        bool hasVector = one is { Cpu: >= 0, Vector: >= 0 };
        if (hasVector && one.Fate != Fate.Held)
            return LaneKey.Vector(one.Cpu, one.Vector);
        return SourceName.TryParse(one.Source, out SourceName source) ? LaneKey.Of(source) : hasVector ? LaneKey.Vector(one.Cpu, one.Vector) : null;
    }
}
