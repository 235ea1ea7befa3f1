using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <content>The picture at the end.</content>
internal sealed partial class PictureBuilder
{
    /// <summary>Makes the picture. No event may follow.</summary>
    /// <param name="subject">What was recorded.</param>
    /// <param name="owed">What is owed at the end, if it is known already; else the engine is asked.</param>
    internal Picture Build(string subject, OwedList? owed = null)
    {
        owed ??= _engine.Owed();
        return _canvas.Build(new Picture
        {
            Subject = subject,
            Owed = [.. Marks(owed)],
            Verdict = WhyText.Headline(owed, _engine),
            State = WhyJson.Word(owed.Verdict),
            Notes = [.. _held.LeftOut ? (string[])[$"At most {HeldLanes.Most} pins have the gate that holds them at one time; some have none here."] : [], .. WhyText.Differences(_engine), .. owed.Limits.Select(limit => limit.Sentence)],
            Stamps = _engine.Stamps,
        });
    }

    private IEnumerable<OwedMark> Marks(OwedList owed) =>
    [
        .. owed.Silent.Select(one => new OwedMark(OwedRank.Silent, $"cpu{one.Cpu}", LaneOf(LaneKey.Cpu(one.Cpu)), one.Since, null, "",
            one.Sentences, one.Evidence)),
        .. owed.Owed.Select(one => MarkOf(OwedRank.Owed, one)),
        .. owed.Unknown.Select(one => MarkOf(OwedRank.Unknown, one)),
        .. owed.Masked.Select(one => MarkOf(OwedRank.Masked, one)),
    ];

    private OwedMark MarkOf(OwedRank rank, OwedAnswer one)
    {
        bool atCpu = one is { Cpu: >= 0, Vector: >= 0, Fate: Fate.Pending or Fate.InService, Source.Class: not SourceClass.Irq };
        return new OwedMark(rank, atCpu ? $"vector 0x{one.Vector:x2} of {one.Source} at cpu{one.Cpu}" : one.Source.ToString(),
            LaneOf(atCpu ? LaneKey.Vector(one.Cpu, one.Vector) : LaneKey.Of(one.Source)), one.At, one.Since,
            one.Gate == Gate.None ? "" : WhyJson.Word(one.Gate), one.Sentences, one.Evidence);
    }
}
