using Wirq.Events;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <content>What holds a pin, from event to event.</content>
internal sealed partial class PictureBuilder
{
    /// <summary>Pins that are asked about after each event of a CPU: those at which something waits.</summary>
    private readonly HeldLanes _held = new();
    private readonly List<int> _asked = [];

    /// <summary>A lane of a pin may be held by something else now.</summary>
    private void AskGate(int lane)
    {
        if (lane >= 0)
            _asked.Add(lane);
    }

    /// <summary>Asks why about each pin that the event may concern: its own, and where it is about neither lines nor pins, each at which something
    /// waits.</summary>
    private void AskGates(in Event happened)
    {
        if (happened.Subsystem is not (Subsystem.Lines or Subsystem.IoApic))
            _asked.AddRange(_held.Lanes);
        foreach (int lane in _asked)
            Strips.SetGate(lane, _held.Hold(lane, GateOf(_canvas.KeyOf(lane))), Now);
        _asked.Clear();
    }

    private string GateOf(LaneKey key)
    {
        // What was lost or refused stays so until the pin rises again, if a guest means the pin.
        (Raise? raise, bool isMeant, bool isWithheld) = key.Group switch
        {
            LaneGroup.IoApic when _engine.PinAt(key.Unit, key.Index) is { } pin => (pin.Current, pin.WasProgrammed, pin.AckOwed is not null),
            LaneGroup.Pic when _engine.PicTrail?.All[key.Index] is { } irq => (irq.Current, irq.WasUnmasked, irq.AckOwed is not null),
            _ => default,
        };
        if (raise is not null)
        {
            Fate fate = _engine.Judge.Judge(raise, out Held held);
            bool waits = fate is Fate.Held or Fate.Pending or Fate.InService or Fate.NotKnown || fate is Fate.Lost or Fate.Refused && isMeant
                || fate == Fate.Sent && held.Gate == Gate.StaleRoute || fate is Fate.Merged && held.Gate is not Gate.AlreadyPending;
            if (waits && held.Gate != Gate.None)
                return WhyJson.Word(held.Gate);
        }
        return isWithheld ? WhyJson.Word(Gate.AckWithheld) : "";
    }
}
