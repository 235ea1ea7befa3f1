using Wirq.Events;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <content>Messages of pins and devices.</content>
internal sealed partial class ReplaySession
{
    private const uint DestinationMask = 0xFF;

    private static Prediction Sent(Msi message) => new(TraceEvent.ApicDeliverIrq,
        message.Address.Destination(MsiFormat.Compatibility) & DestinationMask, message.Address.Logical ? 1u : 0,
        (ulong)message.Data.Mode, message.Data.Vector, message.Data.Level ? 1u : 0);

    private static Prediction Sent(InterruptMessage message) => new(TraceEvent.ApicDeliverIrq, message.Destination,
        message.Logical ? 1u : 0, (ulong)message.Mode, message.Vector, message.Level ? 1u : 0);

    private void TakeDelivery(in TraceLine line)
    {
        if (TakesMessage(line))
            _verdicts.LeaveUnchecked(line.Event);
        else if (_owed.TryMeet(line))
            _verdicts.Match(line);
        else if (_owed.TryStrike(line.Event, out Prediction predicted))
            _verdicts.Mismatch(line, predicted.ToString());
        else if (PinThatSends(line) is var pin and >= 0 && _verdicts.Coverage.Tells(Responder.IoApic))
            _verdicts.Mismatch(line, $"nothing from pin {pin}, whose entry says so");
        else
        {
            if (line.A > byte.MaxValue)
            {
                // A destination of x2APIC, which the local APICs of profile `qemu` do not have.
                _verdicts.LeaveUnchecked(line.Event);
                return;
            }
            // No chip here could have sent it, so a device did.
            Begin(line);
            var message = Msi.Encode(InterruptMessage.Create((byte)line.D, (DeliveryMode)line.C, (uint)line.A, line.B != 0,
                line.E != 0));
            _reports.NoteSource(SourceName.Of(message));
            Send(message, SourceName.Of(message));
        }
    }

    /// <summary>A pin whose entry makes this message, and that is unmasked or was just driven or written; -1 for
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

    private void Send(Msi message, SourceName source, ushort requester = 0)
    {
        _message = source;
        _machine.Fabric.Send(message, requester);
        _machine.Drain();
    }

    /// <summary>Drops messages of pins that the log does not have.</summary>
    private void RefuseHeld()
    {
        while (_machine.Held.Count > 0 && _machine.Held.TryDequeue(out Event held))
            _machine.Refuse(held);
    }
}
