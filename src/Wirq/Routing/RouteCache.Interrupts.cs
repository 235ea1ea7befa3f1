using Wirq.Events;
using Wirq.Remapping;

namespace Wirq.Routing;

/// <content>Interrupts that come to userspace.</content>
public sealed partial class RouteCache
{
    /// <summary>The poll reports that a virq's eventfd is readable. It is read only if userspace reads it in the virq's
    /// current state: the poll may be older than a promotion or a mask.</summary>
    /// <param name="slot">The virq of the token that the poll reported.</param>
    public void Readable(int slot)
    {
        if (!ReadsInUserspace(slot))
            return;
        ref VirqSlot virq = ref _virqs[slot];
        // A poll that is not edge-triggered reports the eventfd again and again until it is read. The read that waits takes
        // the whole count, so another one would only lengthen the queue.
        if (virq.Has(VirqFlags.Reading))
            return;
        virq.Add(VirqFlags.Reading);
        _events.Emit(new VirqRead(slot, virq.Owner, virq.Trigger).ToEvent());
    }

    /// <summary>Whether a virq has an eventfd that userspace reads in the virq's current state.</summary>
    internal bool ReadsInUserspace(int slot)
    {
        if ((uint)slot >= (uint)_virqs.Count)
            return false;
        ref readonly VirqSlot virq = ref _virqs[slot];
        return virq.Trigger.Exists && VirqTransitions.ReaderIn(virq.State) == VirqReader.Userspace && !IsSuspended;
    }

    /// <summary>A read that was appended earlier is carried out: whether it may still be done. After a later promotion or
    /// mask, the count stays in the eventfd.</summary>
    internal bool MayRead(in Event read)
    {
        VirqRead asked = VirqRead.Of(read);
        ref VirqSlot virq = ref _virqs[asked.Virq];
        if (virq.Owner != asked.Owner || virq.Trigger != asked.Trigger)
            return false;
        // What is written from here on may be missed by this read, and needs another one.
        virq.Remove(VirqFlags.Reading);
        return VirqTransitions.ReaderIn(virq.State) == VirqReader.Userspace && !IsSuspended;
    }

    /// <summary>A read was done, and the count was not zero.</summary>
    /// <param name="read">The <see cref="EventKind.VirqRead"/>. If its virq was disposed of in the meantime, the
    /// interrupt is lost with it.</param>
    internal void ReadDone(in Event read)
    {
        if (IsCurrent(new VirqHandle(read.Unit, VirqRead.Of(read).Owner)))
            Interrupt(read.Unit, byEventFd: true);
    }

    /// <summary>A device triggers a virq by hand.</summary>
    public void Trigger(VirqHandle handle)
    {
        if (IsCurrent(handle))
            Interrupt(handle.Slot, byEventFd: false);
    }

    /// <summary>An interrupt of a virq has come to userspace.</summary>
    /// <param name="slot">The virq.</param>
    /// <param name="byEventFd">Whether its eventfd brought it.</param>
    internal void Interrupt(int slot, bool byEventFd)
    {
        ref VirqSlot virq = ref _virqs[slot];
        if (virq.State == VirqState.Free)
            return;
        if (_events.Observing)
            _events.Observe(new VirqTriggered(slot, byEventFd).ToEvent());
        virq.Add(VirqFlags.Fired);
        Serve(slot, ref virq);
    }

    private void Serve(int slot, ref VirqSlot virq)
    {
        if (VirqTransitions.ReaderIn(virq.State) == VirqReader.Nobody || IsSuspended)
            Latch(slot, ref virq);
        else if (OnKernelLine(virq) && virq.Trigger.Exists)
            _events.Emit(OfEventFd(EventKind.VirqWritten, slot, virq));
        else if (virq.Kind != VirqKind.Message)
            _owner.Drive(virq.Source, virq.Kind);
        else if (!virq.Has(VirqFlags.Programmed))
            Answer(slot, default, RefusalReason.NoDestination);
        else if (!virq.Message.IsInterrupt(_format))
            WriteMemory(slot, virq);
        else
            Send(slot, ref virq);
    }

