using Wirq.State;

namespace Wirq;

/// <summary>The state of an I/OAPIC besides its pins.</summary>
internal struct IoApicState : IState
{
    /// <summary>APIC id, and its copy in the arbitration register.</summary>
    public uint Id, Arbitration;
    /// <summary>IOREGSEL, 8 bits.</summary>
    public uint Selected;
    public uint Reserved;
    /// <summary>The pins that an EOI may affect: those with a flag of <see cref="PinFlags.HearsEoi"/>. This set exists
    /// so that an EOI need not check all pins.</summary>
    public PinSet EoiPins;
    /// <summary>The pins with <see cref="PinFlags.Braked"/>, for the same reason.</summary>
    public PinSet Braked;
}

/// <summary>The state of one pin of an I/OAPIC.</summary>
internal struct IoApicPin : IState
{
    /// <summary>The entry, its Remote IRR and delivery status bits always clear; see <see
    /// cref="PinFlags.RemoteIrr"/>.</summary>
    public RedirectionEntry Entry;
    /// <summary>When the storm brake releases the pin, in ns; 0 while it does not hold.</summary>
    public long StormDeadline;
    /// <summary>Consecutive EOIs that found the line still asserted; saturates at the limit.</summary>
    public int StormCount;
    public PinFlags Flags;

    public readonly bool Has(PinFlags flag) => (Flags & flag) != 0;
    public void Add(PinFlags flags) => Flags |= flags;
    public void Remove(PinFlags flags) => Flags &= ~flags;
    public void Assign(PinFlags flag, bool present) => Flags = present ? Flags | flag : Flags & ~flag;

    internal static void MakeRelative(Span<IoApicPin> pins, long now)
    {
        foreach (ref IoApicPin pin in pins)
        {
            if (pin.StormDeadline != 0)
                pin.StormDeadline -= now;
        }
    }
}

/// <summary>The flags of a pin. They are in one word, so that the usual questions are one test.</summary>
[Flags]
internal enum PinFlags
{
    None = 0,
    /// <summary>Its wire is high.</summary>
    High = 1 << 0,
    /// <summary>It is asserted, polarity applied.</summary>
    Asserted = 1 << 1,
    /// <summary>A level message was accepted and not ended.</summary>
    RemoteIrr = 1 << 2,
    /// <summary>A level message was sent, and has no answer yet.</summary>
    InFlight = 1 << 3,
    /// <summary>Its EOI came before the answer did.</summary>
    EndedInFlight = 1 << 4,
    /// <summary>Its last level message was refused.</summary>
    Refused = 1 << 5,
    /// <summary>Its holders did not get their acknowledge yet. They get it at the unmask.</summary>
    AckOwed = 1 << 6,
    /// <summary>Its EOI is being worked on: the next look at it counts for the storm brake.</summary>
    AfterEoi = 1 << 7,
    /// <summary>The storm brake holds it.</summary>
    Braked = 1 << 8,
    /// <summary>A request is latched: an edge, until it is sent, and, if the profile latches requests, a
    /// level.</summary>
    Latched = 1 << 9,
    /// <summary>The flags of a pin that an EOI of its vector affects.</summary>
    HearsEoi = RemoteIrr | InFlight | Refused,
}
