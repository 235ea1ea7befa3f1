using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Linux.Interop;
using Wirq.Vfio;

namespace Wirq.Linux.VfioUser;

/// <summary>The interrupts of a function that is served over a socket: VFIO's answers come from <see cref="VfioHost"/>, and
/// this signals the client's eventfds, and counts.</summary>
internal sealed class PciInterrupts : IDisposable
{
    private const int Only = 0;

    private readonly VfioHost _host;
    private readonly ClientEventFds _eventFds = new();
    private bool _asserts, _disabledByGuest;

    internal PciInterrupts(PciFunctionOptions its)
    {
        Counts = new InterruptCounts(its.Vectors);
        _host = new VfioHost(new VfioOptions
        {
            Irqs = new HostIrqOptions { Lines = [new HostLineOptions { Flow = HostFlow.Level }] },
            Devices =
            [
                new VfioDeviceOptions
                {
                    Name = its.Name,
                    Line = its.HasIntx ? 0 : null,
                    MsiVectors = its.MsiVectors,
                    MsixVectors = its.MsixVectors,
                    HasDynamicMsix = true,
                },
            ],
        }, _eventFds);
    }

    // Why an eventfd is signalled.
    private enum Cause
    {
        Device,
        Unmask,
        Client,
    }

    internal InterruptCounts Counts { get; }

    /// <summary>Whether the function asserts INTx.</summary>
    internal bool Asserts => _asserts;

    internal bool IsMasked => _host.IsMasked(Only);

    /// <summary>Which kind a client has enabled.</summary>
    internal VfioIrqIndex? Enabled => _host.EnabledOf(Only);

    /// <summary>The eventfd that unmasks INTx, to be polled; -1 for none.</summary>
    internal int UnmaskEventFd => _host.UnmaskEventFdOf(Only);

    /// <summary>How many vectors from 0 on have an eventfd.</summary>
    internal int ReadyVectors
    {
        get
        {
            int ready = 0;
            while (IsHeard(ready))
                ready++;
            return ready;
        }
    }

    internal bool HasIntxTrigger => _host.HasTrigger(Only);

    // An unmask does nothing about the guest's own bit.
    private bool MasksItself => IsMasked && !_disabledByGuest;

    private bool SendsMessages => Enabled is VfioIrqIndex.Msi or VfioIrqIndex.Msix;

    public void Dispose() => _eventFds.Dispose();

    // --- the function

    internal void SetLevel(bool asserts)
    {
        if (asserts && !_asserts)
            Counts.Raised++;
        _asserts = asserts;
        Follow();
    }

    /// <summary>Sends the message of a vector.</summary>
    /// <returns>False if it is lost: no client has given the vector an eventfd.</returns>
    internal bool Send(int vector)
    {
        bool heard = IsHeard(vector);
        Counts.Count(vector, heard);
        if (!heard)
            return false;
        _host.SendMessage(Only, vector);
        Settle(Cause.Device);
        return true;
    }

    /// <summary>Whether messages are enabled, and the vector has an eventfd.</summary>
    private bool IsHeard(int vector) => SendsMessages && _host.TriggerOf(Only, Enabled!.Value, vector) >= 0;

    internal void SetInterruptDisable(bool disabled)
    {
        if (disabled != _disabledByGuest)
            Counts.InterruptDisables++;
        _disabledByGuest = disabled;
        _host.SetVirtualDisable(Only, disabled);
        Settle(Cause.Device);
    }

    // --- the client

    internal int GetInfo(uint index, out int count, out VfioIrqInfoBits flags) => _host.GetInfo(Only, index, out count, out flags);

    /// <summary>A message that changes interrupts. What only its form says is checked here, as libvfio-user does; the rest is
    /// VFIO's.</summary>
    internal int Set(VfioIrqSet set, ReadOnlySpan<byte> data, Span<int> received)
    {
        bool takes = GivesEventFds(set);
        if (received.Length != 0 && (!takes || (uint)received.Length != set.Count)
            || (set.Flags & VfioIrqSet.Data) == VfioIrqSetBits.DataBool && (uint)data.Length != set.Count
            // Before anything of this size is made.
            || set.Count > (uint)Math.Max(1, Counts.Sent.Count))
            return -Errno.Invalid;
        if (!takes)
            return Set(set, data);
        foreach (int number in received)
        {
            if (!EventCounter.IsEventFd(number))
                return -Errno.Invalid;
        }
        int count = (int)set.Count;
        Span<int> numbers = count > VfioUserLimits.Descriptors ? new int[count] : stackalloc int[VfioUserLimits.Descriptors];
        numbers = numbers[..count];
        // No descriptor at all is -1 for each vector.
        numbers.Fill(-1);
        received.CopyTo(numbers);
        foreach (ref int number in received)
        {
            _eventFds.Adopt(number);
            number = -1;
        }
        if (set.ArgumentSize >= VfioIrqSet.Size)
            set = set with { ArgumentSize = VfioIrqSet.Size + set.Count * sizeof(int) };
        bool unmasks = (set.Flags & VfioIrqSet.Action) == VfioIrqSetBits.ActionUnmask && !received.IsEmpty;
        if (unmasks)
            Forget(set);
        int answer = Set(set, MemoryMarshal.AsBytes(numbers));
        // One that was readable when it came has unmasked already, and is not to do it again.
        if (unmasks && UnmaskEventFd >= 0)
            _eventFds.Drain(UnmaskEventFd);
        return answer;
    }