    private void Send(int slot, ref VirqSlot virq)
    {
        if (!virq.Has(VirqFlags.Translated))
        {
            RefusalReason reason = Translate(slot, ref virq, delivering: true);
            if (reason != RefusalReason.None)
            {
                Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Interrupt, VirqCondition.Blocked));
                Answer(slot, default, reason);
                return;
            }
        }
        _events.Emit(new VirqInjected(slot, virq.Generation, virq.Translation, virq.Owner).ToEvent());
        VirqState next = VirqTransitions.Next(virq.State, VirqInput.Interrupt, Wants(virq));
        if (next == virq.State)
            return;
        Move(slot, ref virq, next);
        if (next == VirqState.Waiting)
            Queue(slot);
    }

    /// <summary>Checks an injection whose turn has come.</summary>
    /// <param name="injected">The <see cref="EventKind.VirqInjected"/>.</param>
    /// <returns>Whether its translation is still valid. If not, it was discarded, and the interrupt starts
    /// again.</returns>
    internal bool Claim(in Event injected)
    {
        ref VirqSlot virq = ref _virqs[injected.Unit];
        VirqInjected its = VirqInjected.Of(injected);
        if (virq.Generation == its.Generation)
            return true;
        if (_events.Observing)
            _events.Observe(new Event(EventKind.VirqDiscarded, injected.Unit));
        // A new owner of the slot has not interrupted. The virq that did was disposed of, with its pending interrupt.
        if (virq.State != VirqState.Free && virq.Owner == its.Owner)
            Serve(injected.Unit, ref virq);
        return false;
    }

    /// <summary>An injection was carried out, here or by a kernel.</summary>
    /// <param name="slot">The virq.</param>
    /// <param name="message">What was injected.</param>
    /// <param name="reason">Why it reached no local APIC, or <see cref="RefusalReason.None"/>.</param>
    internal void Answer(int slot, InterruptMessage message, RefusalReason reason)
    {
        if (_events.Observing)
            _events.Observe(new VirqAnswered(slot, message, reason).ToEvent());
    }

    /// <summary>A kernel answered a <see cref="EventKind.VirqInjected"/>. The answer is not for a new owner of the
    /// slot.</summary>
    internal void Answer(in Event injected, bool taken)
    {
        if (IsCurrent(new VirqHandle(injected.Unit, VirqInjected.Of(injected).Owner)))
            Answer(injected.Unit, injected.Message, taken ? RefusalReason.None : RefusalReason.Kernel);
    }

    /// <summary>Bus, device and function of a virq's messages.</summary>
    internal ushort RequesterOf(int slot) => _virqs[slot].Requester;

    /// <summary>An MSI is a write of 32 bits; outside the interrupt window it is an ordinary write to memory.</summary>
    private void WriteMemory(int slot, in VirqSlot virq)
    {
        _events.Emit(new MemoryWrite(0, Origin.Device(virq.Requester), virq.Address, virq.Data).ToEvent());
        Answer(slot, default, RefusalReason.None);
    }

    /// <summary>Keeps an interrupt of a masked virq. It is one pending bit for any number of interrupts. If there is
    /// an eventfd, the interrupt is only kept in its count, so it is in one place.</summary>
    private void Latch(int slot, ref VirqSlot virq)
    {
        if (virq.Trigger.Exists)
            _events.Emit(OfEventFd(EventKind.VirqWritten, slot, virq));
        else
            virq.Add(VirqFlags.Latched);
    }

    private RefusalReason Translate(int slot, ref VirqSlot virq, bool delivering)
    {
        RefusalReason reason = _owner.Translate(virq.Message, virq.Requester, delivering, out InterruptMessage translated,
            out RouteCookie cookie);
        if (reason != RefusalReason.None)
            return reason;
        virq.Translation = translated;
        virq.Cookie = cookie;
        virq.Add(VirqFlags.Translated);
        if (cookie != RouteCookie.None)
            _cookies.Enter(slot);
        if (_events.Observing)
            _events.Observe(new VirqTranslated(slot, translated, cookie).ToEvent());
        return RefusalReason.None;
    }

    /// <summary>Invalidates a translation. Its generation identifies what is still under way with it.</summary>
    private void Forget(int slot, ref VirqSlot virq)
    {
        virq.Generation++;
        if (!virq.Has(VirqFlags.Translated))
            return;
        virq.Remove(VirqFlags.Translated);
        if (virq.Cookie != RouteCookie.None)
            _cookies.Remove(slot);
        virq.Cookie = RouteCookie.None;
        virq.Translation = default;
    }

    // A kernel cannot be told to raise an event channel of ours.
    private VirqCondition Wants(in VirqSlot virq) =>
        HasRoutes && !virq.Translation.IsPort && virq.Kind == VirqKind.Message && virq.Trigger.Exists && !virq.Has(VirqFlags.Unbindable)
            ? VirqCondition.RouteWanted
            : VirqCondition.NoRouteWanted;
}
