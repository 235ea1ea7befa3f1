using System.Runtime.CompilerServices;

namespace Wirq.Xen;

/// <summary>The FIFO ABI: a word for each port, in pages that the guest gives, and for each vCPU a queue of ports for
/// each priority. The guest takes from the head of a queue; the hypervisor appends at its tail, which the guest does not
/// see.</summary>
/// <remarks>The guest may change every word at any time. Nothing here follows a link that a guest wrote: tails are the
/// hypervisor's own, and the compare-and-swap on a tail's word is tried a fixed number of times.</remarks>
internal sealed class Fifo : PortAbi
{
    internal const int WordsPerPage = IXenPages.PageSize / sizeof(uint);
    internal const int MaxPages = XenDomainOptions.MaxPorts / WordsPerPage;
    // From the second attempt on, the guest can no longer unmask, so it is left with few ways to change the word.
    private const int Attempts = 5;

    internal override uint Ports => XenDomainOptions.MaxPorts;

    internal override void SetPending(XenDomain domain, int vcpu, uint port)
    {
        ref uint word = ref domain.EventWordOf(port);
        ref ChannelState channel = ref domain.Channel(port);
        if (Unsafe.IsNullRef(ref word))
        {
            channel.Remembered = 1;
            return;
        }
        // A guest must not bind events to a vCPU before that has its control block: they are lost.
        Span<byte> control = domain.ControlOf(vcpu);
        if (control.IsEmpty)
            return;
        bool was = GuestWords.TestAndSetMask(ref word, EventWord.PendingBit);
        if (Links(ref word))
            Link(domain, ref channel, control, vcpu, port);
        if (!was)
            domain.WakePollers(port);
    }

    /// <summary>Whether a pending event must be linked: it is not masked, and was in no queue.</summary>
    private static bool Links(ref uint word) => !new EventWord(Volatile.Read(ref word)).Masked
        && !GuestWords.TestAndSetMask(ref word, EventWord.LinkedBit);

    private static void Link(XenDomain domain, ref ChannelState channel, Span<byte> control, int vcpu, uint port)
    {
        // A tail that leaves for another queue is no tail any more: its word will be linked there.
        ref uint former = ref domain.TailOf(channel.LastVcpu, channel.LastPriority);
        if (former == port)
            former = 0;
        byte priority = channel.Priority;
        (channel.LastVcpu, channel.LastPriority) = ((ushort)vcpu, priority);
        ref uint tail = ref domain.TailOf(vcpu, priority);
        bool appended = tail != 0 && Append(ref domain.EventWordOf(tail), port);
        tail = port;
        if (appended)
            return;
        Volatile.Write(ref GuestWords.U32(control, ControlBlock.HeadOf(priority)), port);
        if (!GuestWords.TestAndSetMask(ref GuestWords.U32(control, ControlBlock.Ready), 1u << priority))
            domain.MarkUpcall(vcpu, domain.InfoOf(vcpu));
    }

    /// <summary>Writes a port behind the tail of a queue.</summary>
    /// <returns>False if the guest has unlinked the tail, so that the queue is empty.</returns>
    private static bool Append(ref uint tail, uint port)
    {
        if (Unsafe.IsNullRef(ref tail))
            return false;
        EventWord found = new(Volatile.Read(ref tail));
        for (int attempt = 1; found.Linked; attempt++)
        {
            uint before = Interlocked.CompareExchange(ref tail, found.With(port).Bits, found.Bits);
            if (before == found.Bits)
                return true;
            if (attempt == Attempts)
            {
                // The guest works against us. The event is lost to it, and to nobody else.
                GuestWords.TestAndClearMask(ref tail, EventWord.BusyBit);
                return true;
            }
            if (attempt == 1)
                before = Interlocked.Or(ref tail, EventWord.BusyBit) | EventWord.BusyBit;
            found = new EventWord(before);
        }
        if (found.Busy)
            GuestWords.TestAndClearMask(ref tail, EventWord.BusyBit);
        return false;
    }

    internal override void ClearPending(XenDomain domain, uint port)
    {
        // It stays linked: the guest unlinks it, and finds that it is not pending.
        ref uint word = ref domain.EventWordOf(port);
        if (!Unsafe.IsNullRef(ref word))
            GuestWords.TestAndClearMask(ref word, EventWord.PendingBit);
    }

    internal override void Unmask(XenDomain domain, uint port)
    {
        ref uint word = ref domain.EventWordOf(port);
        if (Unsafe.IsNullRef(ref word))
            return;
        GuestWords.TestAndClearMask(ref word, EventWord.MaskedBit);
        if (new EventWord(Volatile.Read(ref word)).Pending)
            SetPending(domain, domain.Channel(port).Vcpu, port);
    }

    internal override bool IsPending(XenDomain domain, uint port)
    {
        ref uint word = ref domain.EventWordOf(port);
        return !Unsafe.IsNullRef(ref word) && new EventWord(Volatile.Read(ref word)).Pending;
    }

    internal override bool IsBusy(XenDomain domain, uint port)
    {
        ref uint word = ref domain.EventWordOf(port);
        return !Unsafe.IsNullRef(ref word) && new EventWord(Volatile.Read(ref word)).Linked;
    }

    internal override XenError SetPriority(ref ChannelState channel, uint priority)
    {
        if (!channel.InUse)
            return XenError.NoAccess;
        if (priority > ControlBlock.LowestPriority)
            return XenError.Invalid;
        channel.Priority = (byte)priority;
        return XenError.None;
    }
}
