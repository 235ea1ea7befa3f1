namespace Wirq;

/// <content>Mutations between two steps, for the laboratory: defects that others had and this chip has not.</content>
public sealed partial class IoApic
{
    /// <summary>Sets Remote IRR again, as if an EOI had not reached the pin.</summary>
    internal void KeepRemoteIrr(int pin) => S.RemoteIrr.Add(pin);

    /// <summary>Puts more than 8 bits into IOREGSEL.</summary>
    internal void ForceSelect(uint value) => S.Selected = value;
}
