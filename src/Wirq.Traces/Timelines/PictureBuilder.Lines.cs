using Wirq.Events;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <content>Sources, lines and pins.</content>
internal sealed partial class PictureBuilder
{
    // Where the cause of what comes next was seen, by line or by vector.
    private readonly Dictionary<int, (int Lane, Mark At)> _raised = [], _rose = [], _acked = [];
    private readonly (int Lane, Mark At)[] _ended = new (int, Mark)[byte.MaxValue + 1];
    private readonly Dictionary<int, int> _owners = [];
    private (int Lane, Mark At) _given;

    private void Line(in Event e)
    {
        if (e.Index >= (uint)Shadow.Lines.Count)
            return;
        switch (e.Kind)
        {
            case EventKind.LineChanged:
                int line = LaneOf(LaneKey.Line(e.Gsi));
                bool high = LineChanged.Of(e).Asserted;
                Strips.Set(line, SpanKind.Asserted, high, Now);
                if (!high)
                    break;
                Arrive(ArrowKind.Raise, OfThisTurn(_raised, e.Gsi), line);
                _rose[e.Gsi] = (line, Now);
                break;
            case EventKind.SourceConnected:
                _owners[e.Source] = _owners.GetValueOrDefault(e.Source) + 1;
                break;
            case EventKind.SourceRaised or EventKind.SourceLowered or EventKind.SourceRemoved:
                int source = LaneOf(Device(e));
                Strips.Set(source, SpanKind.Asserted, Shadow.Lines.Holds(e.Source, e.Gsi), Now);
                if (e.Kind == EventKind.SourceRaised)
                    _raised[e.Gsi] = (source, Now);
                break;
            case EventKind.Ack:
                int told = LaneOf(Device(e));
                Note(told, InstantKind.Acknowledged, e);
                Arrive(ArrowKind.Acknowledge, OfThisTurn(_acked, e.Gsi), told);
                break;
        }
    }

    private LaneKey Device(in Event e) => new(LaneGroup.Device, e.Source, e.Gsi, _owners.GetValueOrDefault(e.Source));

    private (int Lane, Mark At) OfThisTurn(Dictionary<int, (int Lane, Mark At)> seen, int gsi) =>
        seen.TryGetValue(gsi, out (int Lane, Mark At) cause) && cause.At.Turn == Now.Turn ? cause : default;

    private void Pin(in Event e)
    {
        // A guest writes every entry once, and most of them masked: that alone is no lane.
        bool isIdle = e.Kind is EventKind.EntryWritten or EventKind.RouteChanged && e.Entry.Masked && !HasLane(LaneKey.Pin(e.IoApic, e.Pin));
        if (isIdle || _engine.PinAt(e.IoApic, e.Pin) is not { } pin)
            return;
        int lane = LookAtPin(pin.Chip, pin.Pin);
        int gsi = _engine.Gsis.OfPin(pin.Chip, pin.Pin);
        switch (e.Kind)
        {
            case EventKind.PinChanged when PinChanged.Of(e) is { Asserted: true, ByPolarity: false }:
                (int one, int other) = Shadow.LinesOf(pin.Chip, pin.Pin);
                Arrive(ArrowKind.Drive, OfThisTurn(_rose, one), lane);
                Arrive(ArrowKind.Drive, OfThisTurn(_rose, other), lane);
                break;
            case EventKind.EntryWritten:
                Note(lane, InstantKind.EntryWritten, e);
                break;
            case EventKind.EdgeLost:
                Note(lane, InstantKind.Lost, e);
                break;
            case EventKind.PinRefused:
                Note(lane, InstantKind.Refused, e);
                break;
            case EventKind.PinCoalesced:
                Note(lane, InstantKind.Coalesced, e);
                break;
            case EventKind.RemoteIrrCleared when _ended[e.Vector].At.Turn == Now.Turn:
                Arrive(ArrowKind.End, _ended[e.Vector], lane);
                break;
            case EventKind.PinAcked:
                _acked[gsi] = (lane, Now);
                break;
        }
    }

    private int LookAtPin(int chip, int number)
    {
        if (_engine.PinAt(chip, number) is not { } pin)
            return -1;
        int lane = LaneOf(LaneKey.Pin(chip, number));
        Strips.Set(lane, SpanKind.Masked, pin.Entry.Masked && _engine.KnowsEntry(pin), Now, since: Earlier(pin.MaskSince));
        Strips.Set(lane, SpanKind.Asserted, pin.Asserted, Now);
        Strips.Set(lane, SpanKind.RemoteIrr, pin.RemoteIrr, Now, pin.Entry.Vector);
        Strips.Set(lane, SpanKind.AckWithheld, pin.AckOwed is not null, Now);
        Strips.Set(lane, SpanKind.Braked, pin.Braked is not null, Now);
        AskGate(lane);
        return lane;
    }

    private void Pic(in Event e)
    {
        if (_engine.PicTrail is not { } pair)
            return;
        if (e.Kind is EventKind.PicMaskChanged or EventKind.PicInitialised or EventKind.PicTriggerChanged)
        {
            foreach (IrqTrail one in pair.All.Where(one => HasLane(LaneKey.Irq(one.Irq))))
                LookAtIrq(one.Irq);
            return;
        }
        if (e.Kind == EventKind.PicIntrChanged || e.Index >= (uint)pair.All.Length)
            return;
        int lane = LookAtIrq(e.Irq);
        switch (e.Kind)
        {
            case EventKind.PicPinChanged when PicPinChanged.Of(e).High && e.Irq != GsiMap.CascadeIrq:
                Arrive(ArrowKind.Drive, OfThisTurn(_rose, _engine.Gsis.OfIsaIrq(e.Irq)), lane);
                break;
            case EventKind.PicTaken:
                if (e.Irq >= PicPair.SlaveFirst)
                    LookAtIrq(GsiMap.CascadeIrq);
                _given = (lane, Now);
                break;
            case EventKind.PicAcked when e.Irq != GsiMap.CascadeIrq:
                _acked[_engine.Gsis.OfIsaIrq(e.Irq)] = (lane, Now);
                break;
        }
    }

    private int LookAtIrq(int number)
    {
        IrqTrail irq = _engine.PicTrail!.All[number];
        int lane = LaneOf(LaneKey.Irq(number));
        Strips.Set(lane, SpanKind.Masked, irq.Masked && _engine.KnowsIrq(number), Now, since: Earlier(irq.MaskSince));
        Strips.Set(lane, SpanKind.Asserted, irq.High, Now);
        Strips.Set(lane, SpanKind.Requested, irq.Waiting.Count > 0, Now);
        Strips.Set(lane, SpanKind.InService, irq.InService is not null, Now, irq.InService?.Vector ?? -1);
        Strips.Set(lane, SpanKind.AckWithheld, irq.AckOwed is not null, Now);
        AskGate(lane);
        return lane;
    }

    // A lane may begin after its mask was set. A lane that has one already saw the last change.
    private Mark? Earlier(Mark since) => since.Event < Now.Event ? since : null;
}
