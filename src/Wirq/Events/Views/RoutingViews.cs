using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Events;

/// <summary>A device registered a virq.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Kind">What kind of virq.</param>
public readonly record struct VirqRegistered(int Virq, VirqKind Kind) : IEventView<VirqRegistered>
{
    /// <inheritdoc/>
    public static VirqRegistered Of(in Event e) => new(e.Unit, (VirqKind)e.Index);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqRegistered, (ushort)Virq, (uint)Kind);
}

/// <summary>A virq was given its message.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Requester">Bus, device and function of the sender.</param>
/// <param name="Message">Address and data.</param>
public readonly record struct VirqMessageSet(int Virq, ushort Requester, Msi Message) : IEventView<VirqMessageSet>
{
    /// <inheritdoc/>
    public static VirqMessageSet Of(in Event e) => new(e.Unit, (ushort)e.Index, e.Msi);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqMessageSet, (ushort)Virq, Requester, Message.Address.Bits, Message.Data.Bits);
}

/// <summary>An interrupt of a virq came to userspace.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="ByEventFd">Whether it came by its eventfd; else a device called the trigger method.</param>
public readonly record struct VirqTriggered(int Virq, bool ByEventFd) : IEventView<VirqTriggered>
{
    /// <inheritdoc/>
    public static VirqTriggered Of(in Event e) => new(e.Unit, e.Index == 1);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqTriggered, (ushort)Virq, ByEventFd ? 1u : 0);
}

/// <summary>A virq changed its state.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="State">The new state.</param>
/// <param name="Before">The state before.</param>
public readonly record struct VirqStateChanged(int Virq, VirqState State, VirqState Before) : IEventView<VirqStateChanged>
{
    /// <inheritdoc/>
    public static VirqStateChanged Of(in Event e) => new(e.Unit, (VirqState)e.Index, (VirqState)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqStateChanged, (ushort)Virq, (uint)State, (ulong)Before);
}

/// <summary>A virq's message was translated and kept.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Message">As the local APICs see it.</param>
/// <param name="Cookie">The cookie of the entry; none if no unit translates.</param>
public readonly record struct VirqTranslated(int Virq, InterruptMessage Message, RouteCookie Cookie)
    : IEventView<VirqTranslated>
{
    /// <inheritdoc/>
    public static VirqTranslated Of(in Event e) => new(e.Unit, e.Message, new RouteCookie(e.B));

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqTranslated, (ushort)Virq, 0, Message.Bits, Cookie.Bits);
}

/// <summary>An interrupt of a virq was answered.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Message">What was injected.</param>
/// <param name="Reason">Why it reached no local APIC; <see cref="RefusalReason.None"/> where it did.</param>
internal readonly record struct VirqAnswered(int Virq, InterruptMessage Message, RefusalReason Reason)
    : IEventView<VirqAnswered>
{
    /// <inheritdoc/>
    public static VirqAnswered Of(in Event e) => new(e.Unit, e.Message, e.Reason);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqAnswered, (ushort)Virq, 0, Message.Bits, (ulong)Reason);
}

/// <summary>A kernel consumed what a device wrote to a bound eventfd, and injected its route.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Gsi">The GSI of the route.</param>
/// <param name="Message">What was injected.</param>
internal readonly record struct VirqServed(int Virq, int Gsi, InterruptMessage Message) : IEventView<VirqServed>
{
    /// <inheritdoc/>
    public static VirqServed Of(in Event e) => new(e.Unit, e.Gsi, e.Message);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqServed, (ushort)Virq, (uint)Gsi, Message.Bits);
}

/// <summary>A virq on a line got or lost its resample eventfd.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Source">Slot of the source that it drives.</param>
/// <param name="Exists">Whether it has one now.</param>
public readonly record struct VirqResampleSet(int Virq, uint Source, bool Exists) : IEventView<VirqResampleSet>
{
    /// <inheritdoc/>
    public static VirqResampleSet Of(in Event e) => new(e.Unit, e.Index, e.A != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqResampleSet, (ushort)Virq, Source, Exists ? 1u : 0);
}

/// <summary>The resample eventfd of a virq was written.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Source">Slot of the source that it drives.</param>
public readonly record struct VirqResampled(int Virq, uint Source) : IEventView<VirqResampled>
{
    /// <inheritdoc/>
    public static VirqResampled Of(in Event e) => new(e.Unit, e.Index);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqResampled, (ushort)Virq, Source);
}

/// <summary>Effect. The kernel serves a virq's eventfd from now on.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Gsi">Number of the line.</param>
/// <param name="Trigger">The eventfd, and the owner of the slot that set it.</param>
/// <param name="Resample">The eventfd that is signalled at the EOI.</param>
internal readonly record struct VirqBound(int Virq, int Gsi, OwnedEventFd Trigger, EventFd Resample) : IEventView<VirqBound>
{
    /// <inheritdoc/>
    public static VirqBound Of(in Event e) => new(e.Unit, e.Gsi, new OwnedEventFd(e.A), new EventFd((int)(long)e.B));

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqBound, (ushort)Virq, (uint)Gsi, Trigger.Bits, (ulong)(long)Resample.Number);
}

/// <summary>Effect. A virq's eventfd is read; what it held is an interrupt.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Owner">Which owner of the slot.</param>
/// <param name="Trigger">The eventfd.</param>
internal readonly record struct VirqRead(int Virq, uint Owner, EventFd Trigger) : IEventView<VirqRead>
{
    /// <inheritdoc/>
    public static VirqRead Of(in Event e) => new(e.Unit, e.Index, e.EventFd);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqRead, (ushort)Virq, Owner, (uint)Trigger.Number);
}

/// <summary>Effect. A virq's translated message goes to the local APICs.</summary>
/// <param name="Virq">Slot of the virq.</param>
/// <param name="Generation">Of the translation.</param>
/// <param name="Message">As the local APICs see it.</param>
/// <param name="Owner">Which owner of the slot.</param>
internal readonly record struct VirqInjected(int Virq, uint Generation, InterruptMessage Message, uint Owner)
    : IEventView<VirqInjected>
{
    /// <inheritdoc/>
    public static VirqInjected Of(in Event e) => new(e.Unit, e.Index, e.Message, (uint)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VirqInjected, (ushort)Virq, Generation, Message.Bits, Owner);
}
