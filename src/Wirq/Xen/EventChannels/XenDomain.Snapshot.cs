using Wirq.State;

namespace Wirq.Xen;

// The state as the fields of a snapshot. Counts, free ports, and the ports of PIRQs and virtual interrupts follow from the
// ports.
internal sealed partial class XenDomain
{
    private const ulong LastFrame = ulong.MaxValue - 1;

    internal void Move(Fields f)
    {
        State.Is64Bit = f.Flag("is64Bit", State.Is64Bit);
        State.IsFifo = f.Flag("isFifo", State.IsFifo);
        State.Paused = f.Flag("paused", State.Paused);
        State.ValidPorts = (uint)f.Number("validPorts", (int)State.ValidPorts, PortGroup, _channels.Count);
        f.Demand(State.ValidPorts % PortGroup == 0, "validPorts", $"{State.ValidPorts}", $"a multiple of {PortGroup}");
        State.ResetNext = (uint)f.Number("resetNext", (int)State.ResetNext, 0, (int)State.ValidPorts);
        MovePorts(f);
        State.ArrayPages = (uint)f.Number("arrayPages", (int)State.ArrayPages, 0, State.IsFifo != 0 ? Fifo.MaxPages : 0);
        f.Row("arrayPages", (int)State.ArrayPages, i => _array[i].Frame = Frame(f, "frame", _array[i].Frame));
        f.Row("vcpus", _vcpus.Count, i => Move(f, ref _vcpus[i]));
        if (f.IsReading)
            Derive(f);
    }

    private void MovePorts(Fields f)
    {
        List<int> ports = [];
        for (int port = 1; port < State.ValidPorts && !f.IsReading; port++)
        {
            if (!IsBlank(_channels[port]))
                ports.Add(port);
        }
        int least = 1;
        f.List("ports", ports.Count, (int)State.ValidPorts - 1, i =>
        {
            int port = f.Number("port", f.IsReading ? 0 : ports[i], least, (int)State.ValidPorts - 1);
            least = port + 1;
            Move(f, ref _channels[port]);
        });
    }

    private static bool IsBlank(in ChannelState channel) =>
        channel is { Kind: PortKind.Free, Remembered: 0, LastVcpu: 0, LastPriority: 0, Priority: 0 };

    private void Move(Fields f, ref ChannelState channel)
    {
        channel.Kind = f.Choice("kind", channel.Kind);
        f.Demand(channel.Kind != PortKind.Reserved, "kind", "Reserved", "another kind: only port 0 is reserved");
        bool isFree = channel.Kind == PortKind.Free;
        channel.Vcpu = (ushort)f.Number("vcpu", channel.Vcpu, 0, isFree ? 0 : _vcpus.Count - 1);
        channel.Peer = (uint)f.Number("peer", (int)channel.Peer, 0, MostPeer(channel.Kind));
        channel.Remote = f.U16("remote", channel.Remote, channel.Kind is PortKind.Unbound or PortKind.Interdomain ? ushort.MaxValue : (ushort)0);
        channel.OfXen = isFree ? (byte)0 : f.Flag("ofXen", channel.OfXen);
        channel.Priority = (byte)f.Number("priority", channel.Priority, 0, ControlBlock.LowestPriority);
        channel.LastVcpu = (ushort)f.Number("lastVcpu", channel.LastVcpu, 0, State.IsFifo != 0 ? _vcpus.Count - 1 : 0);
        channel.LastPriority = (byte)f.Number("lastPriority", channel.LastPriority, 0, State.IsFifo != 0 ? ControlBlock.LowestPriority : 0);
        channel.Remembered = f.Flag("remembered", channel.Remembered);
        f.Demand(State.IsFifo != 0 || channel.Remembered == 0, "remembered", "1", "0 in the 2-level ABI");
        f.Demand(!IsBlank(channel), "kind", "Free", "a port that is in use, or was: others are not in the list");
    }

    private int MostPeer(PortKind kind) => kind switch
    {
        PortKind.Interdomain => XenDomainOptions.MaxPorts - 1,
        PortKind.Pirq => _pirqs.Count - 1,
        PortKind.Virq => VirtualInterrupt.Count - 1,
        _ => 0,
    };

