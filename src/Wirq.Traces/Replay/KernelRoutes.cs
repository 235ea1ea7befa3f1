using Wirq.Events;
using Wirq.State;

namespace Wirq.Traces.Replay;

/// <summary>The kernel's routes of the I/OAPIC's pins, as far as a log of split mode shows them: the pin with number N has
/// virq N.</summary>
/// <remarks>QEMU prepares routes one by one (<c>kvm_irqchip_update_msi_route</c>) and gives them to the kernel together
/// (<c>kvm_irqchip_commit_routes</c>). Until then the kernel sends by the old ones.</remarks>
internal sealed class KernelRoutes
{
    private readonly Msi?[] _now = new Msi?[ReplayMachine.Pins], _prepared = new Msi?[ReplayMachine.Pins];
    private PinSet _open;

    /// <summary>The pins whose route changed since this was last cleared.</summary>
    internal PinSet Changed { get; set; }

    /// <summary>The message by which the kernel sends for a pin; null if the log does not show it.</summary>
    internal Msi? this[int pin] => _now[pin];

    /// <summary>A route is prepared; null if its message is not known.</summary>
    internal void Prepare(int pin, Msi? message)
    {
        _prepared[pin] = message;
        _open = _open.With(pin);
    }

    /// <summary>The prepared routes become those of the kernel.</summary>
    /// <param name="set">Gets each pin whose message is known.</param>
    internal void Commit(Action<int> set)
    {
        for (int pin = 0; pin < ReplayMachine.Pins; pin++)
        {
            if (!_open.Has(pin))
                continue;
            bool same = _now[pin] == _prepared[pin];
            Set(pin, _prepared[pin]);
            if (!same && _now[pin] is not null)
                set(pin);
        }
        _open = default;
    }

    /// <summary>A route is set; null if its message is not known.</summary>
    internal void Set(int pin, Msi? message)
    {
        if (_now[pin] != message || message is null)
            Changed = Changed.With(pin);
        _now[pin] = message;
    }
}
