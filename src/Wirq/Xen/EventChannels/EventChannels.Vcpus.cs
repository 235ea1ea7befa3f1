using Wirq.Events;

namespace Wirq.Xen;

/// <summary>What SCHEDOP_poll does.</summary>
/// <param name="Answer">What the guest gets when it runs again.</param>
/// <param name="Blocks">Whether the vCPU waits: for <see cref="XenPollerWoken"/>, an upcall, or its timeout.</param>
public readonly record struct PollAnswer(XenError Answer, bool Blocks);

/// <content>vCPUs: where their vcpu_info is, and what they wait for.</content>
public sealed partial class EventChannels
{
    /// <summary>The most ports of one SCHEDOP_poll.</summary>
    public const int MaxPolled = 128;

    /// <summary>A vCPU makes the hypercall SCHEDOP_poll. The timeout is its owner's affair.</summary>
    /// <param name="caller">The id of its domain.</param>
    /// <param name="vcpu">Its number.</param>
    /// <param name="ports">The ports; may be anything.</param>
    /// <param name="interruptsEnabled">Whether the vCPU of an HVM domain would take an interrupt. A PV domain says so by
    /// its <c>evtchn_upcall_mask</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain or vCPU.</exception>
    public PollAnswer Poll(ushort caller, int vcpu, ReadOnlySpan<uint> ports, bool interruptsEnabled)
    {
        XenDomain domain = WithVcpu(The(caller), vcpu);
        if (ports.Length > MaxPolled)
            return new(XenError.Invalid, false);
        // Before anything is looked at: an event that comes in between wakes it.
        domain.StartPolling(vcpu, ports.Length == 1 ? ports[0] : 0);
        PollAnswer answer = Look(domain, vcpu, ports, interruptsEnabled);
        if (!answer.Blocks)
            domain.StopPolling(vcpu);
        return answer;
    }

    private static PollAnswer Look(XenDomain domain, int vcpu, ReadOnlySpan<uint> ports, bool interruptsEnabled)
    {
        if (HasDeliverable(domain, vcpu, interruptsEnabled))
            return new(XenError.None, false);
        foreach (uint port in ports)
        {
            // A port that was never opened has no word to look at (XSA-221).
            if (!domain.IsValid(port))
                return new(XenError.Invalid, false);
            if (domain.Abi.IsPending(domain, port))
                return new(XenError.None, false);
        }
        return new(XenError.None, true);
    }

    private static bool HasDeliverable(XenDomain domain, int vcpu, bool interruptsEnabled)
    {
        Span<byte> info = domain.InfoOf(vcpu);
        return !info.IsEmpty && info[VcpuInfo.UpcallPending] != 0
            && (domain.Options.IsHvm ? interruptsEnabled : info[VcpuInfo.UpcallMask] == 0);
    }

    /// <summary>The timeout of a SCHEDOP_poll came, or the vCPU runs again for another reason.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain or vCPU.</exception>
    public void EndPoll(ushort domain, int vcpu) => WithVcpu(The(domain), vcpu).StopPolling(vcpu);

    /// <summary>Whether a vCPU is in SCHEDOP_poll.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain or vCPU.</exception>
    public bool IsPolling(ushort domain, int vcpu) => WithVcpu(The(domain), vcpu).Vcpu(vcpu).Polling != 0;

    /// <summary>Whether <c>evtchn_upcall_pending</c> of a vCPU is set, by whomever.</summary>
    /// <returns>False also if the vCPU has no vcpu_info yet.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain or vCPU.</exception>
    public bool IsUpcallPending(ushort domain, int vcpu) =>
        WithVcpu(The(domain), vcpu).InfoOf(vcpu) is { IsEmpty: false } info && info[VcpuInfo.UpcallPending] != 0;

    /// <summary>A vCPU makes the hypercall VCPUOP_register_vcpu_info: its vcpu_info moves from the shared-info page to
    /// where the guest wants it. A vCPU from 32 on has none before, and gets no upcalls.</summary>
    /// <param name="caller">The id of the domain.</param>
    /// <param name="vcpu">The vCPU whose vcpu_info moves; may be anything.</param>
    /// <param name="frame">The guest frame number; may be anything.</param>
    /// <param name="offset">The offset in that page; may be anything. One that is not a multiple of 8 is refused, as no
    /// atomic operation could be made there.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no domain <paramref name="caller"/>.</exception>
    public XenError RegisterVcpuInfo(ushort caller, uint vcpu, ulong frame, uint offset)
    {
        XenDomain domain = The(caller);
        if (!domain.HasVcpu(vcpu))
            return XenError.NoSuchEntry;
        ref VcpuState state = ref domain.Vcpu((int)vcpu);
        if (state.InfoFrameAndOne != 0 || offset > IXenPages.PageSize - VcpuInfo.Size || offset % sizeof(ulong) != 0
            || !HasPage(domain, frame))
            return XenError.Invalid;
        Span<byte> former = domain.InfoOf((int)vcpu);
        (state.InfoFrameAndOne, state.InfoOffset) = (frame + 1, offset);
        Span<byte> info = domain.InfoOf((int)vcpu);
        if (former.IsEmpty)
            info.Clear();
        else
            former.CopyTo(info);
        // An event may have come to the old place meanwhile, or may have had none: the guest shall look at everything.
        PortAbi.SelectAll(domain.State, info);
        domain.MarkUpcallAgain((int)vcpu, info);
        return XenError.None;
    }

    /// <summary>The words of an HVM domain get the width of the mode in which its vCPU runs: when it writes the MSR of the
    /// hypercall page, or sets its callback.</summary>
    /// <param name="domain">The domain's id. A PV domain keeps its width.</param>
    /// <param name="is64Bit">Whether the words have 64 bits from now on.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public void LatchWidth(ushort domain, bool is64Bit)
    {
        XenDomain its = The(domain);
        if (its.Options.IsHvm)
            its.State.Is64Bit = is64Bit ? (byte)1 : (byte)0;
    }
}
