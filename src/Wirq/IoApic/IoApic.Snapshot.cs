using Wirq.State;

namespace Wirq;

/// <content>The state as the fields of a snapshot.</content>
public sealed partial class IoApic
{
    private const PinFlags AllFlags = (PinFlags)(((int)PinFlags.Latched << 1) - 1);

    /// <summary>Moves the state of the chip and its pins.</summary>
    internal void Move(Fields f)
    {
        Move(f, ref S);
        f.Row("pins", _pins.Count, pin => MovePin(f, pin));
    }

    internal static void Move(Fields f, ref IoApicState s)
    {
        s.Id = f.U32("id", s.Id);
        s.Arbitration = f.U32("arbitration", s.Arbitration);
        s.Selected = f.U32("selected", s.Selected);
    }

    internal static void Move(Fields f, ref IoApicPin pin, ulong writable, int stormLimit)
    {
        pin.Entry = new(f.U64("entry", pin.Entry.Bits, writable));
        pin.Flags = (PinFlags)f.U32("flags", (uint)pin.Flags, (uint)AllFlags);
        pin.StormCount = f.Number("stormCount", pin.StormCount, 0, stormLimit);
        pin.StormDeadline = f.Time("stormDeadline", pin.StormDeadline, never: 0);
    }

    private void MovePin(Fields f, int number)
    {
        IoApicPin pin = _pins[number];
        Move(f, ref pin, Writable, Options.StormLimit);
        string flags = $"{pin.Flags}";
        f.Demand(!pin.Has(PinFlags.RemoteIrr) || IsLevel(pin.Entry), "flags", flags, "no RemoteIrr: the entry is edge-triggered");
        f.Demand(!pin.Has(PinFlags.EndedInFlight) || pin.Has(PinFlags.InFlight), "flags", flags, "InFlight with EndedInFlight");
        f.Demand(!pin.Has(PinFlags.AckOwed) || pin.Entry.Masked, "flags", flags, "no AckOwed: the entry is not masked");
        f.Demand(pin.Has(PinFlags.Braked) || pin.StormDeadline == 0, "stormDeadline", "set", "none: the storm brake does not hold the pin");
        f.Demand(pin.Has(PinFlags.Asserted) == (pin.Has(PinFlags.High) != IsActiveLow(pin.Entry)) || !f.IsReading, "flags", flags,
            $"Asserted as polarity says: the wire is {(pin.Has(PinFlags.High) ? "high" : "low")}, the entry is {(pin.Entry.ActiveLow ? "active low" : "active high")}");
        if (!f.IsReading)
            return;
        SetPinState(number, pin);
        // At rest a pin that can send has sent. A profile that evaluates less often may leave one behind.
        bool stuck = Options.Profile == Profile.Manual && GateOf(number) == Gate.None && !pin.Has(PinFlags.Refused);
        f.Demand(!stuck, "flags", flags, "a pin at rest: this one would send");
    }
}
