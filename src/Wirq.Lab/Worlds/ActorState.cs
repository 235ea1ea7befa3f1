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
    public LastResort End;
}

/// <summary>What ends an interrupt that has no handler.</summary>
internal enum LastResort : byte
{
    /// <summary>An EOI to the local APIC.</summary>
    LocalApic,
    /// <summary>Non-specific EOIs to both 8259s.</summary>
    BothPics,
    /// <summary>One to the master alone.</summary>
    MasterPic,
    /// <summary>It is in service nowhere.</summary>
    Nothing,
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
