using Wirq.State;

namespace Wirq.Routing;

/// <summary>The routes of I/OAPIC pins in a kernel that owns the local APICs but not the I/OAPIC. No eventfd is bound
/// to them: they make the kernel report the EOIs of their level vectors.</summary>
/// <remarks>A pin has two reserved GSIs. Its route is on the first. While its Remote IRR is set, the route by which the
/// interrupt was delivered stays on the second, because the kernel compares the vector of an EOI with the current
/// routes (measured: if the route changes between delivery and EOI, there is no exit).</remarks>
internal sealed partial class PinRoutes
{
    private readonly Block<PinRoute> _pins;
    private readonly PinNumbers _numbers;
    private readonly IoApic[] _chips;

    internal PinRoutes(IoApic[] chips, StateArena arena)
    {
        _chips = chips;
        _numbers = new PinNumbers([.. chips.Select(chip => chip.Options)]);
        _pins = arena.Reserve<PinRoute>(_numbers.Count);
    }

    /// <summary>Sets the translated message that a pin will send from now on.</summary>
    /// <returns>Whether the table changed, and a commit is needed.</returns>
    internal bool Set(int chip, int pin, InterruptMessage message)
    {
        ref PinRoute route = ref Of(chip, pin);
        bool inService = _chips[chip].Entry(pin).RemoteIrr;
        if (!inService)
            route.HasBefore = 0;
        if (route.HasNow != 0 && route.Now == message)
            return false;
        // If the route changes several times while the interrupt is in service, the first change left the route of the
        // interrupt.
        if (inService && route is { HasNow: not 0, HasBefore: 0 })
        {
            route.Before = route.Now;
            route.HasBefore = 1;
        }
        route.Now = message;
        route.HasNow = 1;
        return true;
    }

    /// <summary>The machine is reset: no pin has a route.</summary>
    /// <returns>Whether the table changed, and a commit is needed.</returns>
    internal bool Reset()
    {
        bool any = false;
        foreach (ref PinRoute route in _pins.Span)
        {
            any |= route.HasNow != 0;
            route = default;
        }
        return any;
    }

    /// <summary>Keeps what a pin sent, until the answer comes.</summary>
    internal void Sends(int chip, int pin, Msi message)
    {
        ref PinRoute route = ref Of(chip, pin);
        (route.SentAddress, route.SentData) = (message.Address.Bits, message.Data.Bits);
    }

    /// <summary>What a pin sent last.</summary>
    internal Msi Sent(int chip, int pin)
    {
        ref PinRoute route = ref Of(chip, pin);
        return new Msi(route.SentAddress, route.SentData);
    }

    /// <summary>How many routes there are.</summary>
    internal int Count
    {
        get
        {
            int count = 0;
            for (int chip = 0; chip < _chips.Length; chip++)
            {
                for (int pin = 0; pin < _chips[chip].Options.Pins; pin++)
                    count += Of(chip, pin).HasNow + (StaysBefore(chip, pin) ? 1 : 0);
            }
            return count;
        }
    }

    /// <summary>Writes the routes of all pins, ascending by GSI.</summary>
    internal int Copy(Span<KernelRoute> routes)
    {
        int count = 0;
        for (int i = 0; i < _pins.Count; i++)
        {
            if (_pins[i].HasNow != 0)
                routes[count++] = new KernelRoute(i, _pins[i].Now);
        }
        for (int chip = 0; chip < _chips.Length; chip++)
        {
            for (int pin = 0; pin < _chips[chip].Options.Pins; pin++)
            {
                if (StaysBefore(chip, pin))
                    routes[count++] = new KernelRoute(_pins.Count + _numbers.Of(chip, pin), Of(chip, pin).Before);
            }
        }
        return count;
    }

    private ref PinRoute Of(int chip, int pin) => ref _pins[_numbers.Of(chip, pin)];
    private bool StaysBefore(int chip, int pin) => Of(chip, pin).HasBefore != 0 && _chips[chip].Entry(pin).RemoteIrr;
}

/// <summary>The routes of one pin.</summary>
internal struct PinRoute : IState
{
    public InterruptMessage Now, Before;
    public ulong SentAddress;
    public uint SentData;
    public ushort HasNow, HasBefore;
}
