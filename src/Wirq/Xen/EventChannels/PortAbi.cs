namespace Wirq.Xen;

/// <summary>How a domain's ports tell the guest of events: one object for each ABI, without state.</summary>
internal abstract class PortAbi
{
    private static readonly PortAbi s_narrow = new TwoLevel<Layout32>(), s_wide = new TwoLevel<Layout64>(), s_fifo = new Fifo();

    /// <summary>The ABI of a domain in this state.</summary>
    internal static PortAbi Of(in DomainState state) => state.IsFifo != 0 ? s_fifo : state.Is64Bit != 0 ? s_wide : s_narrow;

    /// <summary>How many ports it can have.</summary>
    internal abstract uint Ports { get; }

    /// <summary>An event comes to a port that is in use.</summary>
    /// <param name="domain">Whose port it is.</param>
    /// <param name="vcpu">The vCPU that is told of it.</param>
    /// <param name="port">The port.</param>
    internal abstract void SetPending(XenDomain domain, int vcpu, uint port);

    /// <summary>A port is closed.</summary>
    internal abstract void ClearPending(XenDomain domain, uint port);

    /// <summary>The guest asks to unmask a port that is in use.</summary>
    internal abstract void Unmask(XenDomain domain, uint port);

    /// <summary>Whether an event is pending at a port, masked or not.</summary>
    internal abstract bool IsPending(XenDomain domain, uint port);

    /// <summary>Whether a free port cannot be handed out yet.</summary>
    internal virtual bool IsBusy(XenDomain domain, uint port) => false;

    /// <summary>The guest moves a port that is valid to the queue of another priority.</summary>
    internal virtual XenError SetPriority(ref ChannelState channel, uint priority) => XenError.NotImplemented;

    /// <summary>Sets all bits of the selector.</summary>
    internal static void SelectAll(in DomainState state, Span<byte> info)
    {
        if (state.Is64Bit != 0)
            Volatile.Write(ref GuestWords.U64(info, Layout64.Selector), ulong.MaxValue);
        else
            Volatile.Write(ref GuestWords.U32(info, Layout32.Selector), uint.MaxValue);
    }
}
