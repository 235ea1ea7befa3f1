namespace Wirq;

/// <content>Mutations between two steps, for the laboratory: defects that others had and this chip has not.</content>
public sealed partial class IoApic
{
    /// <summary>Sets Remote IRR again, as if an EOI had not reached the pin.</summary>
    internal void KeepRemoteIrr(int pin)
    {
        _pins[pin].Add(PinFlags.RemoteIrr);
        UpdateEoiPins(pin, in _pins[pin]);
    }

    /// <summary>Clears Remote IRR, as if an EOI had come that never did.</summary>
    internal void DropRemoteIrr(int pin)
    {
        _pins[pin].Remove(PinFlags.RemoteIrr);
        UpdateEoiPins(pin, in _pins[pin]);
    }

    /// <summary>Changes an entry behind everybody's back: a stale destination, a mask that loses edges.</summary>
    internal void ForceEntry(int pin, RedirectionEntry entry) => _pins[pin].Entry = entry.WithRemoteIrr(false);

    /// <summary>Puts more than 8 bits into IOREGSEL.</summary>
    internal void ForceSelect(uint value) => S.Selected = value;
}
