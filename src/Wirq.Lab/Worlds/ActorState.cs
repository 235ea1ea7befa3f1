using System.Runtime.CompilerServices;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The state of a device.</summary>
internal struct DeviceState : IState
{
    /// <summary>Whether it needs service.</summary>
    public uint Wants;
    public uint Removed;
}

/// <summary>A handler that a CPU executes.</summary>
internal struct Frame : IState
{
    public ushort Handler;
    public ushort Turn;
    public ushort Step;
    public byte Vector;
    public LastResort End;
}

/// <summary>How an interrupt without a handler is ended.</summary>
internal enum LastResort : byte
{
    /// <summary>An EOI to the local APIC.</summary>
    LocalApic,
    /// <summary>Non-specific EOIs to both 8259s.</summary>
    BothPics,
    /// <summary>A non-specific EOI to the master only.</summary>
    MasterPic,
    /// <summary>Not at all: it is not in service.</summary>
    Nothing,
}

/// <summary>The handlers that a CPU executes, outermost first.</summary>
[InlineArray(CpuState.MaxDepth)]
internal struct Frames : IState
{
    private Frame _first;
}

/// <summary>The state of a simulated CPU.</summary>
internal struct CpuState : IState
{
    internal const int MaxDepth = 16;

    /// <summary>The interrupt flag.</summary>
    public uint Interrupts;
    public uint Depth;
    public Frames Frames;
}

/// <summary>How often a handler has run on a CPU; saturates at the start of its last turn.</summary>
internal struct TurnState : IState
{
    public ulong Count;
}
