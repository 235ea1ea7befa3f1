using Wirq.Events;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <content>Messages: of pins, of devices, and on their way through the remapping unit.</content>
internal sealed partial class ReplaySession
{
    private const uint DestinationMask = 0xFF;

    // The message that the remapping unit works on, if it came from a pin; and the entry that it looked up.
    private Event? _ofPin;
    private int _entry = -1;

    private static Prediction Sent(Msi message) => new(TraceEvent.ApicDeliverIrq,
        message.Address.Destination(MsiFormat.Compatibility) & DestinationMask, message.Address.Logical ? 1u : 0,
        (ulong)message.Data.Mode, message.Data.Vector, message.Data.Level ? 1u : 0);

    private void TakeMessage(in TraceLine line)
    {
        switch (line.Event)
        {
            case TraceEvent.ApicDeliverIrq:
                TakeDelivery(line);
                break;
            case TraceEvent.RemapRequest:
                TakeRequest(line);
                break;
            case TraceEvent.RemapDone:
                _verdicts.LeaveUnchecked(line.Event);
                Translated(new Msi(line.C, (uint)line.D));
                break;
            default:
                _verdicts.LeaveUnchecked(line.Event);
                _entry = (int)line.A;
                break;
        }
    }

    private void TakeDelivery(in TraceLine line)
    {
        if (_owed.TryMeet(line))
            _verdicts.Match(line.Event);
        else if (_owed.TryStrike(line.Event, out Prediction predicted))
            _verdicts.Mismatch(line.Number, line.Event, predicted.ToString(), LineText.Of(line));
        else if (PinThatSends(line) is var pin and >= 0)
        {
            _verdicts.Mismatch(line.Number, line.Event, $"nothing from pin {pin}, whose entry says so", LineText.Of(line));
        }
        else
        {
            if (line.A > byte.MaxValue)
            {
                // A destination of x2APIC, which QEMU's local APICs of this profile do not have.
                _verdicts.LeaveUnchecked(line.Event);
                return;
            }
            // Nobody of ours could have sent it: a device did.
            Begin(line);
            var message = Msi.Encode(InterruptMessage.Create((byte)line.D, (DeliveryMode)line.C, (uint)line.A, line.B != 0,
                line.E != 0));
            Send(message, SourceName.Of(message));
        }
    }

    /// <summary>A pin whose entry makes this message, and that is open or was just driven or written; -1 for
    /// none.</summary>
    private int PinThatSends(in TraceLine line)
    {
        if (_machine.HoldsMessages)
            return -1;
        for (int pin = 0; pin < ReplayMachine.Pins; pin++)
        {
            RedirectionEntry entry = _machine.IoApic.Entry(pin);
            if (Sent(entry.Message).IsMetBy(line) && (!entry.Masked || IsDriven(pin)))
                return pin;
        }
        return -1;
    }

    private bool IsDriven(int pin) => _stimulus.Event == TraceEvent.IoApicSetIrq && (int)_stimulus.A == pin;

    private void TakeRequest(in TraceLine line)
    {
        _ofPin = null;
        _entry = -1;
        if (_owed.TryMeet(line))
        {
            _verdicts.Match(line.Event);
            _ofPin = _machine.Held.Dequeue();
        }
        else if (_owed.TryStrike(line.Event, out Prediction predicted))
        {
            _verdicts.Mismatch(line.Number, line.Event, predicted.ToString(), LineText.Of(line));
            _ofPin = _machine.Held.Dequeue();
        }
        else
            Begin(line);
    }

    /// <summary>The remapping unit made this of the message that it worked on. There is no such unit here yet, so the
    /// log is
    /// believed.</summary>
    private void Translated(Msi message)
    {
        if (_ofPin is { } held)
        {
            _ofPin = null;
            Owe(Sent(message));
            RefusalReason answer = _machine.Fabric.Deliver(message, Origin.Pin(held.IoApic, held.Pin));
            _machine.Fabric.Answer(held.IoApic, held.Pin, held.Msi, answer);
            _machine.Drain();
            return;
        }
        Owe(Sent(message));
        Send(message, _entry >= 0 ? SourceName.Irte(_entry) : SourceName.Of(message));
    }

    private void Send(Msi message, SourceName source)
    {
        _message = source;
        _reports.NoteSource(source);
        _machine.Fabric.Send(message);
        _machine.Drain();
    }

    /// <summary>The remapping unit did not pass on what pins sent: a fault, which the log need not show.</summary>
    private void RefuseHeld()
    {
        if (_ofPin is { } faulted)
            Refuse(faulted);
        _ofPin = null;
        while (_machine.Held.TryDequeue(out Event held))
            Refuse(held);
    }

    private void Refuse(in Event held)
    {
        _machine.Fabric.Answer(held.IoApic, held.Pin, held.Msi, RefusalReason.NoRemapper);
        _machine.Drain();
    }
}
