using System.Runtime.CompilerServices;
using Wirq.Lab.Scenarios;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Lab.Worlds;

/// <summary>A guest's view of its event channels: where its words are, as it told the hypervisor, and its accesses to
/// them.</summary>
internal sealed class GuestDomain
{
    /// <summary>The most pages of event words that a guest here uses.</summary>
    internal const int MaxArrayPages = 8;

    private readonly GuestPages _pages;
    private readonly Block<GuestDomainState> _state;
    private readonly Block<GuestVcpuState> _vcpus;
    private readonly Block<PortHandler> _handlers;

    internal GuestDomain(XenDomainSpec spec, GuestPages pages, StateArena arena)
    {
        (Spec, _pages) = (spec, pages);
        _state = arena.Reserve<GuestDomainState>();
        _vcpus = arena.Reserve<GuestVcpuState>(spec.Options.Vcpus);
        _handlers = arena.Reserve<PortHandler>(spec.Options.LargestPort + 1);
    }

    internal XenDomainSpec Spec { get; }
    internal ushort Id => Spec.Options.Id;
    internal int Vcpus => Spec.Options.Vcpus;
    internal bool IsFifo => _state.Value.IsFifo != 0;
    internal int WordBits => Spec.Options.Is64Bit ? Layout64.WordBits : Layout32.WordBits;
    private uint TwoLevelPorts => TwoLevel.PortsOf(WordBits);

    internal ref UpcallState UpcallOf(int vcpu) => ref _vcpus[vcpu].Upcall;

    /// <summary>The vCPU that handles a port; 0 for a port that was never bound.</summary>
    internal int HandlerOf(uint port) => port < (uint)_handlers.Count ? _handlers[(int)port].Vcpu : 0;

    internal void SetHandler(uint port, uint vcpu)
    {
        if (port < (uint)_handlers.Count)
            _handlers[(int)port].Vcpu = (ushort)vcpu;
    }

    internal void Registered(uint vcpu, ulong frame, uint offset) =>
        (_vcpus[(int)vcpu].InfoFrameAndOne, _vcpus[(int)vcpu].InfoOffset) = (frame + 1, offset);

    internal void Controls(uint vcpu, ulong frame, uint offset)
    {
        (_vcpus[(int)vcpu].ControlFrameAndOne, _vcpus[(int)vcpu].ControlOffset) = (frame + 1, offset);
        _state.Value.IsFifo = 1;
    }

    internal void Expanded(ulong frame)
    {
        ref GuestDomainState state = ref _state.Value;
        if (state.ArrayPages < MaxArrayPages)
            state.Frames[(int)state.ArrayPages++] = frame;
    }

    /// <summary>Its ports were closed, and the 2-level ABI is in force again.</summary>
    internal void WasReset()
    {
        _state.Value = default;
        foreach (ref GuestVcpuState vcpu in _vcpus.Span)
            (vcpu.ControlFrameAndOne, vcpu.ControlOffset, vcpu.Upcall) = (0, 0, default);
        _handlers.Span.Clear();
    }

    // --- words

    internal Span<byte> SharedInfo => _pages.SharedInfo(Id);

    /// <summary>The vcpu_info of a vCPU; empty if it has none.</summary>
    internal Span<byte> InfoOf(int vcpu)
    {
        ref GuestVcpuState state = ref _vcpus[vcpu];
        if (state.InfoFrameAndOne != 0)
            return _pages.Page(Id, state.InfoFrameAndOne - 1).Slice((int)state.InfoOffset, VcpuInfo.Size);
        return vcpu < VcpuInfo.LegacyCount ? SharedInfo.Slice(vcpu * VcpuInfo.Size, VcpuInfo.Size) : [];
    }

    /// <summary>The control block of a vCPU; empty if it has none.</summary>
    internal Span<byte> ControlOf(int vcpu)
    {
        ref GuestVcpuState state = ref _vcpus[vcpu];
        return state.ControlFrameAndOne == 0 ? [] : _pages.Page(Id, state.ControlFrameAndOne - 1).Slice((int)state.ControlOffset, ControlBlock.Size);
    }

    /// <summary>The event word of a port; a null reference if there is none.</summary>
    internal ref uint EventWordOf(uint port)
    {
        uint page = port / Fifo.WordsPerPage;
        if (page >= _state.Value.ArrayPages)
            return ref Unsafe.NullRef<uint>();
        return ref GuestWords.U32(_pages.Page(Id, _state.Value.Frames[(int)page]), (int)(port % Fifo.WordsPerPage) * sizeof(uint));
    }

    internal bool ReadFlag(int vcpu) => InfoOf(vcpu) is { IsEmpty: false } info && info[VcpuInfo.UpcallPending] != 0;

    internal void WriteFlag(int vcpu, byte value)
    {
        Span<byte> info = InfoOf(vcpu);
        if (!info.IsEmpty)
            info[VcpuInfo.UpcallPending] = value;
    }

    internal ulong ReadSelector(int vcpu) => InfoOf(vcpu) is not { IsEmpty: false } info ? 0
        : WordBits == Layout64.WordBits ? GuestWords.U64(info, Layout64.Selector) : GuestWords.U32(info, Layout32.Selector);

    internal void WriteSelector(int vcpu, ulong value)
    {
        Span<byte> info = InfoOf(vcpu);
        if (info.IsEmpty)
            return;
        if (WordBits == Layout64.WordBits)
            GuestWords.U64(info, Layout64.Selector) = value;
        else
            GuestWords.U32(info, Layout32.Selector) = (uint)value;
    }

    /// <summary>Ports of a word of the 2-level ABI that are pending and not masked.</summary>
    internal ulong ReadUnmasked(int word)
    {
        int at = word * WordBits / 8;
        return WordBits == Layout64.WordBits
            ? GuestWords.U64(SharedInfo, Layout64.Pending + at) & ~GuestWords.U64(SharedInfo, Layout64.Mask + at)
            : GuestWords.U32(SharedInfo, Layout32.Pending + at) & ~GuestWords.U32(SharedInfo, Layout32.Mask + at);
    }

    internal bool IsPending(uint port) => ReadBit(port, EventWord.PendingBit, Layout64.Pending, Layout32.Pending);
    internal bool IsMasked(uint port) => ReadBit(port, EventWord.MaskedBit, Layout64.Mask, Layout32.Mask);
    internal void SetPending(uint port, bool set) => WriteBit(port, set, EventWord.PendingBit, Layout64.Pending, Layout32.Pending);
    internal void SetMasked(uint port, bool set) => WriteBit(port, set, EventWord.MaskedBit, Layout64.Mask, Layout32.Mask);

    private bool ReadBit(uint port, uint ofWord, int wide, int narrow)
    {
        if (!IsFifo)
            return port < TwoLevelPorts && GuestWords.Test(SharedInfo, WordBits == Layout64.WordBits ? wide : narrow, port);
        ref uint word = ref EventWordOf(port);
        return !Unsafe.IsNullRef(ref word) && (word & ofWord) != 0;
    }

    private void WriteBit(uint port, bool set, uint ofWord, int wide, int narrow)
    {
        if (IsFifo)
        {
            ref uint word = ref EventWordOf(port);
            if (!Unsafe.IsNullRef(ref word))
                word = set ? word | ofWord : word & ~ofWord;
        }
        else if (port < TwoLevelPorts)
        {
            int at = WordBits == Layout64.WordBits ? wide : narrow;
            if (set)
                GuestWords.TestAndSet(SharedInfo, at, port);
            else
                GuestWords.TestAndClear(SharedInfo, at, port);
        }
    }
}
