using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>A driver of a kernel.</summary>
internal struct DriverState : IState
{
    /// <summary>Its action plus 1; 0 if it has not requested its line.</summary>
    public byte ActionAndOne;
    /// <summary>The action, plus 1, whose thread was woken or runs; 0 for none.</summary>
    public byte ThreadAndOne;
    /// <summary>1 if the thread has served the device.</summary>
    public byte HasServed;
    /// <summary>1 if a step said that the thread may run.</summary>
    public byte Told;
}

/// <summary>A passed device, as its VMM knows it.</summary>
/// <remarks>This is all of <see cref="Vfio.VfioWayBack"/> that decides what happens next. Its counts and the time at which registers are
/// mapped again decide nothing: an access that ends an event is seen in any case. In a world they would only keep states apart.</remarks>
internal struct PassedState : IState
{
    /// <summary>1 from an event to the guest's next access, if that unmasks.</summary>
    public uint IsPending;
}

/// <summary>How far a CPU is in the flow handler of a line of its guest.</summary>
internal struct FlowState : IState
{
    public FlowPhase Phase;
    /// <summary>1 if the flow is to run once more without an interrupt.</summary>
    public byte Resends;
    /// <summary>The action whose hard handler runs.</summary>
    public ushort Action;
}

/// <summary>What a CPU does next in a flow handler.</summary>
internal enum FlowPhase : byte
{
    /// <summary>It enters the flow handler.</summary>
    Begin,
    /// <summary>It calls the chip.</summary>
    Chip,
    /// <summary>It runs a hard handler.</summary>
    Hard,
}

/// <summary>The lock of a guest's descriptors.</summary>
internal struct FlowLock : IState
{
    /// <summary>The CPU that holds it, plus 1; 0 for none.</summary>
    public uint CpuAndOne;
}

/// <summary>How often something happened.</summary>
internal struct HostCount : IState
{
    public uint Count;
}
