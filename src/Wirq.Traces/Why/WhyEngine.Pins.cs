using Wirq.Events;
using Wirq.Traces.Recordings;

namespace Wirq.Traces.Why;

// Lines, I/OAPIC pins and 8259 pins.
public sealed partial class WhyEngine
{
    private void Line(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.SourceRaised when e.Index < (uint)_gsis.Count && !_shadow.Lines.Holds(e.Source, e.Gsi):
                if (_lines.HeldBy(e.Gsi) is { } held)
                    Join(e.Source, e.Gsi, held);
                break;
            case EventKind.SourceLowered or EventKind.SourceRemoved when e.Index < (uint)_gsis.Count:
                if (PinOfLine(e.Gsi)?.Joined(e.Source) is { Fell: null } joined)
                    joined.Fell = _now;
                break;
        }
    }

    private string? NameOf(int? slot) => slot is { } known ? _lines.NameOf(known) : null;

    /// <summary>A reset lets the lines be as their sources hold them: what holds a pin waits there in the new life.</summary>
    private void RaiseHeld()
    {
        for (int chip = 0; chip < _pins.Length; chip++)
        {
            for (int number = 0; number < _pins[chip].Length; number++)
            {
                if (_shadow.Pins.Chip(chip).Asserted.Has(number) && PinAt(chip, number) is { } pin)
                {
                    int? slot = _lines.RaiserOf(_gsis.OfPin(chip, number));
                    pin.Rise(Begin(pin.Log, new(pin.Log.Source, _now, level: true) { Slot = slot, By = NameOf(slot) }));
                }
            }
        }
    }

    /// <summary>Whether the entry of a pin is known.</summary>
    internal bool KnowsEntry(PinTrail pin) => Knows(LogParts.Entries) || !pin.EntryWritten.IsStart || pin.Shown is not null;

    /// <summary>Whether what the 8259 pair makes of an IRQ is known: its reset is there, or its
    /// initialisation.</summary>
    internal bool KnowsIrq(int irq) => Knows(LogParts.PicWrites)
        || _pic!.WasInitialised(0) && (irq < PicPair.SlaveFirst || _pic.WasInitialised(1));

    private PinTrail? PinOfLine(int gsi)
    {
        GsiTarget target = _gsis[gsi];
        return target.IoApic >= 0 ? PinAt(target.IoApic, target.Pin) : null;
    }

    private void Join(int slot, int gsi, Held held)
    {
        GsiTarget target = _gsis[gsi];
        if (PinOfLine(gsi) is { } pin)
            pin.Join(Begin(pin.Log, Joined(pin.Log.Source, pin.Entry.Level)));
        else if (target.Irq >= 0 && IrqAt(target.Irq) is { } irq)
            Begin(irq.Log, Joined(irq.Log.Source, _pic!.IsLevel(irq.Irq)));

        Raise Joined(SourceName source, bool level) =>
            new(source, _now, level) { Slot = slot, By = NameOf(slot), Joined = true, AtFirst = held };
    }

    private void Pin(in Event e)
    {
        if (PinAt(e.IoApic, e.Pin) is not { } pin)
            return;
        switch (e.Kind)
        {
            case EventKind.PinChanged when PinChanged.Of(e) is { Asserted: true } change:
                int? slot = _lines.RaiserOf(_gsis.OfPin(pin.Chip, pin.Pin));
                pin.Rise(Begin(pin.Log, new(pin.Log.Source, _now, pin.Entry.Level)
                    { Slot = slot, By = NameOf(slot), ByPolarity = change.ByPolarity, Blind = !KnowsEntry(pin) }));
                break;
            case EventKind.PinChanged:
                Storms.Fall(pin.Current);
                pin.Fall(_now);
                break;
            case EventKind.EntryWritten:
                pin.Write(e.Entry, _now);
                break;
            case EventKind.EdgeLost:
                pin.Lose(_now);
                break;
            case EventKind.Deliver:
                if (pin.Current is null)
                    pin.Rise(Begin(pin.Log, new(pin.Log.Source, _now, e.Msi.Data.Level) { Implied = true }));
                pin.Send(new Attempt(_now) { Wanted = e.Msi });
                break;
            case EventKind.PinAccepted:
                pin.Answer(RefusalReason.None, _now);
                break;
            case EventKind.PinRefused:
                if (pin.Answer(e.Reason, _now) is { Refusal: null } refused)
                    _addressees.Explain(refused, refused.Message, e.Reason, this);
                break;
            case EventKind.RemoteIrrSet:
                pin.SetRemoteIrr(_now);
                break;
            case EventKind.RemoteIrrCleared:
                pin.ClearRemoteIrr(_now, RemoteIrrCleared.Of(e).Cause != EndOfInterruptCause.Rewrite);
                break;
            case EventKind.StormBraked:
                pin.Brake(_now);
                break;
            case EventKind.PinAckDeferred:
                pin.OweAck(_now);
                break;
            case EventKind.PinAcked:
                pin.Ack(_now);
                break;
        }
    }

    private void Pic(in Event e)
    {
        if (_pic is null)
            return;
        switch (e.Kind)
        {
            case EventKind.PicMaskChanged:
                _pic.ChangeMask(PicMaskChanged.Of(e).Mask, _now);
                return;
            case EventKind.PicInitialised:
                _pic.Initialise(e.Unit, _now);
                return;
            case EventKind.PicIntrChanged:
                if (!PicIntrChanged.Of(e).High)
                    _pic.DropRequest();
                return;
            case EventKind.PicTriggerChanged:
                RaiseLevels(PicTriggerChanged.Of(e).Level);
                return;
        }
        if (IrqAt(e.Irq) is not { } irq)
            return;
        switch (e.Kind)
        {
            case EventKind.PicPinChanged when PicPinChanged.Of(e).High:
                RaiseIrq(irq, _pic.IsLevel(irq.Irq));
                break;
            case EventKind.PicPinChanged:
                Storms.Fall(irq.Current);
                _pic.Fall(irq.Irq, _now);
                break;
            case EventKind.PicRequested:
                _pic.Request(irq.Irq, _now);
                break;
            case EventKind.PicTaken:
                Give(irq, PicTaken.Of(e));
                break;
            case EventKind.PicEoi:
                _pic.End(irq, _now);
                break;
            case EventKind.PicAckDeferred:
                irq.AckOwed = _now;
                break;
            case EventKind.PicAcked:
                irq.AckOwed = null;
                irq.Current?.Ack(_now);
                break;
        }
    }

    private void RaiseIrq(IrqTrail irq, bool level)
    {
        int? slot = irq.Irq == GsiMap.CascadeIrq ? null : _lines.RaiserOf(_gsis.OfIsaIrq(irq.Irq));
        var raise = new Raise(irq.Log.Source, _now, level) { Slot = slot, By = NameOf(slot), Blind = !KnowsIrq(irq.Irq) };
        raise.AtFirst = _pic!.GateOf(irq.Irq);
        irq.Rise(Begin(irq.Log, raise));
    }

    /// <summary>A pin that is high, and whose edge is over, asks again when it becomes level: after a reset of the machine, or
    /// after ICW1.</summary>
    private void RaiseLevels(ushort levels)
    {
        foreach (IrqTrail irq in _pic!.All)
        {
            if ((levels >> irq.Irq & 1) != 0 && !_pic.IsLevel(irq.Irq) && irq is { High: true, Waiting.Count: 0, InService: null })
                RaiseIrq(irq, level: true);
        }
    }

    private void Give(IrqTrail irq, PicTaken taken)
    {
        _pic!.DropRequest();
        // The master's input stays in service though the slave had nothing to give.
        if (irq.Irq >= PicPair.SlaveFirst && !taken.ByPoll)
        {
            var cascaded = new Delivery(-1, taken.Vector, false, _now) { Source = irq.Log.Source };
            cascaded.Take(_now);
            _pic.HoldCascade(cascaded);
        }
        if (taken.Spurious)
            return;
        irq.Log.NoteDelivery(-1, taken.Vector);
        Delivery given = _pic.Take(irq, taken.Vector, taken.Level, _now);
        _pic.Given = taken.ByPoll ? null : given;
    }
}
