using System.Runtime.CompilerServices;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>What a device remembers.</summary>
internal struct DeviceState : IState
{
    /// <summary>Whether it wants to be served.</summary>
    public uint Wants;
    public uint Removed;
}

/// <summary>A handler that a CPU is in.</summary>
internal struct Frame : IState
{
    public ushort Handler;
    public ushort Turn;
    public ushort Step;
    public byte Vector;
    /// <summary>1 where the 8259s gave the vector.</summary>
    public byte External;
}

/// <summary>The handlers that a CPU is in, outermost first.</summary>
[InlineArray(CpuState.MaxDepth)]
internal struct Frames : IState
{
    private Frame _first;
}

/// <summary>What a simulated CPU remembers.</summary>
internal struct CpuState : IState
{
    internal const int MaxDepth = 16;

    /// <summary>The interrupt flag.</summary>
    public uint Interrupts;
    public uint Depth;
    public Frames Frames;
}

/// <summary>How often a handler has run on a CPU; saturates where its last turn begins.</summary>
internal struct TurnState : IState
{
    public ulong Count;
}
