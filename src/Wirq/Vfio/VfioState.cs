using Wirq.State;

namespace Wirq.Vfio;

/// <summary>Which interrupts of a device are enabled.</summary>
internal enum VfioType : byte
{
    None,
    Intx,
    Msi,
    Msix,
}

/// <summary>A device's interrupts. Descriptors are one more than their number; 0 is none.</summary>
internal struct VfioDeviceState : IState
{
    /// <summary>When the wait for the guest ends, in ns; 0 for never.</summary>
    public long Deadline;
    /// <summary>When the storm brake lets the device go, in ns; 0 while it does not hold.</summary>
    public long StormDeadline;
    /// <summary>When the first of the counted unmasks was, or the last end of the brake, in ns.</summary>
    public long StormSince;
    /// <summary>Unmasks in a row that found the device asserting; at most its limit.</summary>
    public int StormCount;
    public int Trigger, UnmaskFd, MaskFd, Err, Req;
    /// <summary>How many vectors were allocated when messages were enabled.</summary>
    public ushort Allocated;
    public VfioType Type;
    /// <summary>1 if VFIO keeps it masked: by DisINTx, or by a disable of its line.</summary>
    public byte Masked;
    /// <summary>1 if the guest set DisINTx.</summary>
    public byte VirtualDisable;
    /// <summary>The device's own DisINTx.</summary>
    public byte IntxDisable;
    /// <summary>1 if the device asserts its interrupt, as its status bit says.</summary>
    public byte Asserts;
    /// <summary>1 if the work of the unmask eventfd waits to run.</summary>
    public byte Work;
    /// <summary>One more than its action of the line.</summary>
    public byte Action;
    /// <summary>1 while the guest has an interrupt of a ONESHOT line.</summary>
    public byte Waits;
    public ushort Reserved0;
    public uint Reserved;

    public readonly bool SendsMessages => Type is VfioType.Msi or VfioType.Msix;
}

/// <summary>A vector of a device.</summary>
internal struct VfioVectorState : IState
{
    public int Trigger;
    /// <summary>1 if the host granted it. It stays so until messages are disabled.</summary>
    public byte Granted;
    public byte Reserved0;
    public ushort Reserved;
}

/// <summary>What else holds a line of the host up.</summary>
internal struct VfioLineState : IState
{
    public ushort Others;
}

/// <summary>The process's half of a line-based interrupt.</summary>
internal struct WayBackState : IState
{
    /// <summary>When the registers are mapped again, in ns; 0 if they are.</summary>
    public long Remap;
    /// <summary>1 from an event to its end.</summary>
    public byte Pending;
    /// <summary>1 from an unmask at which the device asserted to the next event.</summary>
    public byte Early;
    public ushort Reserved0;
    public uint Reserved;
}

/// <summary>Deadlines in ns, of which 0 is never.</summary>
internal static class VfioDeadline
{
    /// <summary>What a deadline is for the identity of a state: how far it lies ahead. One that has passed is as one that is due
    /// now.</summary>
    internal static long Ahead(long deadline, long now) => deadline == 0 ? 0 : Math.Max(0, deadline - now) + 1;
}