    private void Move(Fields f, ref VcpuState vcpu)
    {
        vcpu.InfoFrameAndOne = FrameAndOne(f, "info", vcpu.InfoFrameAndOne);
        vcpu.InfoOffset = vcpu.InfoFrameAndOne == 0 ? 0 : Offset(f, "infoOffset", vcpu.InfoOffset, VcpuInfo.Size);
        if (State.IsFifo != 0)
        {
            vcpu.ControlFrameAndOne = FrameAndOne(f, "control", vcpu.ControlFrameAndOne);
            vcpu.ControlOffset = vcpu.ControlFrameAndOne == 0 ? 0 : Offset(f, "controlOffset", vcpu.ControlOffset, ControlBlock.Size);
            MoveTails(f, ref vcpu.Tails);
        }
        vcpu.Polling = f.Flag("polling", vcpu.Polling != 0) ? 1u : 0;
        vcpu.PollPort = (uint)f.Number("pollPort", (int)vcpu.PollPort, 0, vcpu.Polling == 0 ? 0 : (int)State.ValidPorts - 1);
    }

    private void MoveTails(Fields f, ref QueueTails tails)
    {
        // A row cannot change what is passed by reference.
        QueueTails copy = tails;
        f.Row("tails", ControlBlock.Queues, queue => copy[queue] = (uint)f.Number("port", (int)copy[queue], 0, (int)State.ValidPorts - 1));
        tails = copy;
    }

    private static ulong FrameAndOne(Fields f, string name, ulong frameAndOne) =>
        f.Flag(name + "Present", frameAndOne != 0) ? Frame(f, name + "Frame", frameAndOne - 1) + 1 : 0;

    private static ulong Frame(Fields f, string name, ulong frame)
    {
        frame = f.U64(name, frame);
        f.Demand(frame <= LastFrame, name, $"0x{frame:x}", $"at most 0x{LastFrame:x}");
        return frame;
    }

    private static uint Offset(Fields f, string name, uint offset, int size)
    {
        offset = (uint)f.Number(name, (int)offset, 0, IXenPages.PageSize - size);
        f.Demand(offset % sizeof(ulong) == 0, name, $"{offset}", "a multiple of 8");
        return offset;
    }

    /// <summary>What follows from the ports.</summary>
    private void Derive(Fields f)
    {
        foreach (ref readonly VcpuState vcpu in _vcpus.Span)
            State.Pollers += vcpu.Polling;
        for (int port = 1; port < State.ValidPorts; port++)
        {
            ref ChannelState channel = ref _channels[port];
            if (!channel.InUse)
                continue;
            _free.Take(port);
            State.InUse += channel.OfXen == 0 ? 1u : 0;
            if (channel.Kind == PortKind.Pirq)
                Name(f, ref _pirqs[(int)channel.Peer].Port, port, "PIRQ", channel.Peer);
            if (channel.Kind == PortKind.Virq)
                Name(f, ref _vcpus[VirtualInterrupt.HolderOf(channel)].Virqs[(int)channel.Peer], port, "virtual interrupt", channel.Peer);
        }
    }

    private static void Name(Fields f, ref uint place, int port, string what, uint number)
    {
        f.Demand(place == 0, $"port {port}", $"{what} {number}", $"one that port {place} does not have");
        place = (uint)port;
    }

    /// <summary>Both ends of a connection name each other.</summary>
    internal void CheckConnections(Fields f, Func<ushort, XenDomain?> find)
    {
        for (uint port = 1; port < State.ValidPorts; port++)
        {
            ref readonly ChannelState channel = ref Channel(port);
            if (channel.Kind != PortKind.Interdomain)
                continue;
            bool holds = find(channel.Remote) is { } remote && remote.IsValid(channel.Peer) && remote.Channel(channel.Peer) is var other
                && other.Kind == PortKind.Interdomain && other.Remote == Id && other.Peer == port;
            f.Demand(holds, $"port {port} of domain {Id}", $"connected to port {channel.Peer} of domain {channel.Remote}", "a port that is connected to this one");
        }
    }
}
