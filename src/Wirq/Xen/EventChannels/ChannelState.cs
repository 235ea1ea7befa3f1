using System.Runtime.CompilerServices;
using Wirq.State;

namespace Wirq.Xen;

/// <summary>What a port is.</summary>
internal enum PortKind : byte
{
    /// <summary>Free.</summary>
    Free,
    /// <summary>Port 0, which is never given out.</summary>
    Reserved,
    /// <summary>Waits for another domain to connect.</summary>
    Unbound,
    /// <summary>Connected to a port of a domain.</summary>
    Interdomain,
    /// <summary>A physical interrupt.</summary>
    Pirq,
    /// <summary>A virtual interrupt.</summary>
    Virq,
    /// <summary>For interrupts between vCPUs.</summary>
    Ipi,
}

/// <summary>One port.</summary>
internal struct ChannelState : IState
{
    /// <summary>The port at the other end, the PIRQ or the VIRQ.</summary>
    public uint Peer;
    /// <summary>The domain at the other end, or the one that may connect.</summary>
    public ushort Remote;
    /// <summary>The vCPU that gets its events.</summary>
    public ushort Vcpu;
    /// <summary>The vCPU in whose queue it was linked last.</summary>
    public ushort LastVcpu;
    public PortKind Kind;
    public byte Priority;
    /// <summary>The queue of <see cref="LastVcpu"/> in which it was linked last.</summary>
    public byte LastPriority;
    /// <summary>1 if an event waits for the page of its word.</summary>
    public byte Remembered;
    /// <summary>1 if the hypervisor itself gets its events.</summary>
    public byte OfXen;
    public byte Reserved;

    public readonly bool InUse => Kind is not (PortKind.Free or PortKind.Reserved);
}

/// <summary>One vCPU.</summary>
internal struct VcpuState : IState
{
    /// <summary>Frame of its control block plus 1; 0 for none.</summary>
    public ulong ControlFrameAndOne;
    /// <summary>Frame of its registered vcpu_info plus 1; 0 for none.</summary>
    public ulong InfoFrameAndOne;
    public uint ControlOffset;
    public uint InfoOffset;
    /// <summary>1 while it is in SCHEDOP_poll.</summary>
    public uint Polling;
    /// <summary>The one port that it polls; 0 for several or none.</summary>
    public uint PollPort;
    /// <summary>The port of each virtual interrupt; 0 for none.</summary>
    public VirqPorts Virqs;
    /// <summary>The last port of each queue; 0 for none.</summary>
    public QueueTails Tails;
}

/// <summary>A port for each virtual interrupt.</summary>
[InlineArray(VirtualInterrupt.Count)]
internal struct VirqPorts
{
    private uint _first;
}

/// <summary>A port for each queue.</summary>
[InlineArray(ControlBlock.Queues)]
internal struct QueueTails
{
    private uint _first;
}

/// <summary>One domain.</summary>
internal struct DomainState : IState
{
    /// <summary>Ports below this number are valid.</summary>
    public uint ValidPorts;
    /// <summary>How many ports the guest has in use.</summary>
    public uint InUse;
    /// <summary>How many pages of event words it has.</summary>
    public uint ArrayPages;
    /// <summary>The next port that a reset closes; 0 while there is none.</summary>
    public uint ResetNext;
    /// <summary>How many of its vCPUs are in SCHEDOP_poll.</summary>
    public uint Pollers;
    /// <summary>1 if its words have 64 bits.</summary>
    public byte Is64Bit;
    /// <summary>1 if it uses the FIFO ABI.</summary>
    public byte IsFifo;
    /// <summary>1 while its controller keeps it from running.</summary>
    public byte Paused;
    public byte Reserved;
}

/// <summary>A page of event words: its frame.</summary>
internal struct ArrayPage : IState
{
    public ulong Frame;
}

/// <summary>The port of a physical interrupt; 0 for none.</summary>
internal struct PirqPort : IState
{
    public uint Port;
}

/// <summary>The domain that may bind a global virtual interrupt, by its place in the list of domains.</summary>
internal struct VirqHandler : IState
{
    public int Domain;
}