    /// <summary>Whether eventfds are set. If not, something is to be done now.</summary>
    private static bool GivesEventFds(in VfioIrqSet set) => (set.Flags & VfioIrqSet.Data) == VfioIrqSetBits.DataEventFd;

    /// <summary>Takes the unmask eventfd away before another one takes its place. VFIO would answer EBUSY as long as the first
    /// is open; but it sees a client close it, and who has a descriptor of his own does not. QEMU closes it, and no more.</summary>
    private void Forget(in VfioIrqSet set)
    {
        if (UnmaskEventFd < 0)
            return;
        _host.SetIrqs(Only, set, MemoryMarshal.AsBytes((ReadOnlySpan<int>)[-1]));
        Settle(Cause.Device);
    }

    private int Set(in VfioIrqSet set, ReadOnlySpan<byte> data)
    {
        bool asked = !GivesEventFds(set);
        bool masked = MasksItself;
        int[] before = TriggersOf(set);
        VfioIrqSetBits action = set.Flags & VfioIrqSet.Action;
        int answer = _host.SetIrqs(Only, set, data);
        Settle(action == VfioIrqSetBits.ActionUnmask ? Cause.Unmask : asked ? Cause.Client : Cause.Device);
        if (answer == 0 && asked && set.Index == (uint)VfioIrqIndex.Intx && set.Count != 0 && (data.IsEmpty || data[0] != 0))
        {
            if (action == VfioIrqSetBits.ActionMask)
                Counts.Masks++;
            else if (action == VfioIrqSetBits.ActionUnmask)
                CountUnmask(masked, byMessage: true);
        }
        CountTriggers(set, before);
        _eventFds.CloseUnused(_host, Only);
        Follow();
        // More vectors than there are is an answer of VFIO that this protocol does not have.
        return answer > 0 ? -Errno.NoSpace : answer;
    }

    /// <summary>The unmask eventfd is readable.</summary>
    internal void UnmaskByEventFd()
    {
        int eventFd = UnmaskEventFd;
        if (!_eventFds.IsReadable(eventFd))
            return;
        bool masked = MasksItself;
        _host.EventFdWritten(eventFd);
        Settle(Cause.Unmask);
        CountUnmask(masked, byMessage: false);
    }

    /// <summary>The client is gone: its eventfds are closed. The function is as it was.</summary>
    internal void Leave()
    {
        _host.Close(Only);
        Settle(Cause.Device);
        _eventFds.CloseUnused(_host, Only);
        Follow();
    }

    private void CountUnmask(bool wasMasked, bool byMessage)
    {
        if (byMessage)
            Counts.UnmaskMessages++;
        else
            Counts.UnmaskEventFds++;
        if (!wasMasked)
            Counts.IdleUnmasks++;
        else if (IsMasked)
            Counts.EarlyUnmasks++;
    }

    private int[] TriggersOf(in VfioIrqSet set)
    {
        if ((set.Flags & VfioIrqSetBits.ActionTrigger) == 0 || set.Index > (uint)VfioIrqIndex.Msix)
            return [];
        // A count of 0 disables all of them.
        int first = set.Count == 0 ? 0 : (int)Math.Min(set.Start, (uint)Counts.Sent.Count);
        int count = set.Index == (uint)VfioIrqIndex.Intx ? 1 : set.Count == 0 ? Counts.Sent.Count : (int)Math.Min(set.Count, (uint)Counts.Sent.Count);
        var triggers = new int[count];
        for (int i = 0; i < count; i++)
            triggers[i] = _host.TriggerOf(Only, (VfioIrqIndex)set.Index, first + i);
        return triggers;
    }

    private void CountTriggers(in VfioIrqSet set, int[] before)
    {
        int[] now = TriggersOf(set);
        for (int i = 0; i < before.Length; i++)
        {
            if (before[i] == now[i])
                continue;
            if (before[i] < 0)
                Counts.TriggersSet++;
            else if (now[i] < 0)
                Counts.TriggersRemoved++;
            else
                Counts.TriggersSwapped++;
        }
    }

    /// <summary>While messages are enabled, the function's level is its own affair: VFIO's model would send vector 0.</summary>
    private void Follow()
    {
        if (_asserts && SendsMessages)
            return;
        _host.SetLevel(Only, _asserts);
        Settle(Cause.Device);
    }

    private void Settle(Cause cause)
    {
        while (true)
        {
            if (_host.Events.TryTake(out Event e))
            {
                if (e.Kind == EventKind.VfioSignalled)
                    Signal(VfioSignalled.Of(e), cause);
                else if (e.IsEffect)
                    _host.Carry(e);
            }
            else if (_host.Irqs.NextWanting() is >= 0 and var line)
                _host.Irqs.Deliver(line);
            else
                return;
        }
    }

    private void Signal(VfioSignalled its, Cause cause)
    {
        if (!_eventFds.TrySignal(its.EventFd))
            return;
        if (cause == Cause.Client)
            Counts.ByClient++;
        else if (its.Irq == VfioIrqIndex.Intx)
        {
            Counts.Signalled++;
            if (cause == Cause.Unmask)
                Counts.SignalledAgain++;
        }
    }
}
