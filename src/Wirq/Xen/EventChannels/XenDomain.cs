using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq.Xen;

/// <summary>One domain: its state, and its guest words.</summary>
internal sealed partial class XenDomain
{
    /// <summary>Ports become valid in groups of this size.</summary>
    internal const int PortGroup = 64;

    private readonly IXenPages _pages;
    private readonly EventBuffer _events;
    private readonly Block<DomainState> _state;
    private readonly Block<VcpuState> _vcpus;
    private readonly Block<ChannelState> _channels;
    private readonly Block<ArrayPage> _array;
    private readonly Block<PirqPort> _pirqs;
    private readonly SlotSet _free;

    internal XenDomain(int index, XenDomainOptions options, IXenPages pages, EventBuffer events, StateArena arena)
    {
        (Index, Options, _pages, _events) = (index, options, pages, events);
        int ports = (options.LargestPort / PortGroup + 1) * PortGroup;
        _state = arena.Reserve<DomainState>();
        _vcpus = arena.Reserve<VcpuState>(options.Vcpus);
        _channels = arena.Reserve<ChannelState>(ports);
        _array = arena.Reserve<ArrayPage>(Fifo.MaxPages);
        _pirqs = options.Pirqs == 0 ? default : arena.Reserve<PirqPort>(options.Pirqs);
        _free = new SlotSet(ports, arena);
        _free.Take(0);
        _channels[0].Kind = PortKind.Reserved;
        State.ValidPorts = PortGroup;
        State.Is64Bit = options.Is64Bit ? (byte)1 : (byte)0;
    }

    internal int Index { get; }
    internal XenDomainOptions Options { get; }
    internal ushort Id => Options.Id;
    internal ref DomainState State => ref _state.Value;
    internal PortAbi Abi => PortAbi.Of(State);

    internal bool IsValid(uint port) => port < State.ValidPorts;

    /// <summary>A port that is valid.</summary>
    internal ref ChannelState Channel(uint port) => ref _channels[(int)port];

    internal bool HasVcpu(uint vcpu) => vcpu < (uint)_vcpus.Count;

    internal ref VcpuState Vcpu(int vcpu) => ref _vcpus[vcpu];

    internal ref uint TailOf(int vcpu, int priority) => ref _vcpus[vcpu].Tails[priority];

    internal bool HasPirq(uint pirq) => pirq < (uint)_pirqs.Count;

    /// <summary>The port of a PIRQ that it has; 0 for none.</summary>
    internal ref uint PortOfPirq(uint pirq) => ref _pirqs[(int)pirq].Port;

    // --- ports

    /// <summary>The lowest port that can be handed out; 0 if there is none.</summary>
    /// <remarks>A port that the guest has not unlinked yet is skipped, so the guest decides how many are looked at; at
    /// most all, once for each hypercall, as in Xen.</remarks>
    internal uint FindFree()
    {
        PortAbi abi = Abi;
        uint limit = Math.Min((uint)Options.LargestPort + 1, abi.Ports);
        for (int slot = _free.Next(0); slot >= 0 && (uint)slot < limit; slot = _free.Next(slot + 1))
        {
            // The ports behind the valid ones were never used.
            if (!IsValid((uint)slot))
                State.ValidPorts += PortGroup;
            else if (abi.IsBusy(this, (uint)slot))
                continue;
            return (uint)slot;
        }
        return 0;
    }

    /// <summary>Takes a port that <see cref="FindFree"/> found.</summary>
    internal ref ChannelState Open(uint port, PortKind kind, bool ofXen = false)
    {
        ref ChannelState channel = ref Channel(port);
        _free.Take((int)port);
        channel.Kind = kind;
        channel.Priority = ControlBlock.DefaultPriority;
        channel.OfXen = ofXen ? (byte)1 : (byte)0;
        if (!ofXen)
            State.InUse++;
        return ref channel;
    }

    /// <summary>Frees a port. The queue in which it was last stays known: it may be the tail there.</summary>
    internal void Release(uint port)
    {
        Abi.ClearPending(this, port);
        ref ChannelState channel = ref Channel(port);
        if (channel.OfXen == 0)
            State.InUse--;
        (channel.Kind, channel.Vcpu, channel.OfXen, channel.Peer, channel.Remote) = (PortKind.Free, 0, 0, 0, 0);
        _free.Free((int)port);
    }

    /// <summary>An event comes to a port for the vCPU that it is bound to.</summary>
    internal void SetPending(uint port) => Abi.SetPending(this, Channel(port).Vcpu, port);

    /// <summary>An event comes to a port that a PIRQ had when its message was translated.</summary>
    internal void Raise(uint port)
    {
        if (IsValid(port) && Channel(port).Kind == PortKind.Pirq)
            SetPending(port);
    }

