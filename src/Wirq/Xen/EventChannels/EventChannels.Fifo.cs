namespace Wirq.Xen;

/// <content>The way into the FIFO ABI, and back.</content>
public sealed partial class EventChannels
{
    private static XenError InitControl(XenDomain caller, ref InitControlArgument a)
    {
        if (!caller.HasVcpu(a.Vcpu))
            return XenError.NoSuchEntry;
        if (a.Offset > IXenPages.PageSize - ControlBlock.Size || a.Offset % ControlBlock.Alignment != 0)
            return XenError.Invalid;
        ref VcpuState vcpu = ref caller.Vcpu((int)a.Vcpu);
        // Everything is checked before anything changes: a failure leaves the 2-level ABI as it was (XSA-188).
        if (vcpu.ControlFrameAndOne != 0 || !HasPage(caller, a.Frame))
            return XenError.Invalid;
        (vcpu.ControlFrameAndOne, vcpu.ControlOffset) = (a.Frame + 1, a.Offset);
        if (caller.State.IsFifo == 0)
            EnterFifo(caller);
        a.LinkBits = EventWord.LinkBits;
        return XenError.None;
    }

    /// <summary>Carries over what is pending: it is raised when the pages of its words come.</summary>
    private static void EnterFifo(XenDomain domain)
    {
        PortAbi former = domain.Abi;
        for (uint port = 1; domain.IsValid(port); port++)
        {
            ref ChannelState channel = ref domain.Channel(port);
            if (former.IsPending(domain, port))
                channel.Remembered = 1;
            channel.Priority = ControlBlock.DefaultPriority;
        }
        domain.State.IsFifo = 1;
    }

    private static void LeaveFifo(XenDomain domain)
    {
        domain.State.IsFifo = 0;
        domain.RemovePages();
        for (int i = 0; i < domain.Options.Vcpus; i++)
        {
            ref VcpuState vcpu = ref domain.Vcpu(i);
            (vcpu.ControlFrameAndOne, vcpu.ControlOffset, vcpu.Tails) = (0, 0, default);
        }
        for (uint port = 1; domain.IsValid(port); port++)
        {
            ref ChannelState channel = ref domain.Channel(port);
            (channel.LastVcpu, channel.LastPriority, channel.Remembered) = (0, 0, 0);
        }
    }

    private static XenError ExpandArray(XenDomain caller, ref ExpandArrayArgument a)
    {
        ref DomainState state = ref caller.State;
        if (state.IsFifo == 0)
            return XenError.NotSupported;
        if (state.ArrayPages == Fifo.MaxPages)
            return XenError.NoSpace;
        if (!HasPage(caller, a.Frame))
            return XenError.Invalid;
        uint port = state.ArrayPages * Fifo.WordsPerPage;
        caller.AddPage(a.Frame);
        for (uint end = port + Fifo.WordsPerPage; port < end && caller.IsValid(port); port++)
        {
            ref ChannelState channel = ref caller.Channel(port);
            if (channel.Remembered != 0 && channel.InUse)
                caller.SetPending(port);
        }
        return XenError.None;
    }

    private static XenError SetPriority(XenDomain caller, ref SetPriorityArgument a) =>
        caller.IsValid(a.Port) ? caller.Abi.SetPriority(ref caller.Channel(a.Port), a.Priority) : XenError.Invalid;

    // The last frame number has no successor, and no machine has that page.
    private static bool HasPage(XenDomain domain, ulong frame) => frame != ulong.MaxValue && domain.HasPage(frame);
}
