using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

/// <summary>Draws what KVM's chips hold while a log is replayed, in lanes of the log's picture, and where they and the log differ.</summary>
/// <remarks>Steps are applied later than they are read, so what they change is drawn on a canvas of its own, which the picture of the log takes
/// over in the end.</remarks>
internal sealed class KvmChipPicture(KvmPictureBuilder log)
{
    private readonly List<VmChipLanes> _vms = [];

    /// <summary>What is drawn.</summary>
    internal Canvas Canvas { get; } = log.Canvas.Second();

    /// <summary>The lanes of a VM that is replayed.</summary>
    internal VmChipLanes Of(VmScan scan)
    {
        var lanes = new VmChipLanes(this, scan);
        _vms.Add(lanes);
        return lanes;
    }

    internal int LaneOf(LaneKey key) => Canvas.LaneOf(key, log.Made);

    /// <summary>Goes on to a place, unless it is there already: steps of threads may go a little back, and each VM has a row of its own.</summary>
    /// <returns>False behind the end of what is drawn.</returns>
    internal bool GoTo(Mark at)
    {
        if (Canvas.IsBehind(at, log.FirstStamp))
            return false;
        if (at.Event > Canvas.Now.Event)
            Canvas.Move(at, log.FirstStamp, isSetUp: false);
        return true;
    }

    /// <summary>The log and the chips differ.</summary>
    internal void Part(KvmVm vm, in Finding finding)
    {
        if (Canvas.Strips.Keeps && !Canvas.IsBehind(finding.Line.At, log.FirstStamp))
        {
            Canvas.Strips.Add(new Instant(LaneOf(LaneKey.Machine), InstantKind.Parted, finding.Line.At, default,
                $"{log.Prefix(vm)}the log says {finding.Logged}; the chips say {finding.Predicted}"));
        }
    }

    /// <summary>Whether the states of a lane are those of the chips.</summary>
    internal bool Has(LaneKey key) => _vms.Exists(vm => vm.Has(key));
}
