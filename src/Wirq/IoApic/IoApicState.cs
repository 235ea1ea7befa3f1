using Wirq.State;

namespace Wirq;

/// <summary>What an I/OAPIC remembers besides its pins.</summary>
internal struct IoApicState : IState
{
    /// <summary>APIC id, and its copy in the arbitration register.</summary>
    public uint Id, Arbitration;
    /// <summary>IOREGSEL, 8 bits.</summary>
    public uint Selected;
    public uint Reserved;
    /// <summary>Pins whose wire is high.</summary>
    public PinSet High;
    /// <summary>Pins that are asserted, polarity applied.</summary>
    public PinSet Asserted;
    public PinSet RemoteIrr;
    /// <summary>Level messages sent whose answer is not in yet.</summary>
    public PinSet InFlight;
    /// <summary>Those of them whose EOI came before the answer did.</summary>
    public PinSet EndedInFlight;
    /// <summary>Level pins whose last message was refused.</summary>
    public PinSet Refused;
    /// <summary>Pins that owe their holders an acknowledge, to be paid at unmask.</summary>
    public PinSet AckOwed;
    /// <summary>Pins whose EOI is being worked on: the next look at them counts for the storm brake.</summary>
    public PinSet AfterEoi;
    /// <summary>Pins that the storm brake holds.</summary>
    public PinSet Braked;
    /// <summary>Requests latched, where the profile latches them.</summary>
    public PinSet Latched;
}

/// <summary>What an I/OAPIC remembers of one pin.</summary>
internal struct IoApicPin : IState
{
    /// <summary>The entry, its Remote IRR and delivery status bits always clear; see <see
    /// cref="IoApicState.RemoteIrr"/>.</summary>
    public RedirectionEntry Entry;
    /// <summary>When the storm brake lets go, in ns; 0 while it does not hold.</summary>
    public long StormDeadline;
    /// <summary>Consecutive EOIs that found the line still asserted; saturates at the limit.</summary>
    public int StormCount;
    public int Reserved;

    internal static void MakeRelative(ref IoApicPin pin, long now)
    {
        if (pin.StormDeadline != 0)
            pin.StormDeadline -= now;
    }
}
