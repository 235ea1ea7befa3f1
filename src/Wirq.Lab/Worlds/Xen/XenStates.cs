using System.Runtime.CompilerServices;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Lab.Worlds;

/// <summary>The port that has a name.</summary>
internal struct NamedPort : IState
{
    public uint Port;
}

/// <summary>The vCPU that handles a port, as its guest knows it.</summary>
internal struct PortHandler : IState
{
    public ushort Vcpu;
}

/// <summary>What a guest knows of its own event channels: where it put its words.</summary>
internal struct GuestDomainState : IState
{
    public uint IsFifo;
    public uint ArrayPages;
    public ArrayFrames Frames;
}

/// <summary>Frames of pages of event words.</summary>
[InlineArray(GuestDomain.MaxArrayPages)]
internal struct ArrayFrames
{
    private ulong _first;
}

/// <summary>What a guest knows of a vCPU.</summary>
internal struct GuestVcpuState : IState
{
    /// <summary>Frame of its registered vcpu_info plus 1; 0 for none.</summary>
    public ulong InfoFrameAndOne;
    /// <summary>Frame of its control block plus 1; 0 for none.</summary>
    public ulong ControlFrameAndOne;
    public uint InfoOffset;
    public uint ControlOffset;
    public UpcallState Upcall;
}

/// <summary>How far a vCPU is in handling its events.</summary>
internal struct UpcallState
{
    /// <summary>Words of pending bits that are still to be looked at; in the FIFO ABI, queues.</summary>
    public ulong Waiting;
    /// <summary>Ports of the present word that are still to be handled.</summary>
    public ulong Ports;
    public UpcallPhase Phase;
    /// <summary>The present word of pending bits; in the FIFO ABI, the present queue.</summary>
    public uint Place;
    /// <summary>The present port.</summary>
    public uint Port;
    public uint Reserved;
    /// <summary>The next port of each queue; 0 if that is to be read.</summary>
    public QueueHeads Heads;
}

/// <summary>A port for each queue.</summary>
[InlineArray(ControlBlock.Queues)]
internal struct QueueHeads
{
    private uint _first;
}

/// <summary>The next access of a vCPU that handles its events.</summary>
internal enum UpcallPhase : uint
{
    /// <summary>It clears its flag.</summary>
    Begin,
    /// <summary>It takes the selector, or the ready bits.</summary>
    Select,
    /// <summary>It reads a word of pending bits, or the head of a queue.</summary>
    Look,
    /// <summary>It unlinks the head of a queue.</summary>
    Unlink,
    /// <summary>It reads whether the port that it unlinked is pending and not masked.</summary>
    Test,
    /// <summary>It clears the pending bit of a port, and handles it.</summary>
    Handle,
    /// <summary>It reads whether its flag was set again.</summary>
    Again,
}

/// <summary>Whether a CPU left its guest and has not entered it since.</summary>
internal struct ExitState : IState
{
    public uint IsOutside;
}
