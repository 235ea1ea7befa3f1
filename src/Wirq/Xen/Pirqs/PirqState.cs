using Wirq.State;

namespace Wirq.Xen;

/// <summary>What a PIRQ has of the machine.</summary>
internal enum PirqUse : byte
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>The guest reserved it.</summary>
    Reserved,
    /// <summary>An interrupt of the machine.</summary>
    Mapped,
    /// <summary>It was unmapped while it was bound. Its interrupt is not free until the binding has gone.</summary>
    Leaving,
}

/// <summary>What a PIRQ has of the guest's emulated machine.</summary>
internal enum PirqEmulation : byte
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>A GSI.</summary>
    Gsi,
    /// <summary>Messages of emulated devices.</summary>
    Message,
}

/// <summary>How a PIRQ is passed to its guest.</summary>
internal enum PirqBinding : byte
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>By lines of devices.</summary>
    Lines,
    /// <summary>By a message.</summary>
    Message,
    /// <summary>By the pin of the same number, in the hardware domain.</summary>
    SamePin,
}

/// <summary>One PIRQ of a domain.</summary>
internal struct PirqState : IState
{
    /// <summary>Flags of the guest's message, as in <c>xen_domctl_bind_pt_irq</c>.</summary>
    public uint MessageFlags;
    /// <summary>The interrupt of the machine, if it has one.</summary>
    public ushort Irq;
    /// <summary>The emulated GSI, if it has one.</summary>
    public ushort Gsi;
    /// <summary>The requester whose message came first, if it has messages of an emulated device.</summary>
    public ushort Requester;
    /// <summary>How many lines of the guest it holds up.</summary>
    public ushort Pending;
    public PirqUse Use;
    public PirqEmulation Emulation;
    public PirqBinding Binding;
    /// <summary>Vector of the guest's message.</summary>
    public byte Vector;
    /// <summary>1 while an interrupt of the machine waits for the guest's EOI.</summary>
    public byte InFlight;
    /// <summary>1 if no EOI is awaited: the pin of the hardware domain is an edge.</summary>
    public byte NoEoi;
    public ushort Reserved;
}

/// <summary>An interrupt of the machine, as a domain sees it.</summary>
internal struct DomainIrq : IState
{
    /// <summary>Its PIRQ; 0 for none.</summary>
    public ushort Pirq;
    /// <summary>1 if the domain has access to it.</summary>
    public byte Access;
    public byte Reserved;
}

/// <summary>An interrupt of the machine.</summary>
internal struct MachineIrq : IState
{
    /// <summary>The device, if it is one of messages.</summary>
    public uint Device;
    /// <summary>How many domains it is bound to.</summary>
    public ushort Guests;
    /// <summary>How many of them have it in flight.</summary>
    public ushort InFlight;
    /// <summary><see cref="Configured"/> of an interrupt of messages that is still mapped.</summary>
    public const byte DeviceGone = 2;

    /// <summary>1 if its pin was set up, or if it is an interrupt of messages that is in use.</summary>
    public byte Configured;
    /// <summary>1 for level.</summary>
    public byte Level;
    /// <summary>1 for active low.</summary>
    public byte ActiveLow;
    /// <summary>1 if its wire is high.</summary>
    public byte High;
    /// <summary>1 if several domains may have it.</summary>
    public byte Shared;
    /// <summary>1 if an edge came while it was in flight.</summary>
    public byte Again;
    public ushort Reserved;

    /// <summary>Whether the pin sees its wire assert.</summary>
    public readonly bool Asserts => High != ActiveLow;
}

/// <summary>A line of a guest's device that a PIRQ drives.</summary>
internal struct GuestLine : IState
{
    public ushort Pirq;
    public byte Bus;
    public byte Device;
    public byte Pin;
    public byte InUse;
}

/// <summary>Who has a device of the machine.</summary>
internal struct DeviceState : IState
{
    public ushort Domain;
    /// <summary>1 if it was taken out of the machine.</summary>
    public ushort Removed;
}
