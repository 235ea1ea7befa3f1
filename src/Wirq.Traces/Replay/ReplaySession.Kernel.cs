using Wirq.Events;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <content>The local APICs of a kernel (<c>kernel-irqchip=split</c>): a message of a pin goes there by the kernel's route of
/// the pin, and not by its entry.</content>
/// <remarks>When it is sent, and when its route is set, are lines of the log: the chips here do not decide the order. So a
/// message waits until a line shows that it was sent.</remarks>
internal sealed partial class ReplaySession
{
    private readonly KernelRoutes _kernelRoutes = new();

    private void TakeKernel(in TraceLine line)
    {
        if (!_survey.IsSplit)
            return;
        int pin = line.A < ReplayMachine.Pins ? (int)line.A : -1;
        switch (line.Event)
        {
            case TraceEvent.KernelTrigger when pin >= 0:
                TakeTrigger(line, pin);
                break;
            case TraceEvent.KernelRoute when pin >= 0:
                var message = new Msi(line.B, (uint)line.C);
                CompareRoute(line, pin, message);
                _kernelRoutes.Set(pin, message);
                TellRoute(pin);
                break;
            // QEMU updates only the pins that are not masked.
            case TraceEvent.KernelRouteUpdate when pin >= 0:
                _kernelRoutes.Prepare(pin, _entries.IsWhole(pin) ? MessageOf(pin) : null);
                if (!_entries.IsWhole(pin))
                    _verdicts.LeaveUnchecked(line.Event);
                else if (_machine.IoApic.Entry(pin).Masked)
                    _verdicts.Mismatch(line, $"nothing: pin {pin} is masked");
                else
                    _verdicts.Match(line);
                break;
            // A machine begins with routes that name no message.
            case TraceEvent.KernelRouteAdd when line.B < ReplayMachine.Pins:
                _kernelRoutes.Prepare((int)line.B, new Msi(0, 0));
                break;
            case TraceEvent.KernelRouteRelease when pin >= 0:
                _kernelRoutes.Prepare(pin, null);
                break;
            case TraceEvent.KernelRouteCommit:
                _kernelRoutes.Commit(TellRoute);
                break;
        }
    }

    private void TellRoute(int pin)
    {
        if (_kernelRoutes[pin] is { } message)
            Tell(new LogRouteSet(0, pin, message).ToEvent());
    }

    private Msi MessageOf(int pin) => _machine.IoApic.MessageOf(_machine.IoApic.Entry(pin));

    /// <summary>A route must have the message of its entry.</summary>
    private void CompareRoute(in TraceLine line, int pin, Msi route)
    {
        if (!_entries.IsWhole(pin))
            _verdicts.LeaveUnchecked(line.Event);
        else if (IsSame(route, MessageOf(pin)))
            _verdicts.Match(line);
        else
            _verdicts.Mismatch(line, LineText.Of(line.Event, (ulong)pin, MessageOf(pin).Address.Bits, MessageOf(pin).Data.Bits));
    }

    /// <summary>QEMU's I/OAPIC does not set the assert bit of a level message.</summary>
    private static bool IsSame(Msi one, Msi other) =>
        one.Address == other.Address && ((one.Data.Bits ^ other.Data.Bits) & ~AssertBit) == 0;

    private void TakeTrigger(in TraceLine line, int pin)
    {
        if (_owed.TryMeet(line))
            _verdicts.Match(line);
        else
            _verdicts.Mismatch(line, Verdicts.Nothing);
        SendToKernel(pin);
    }

    /// <summary>A line shows that the message of a pin was sent now.</summary>
    private void SendToKernel(int pin)
    {
        for (int waiting = _machine.Held.Count; waiting > 0; waiting--)
        {
            Event held = _machine.Held.Dequeue();
            if (held.Pin == pin)
                Accept(held, byRoute: true);
            else
                _machine.Held.Enqueue(held);
        }
    }

    /// <summary>The stimulus is over. What no line of its kind shows was sent by the route of that time, if there was only
    /// one.</summary>
    private void SendRestToKernel()
    {
        while (_machine.Held.TryDequeue(out Event held))
        {
            bool shown = _survey.Saw(TraceEvent.KernelTrigger) || held.Msi.Data.Level && _survey.Saw(TraceEvent.IoApicSetRemoteIrr);
            Accept(held, byRoute: !shown && !_kernelRoutes.Changed.Has(held.Pin));
        }
        _kernelRoutes.Changed = default;
    }

    private void Accept(in Event held, bool byRoute)
    {
        if (byRoute && _kernelRoutes[held.Pin] is { } route)
        {
            Msi message = IsSame(route, held.Msi) ? held.Msi : route;
            message.TryDecode(_machine.Options.Format, out InterruptMessage decoded);
            _machine.Tell(new MessageAccepted(Origin.Pin(0, held.Pin), decoded, Cpus: 0).ToEvent());
        }
        _machine.Accept(held);
    }
}