    // --- guest words

    internal Span<byte> SharedInfo => _pages.SharedInfo(Id);

    /// <summary>The vcpu_info of a vCPU; empty if it has none yet.</summary>
    internal Span<byte> InfoOf(int vcpu)
    {
        ref VcpuState state = ref _vcpus[vcpu];
        if (state.InfoFrameAndOne != 0)
            return Part(state.InfoFrameAndOne - 1, state.InfoOffset, VcpuInfo.Size);
        return vcpu < VcpuInfo.LegacyCount ? SharedInfo.Slice(vcpu * VcpuInfo.Size, VcpuInfo.Size) : [];
    }

    /// <summary>The control block of a vCPU; empty if it has none yet.</summary>
    internal Span<byte> ControlOf(int vcpu)
    {
        ref VcpuState state = ref _vcpus[vcpu];
        return state.ControlFrameAndOne == 0 ? [] : Part(state.ControlFrameAndOne - 1, state.ControlOffset, ControlBlock.Size);
    }

    /// <summary>The event word of a port; a null reference if its page is missing.</summary>
    internal ref uint EventWordOf(uint port)
    {
        int slot = (int)(port / Fifo.WordsPerPage);
        if ((uint)slot >= State.ArrayPages)
            return ref Unsafe.NullRef<uint>();
        Span<byte> page = _pages.Page(Id, _array[slot].Frame);
        if (page.IsEmpty)
            return ref Unsafe.NullRef<uint>();
        return ref GuestWords.U32(page, (int)(port % Fifo.WordsPerPage) * sizeof(uint));
    }

    internal bool HasPage(ulong frame) => !_pages.Page(Id, frame).IsEmpty;

    /// <summary>No frame stays behind: what is not in use must not tell two states apart.</summary>
    internal void RemovePages()
    {
        _array.Span[..(int)State.ArrayPages].Clear();
        State.ArrayPages = 0;
    }

    internal void AddPage(ulong frame) => _array[(int)State.ArrayPages++].Frame = frame;

    private Span<byte> Part(ulong frame, uint offset, int size)
    {
        Span<byte> page = _pages.Page(Id, frame);
        return page.IsEmpty ? [] : page.Slice((int)offset, size);
    }

    // --- vCPUs

    /// <summary>Sets <c>evtchn_upcall_pending</c> of a vCPU. If it was clear, an upcall follows.</summary>
    internal void MarkUpcall(int vcpu, Span<byte> info)
    {
        if (!info.IsEmpty && !GuestWords.TestAndSet(info, VcpuInfo.UpcallPending, 0))
            _events.Emit(new XenUpcall(Id, vcpu).ToEvent());
    }

    /// <summary>As <see cref="MarkUpcall"/>, with an upcall also if it was set.</summary>
    internal void MarkUpcallAgain(int vcpu, Span<byte> info)
    {
        GuestWords.TestAndSet(info, VcpuInfo.UpcallPending, 0);
        _events.Emit(new XenUpcall(Id, vcpu).ToEvent());
    }

    /// <summary>Wakes the vCPUs that poll a port, and all that poll several: which ones those are is not kept, so they
    /// may wake for nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void WakePollers(uint port)
    {
        if (State.Pollers != 0)
            WakeEach(port);
    }

    private void WakeEach(uint port)
    {
        for (int vcpu = 0; vcpu < _vcpus.Count && State.Pollers != 0; vcpu++)
        {
            ref VcpuState state = ref _vcpus[vcpu];
            if (state.Polling != 0 && (state.PollPort == 0 || state.PollPort == port))
            {
                StopPolling(vcpu);
                _events.Emit(new XenPollerWoken(Id, vcpu).ToEvent());
            }
        }
    }

    /// <summary>No vCPU polls, and none has its vcpu_info elsewhere than in the shared-info page.</summary>
    internal void ForgetVcpus()
    {
        for (int vcpu = 0; vcpu < _vcpus.Count; vcpu++)
        {
            StopPolling(vcpu);
            (_vcpus[vcpu].InfoFrameAndOne, _vcpus[vcpu].InfoOffset) = (0, 0);
        }
    }

    internal void StartPolling(int vcpu, uint port)
    {
        StopPolling(vcpu);
        (_vcpus[vcpu].Polling, _vcpus[vcpu].PollPort) = (1, port);
        State.Pollers++;
    }

    internal void StopPolling(int vcpu)
    {
        State.Pollers -= _vcpus[vcpu].Polling;
        (_vcpus[vcpu].Polling, _vcpus[vcpu].PollPort) = (0, 0);
    }
}
