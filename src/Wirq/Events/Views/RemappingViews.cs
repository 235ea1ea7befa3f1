using Wirq.Remapping;

namespace Wirq.Events;

/// <summary>A remapping unit translated a message.</summary>
/// <param name="Unit">Number of the remapping unit, 8 bits.</param>
/// <param name="Requester">Bus, device and function of the sender.</param>
/// <param name="Message">As the local APICs see it.</param>
/// <param name="Key"><see cref="RouteCookie.Key"/>, for VT-d the index of the entry.</param>
public readonly record struct RemapTranslated(int Unit, ushort Requester, InterruptMessage Message, long Key)
    : IEventView<RemapTranslated>
{
    /// <inheritdoc/>
    public static RemapTranslated Of(in Event e) => new(e.Unit, (ushort)e.Index, e.Message, (long)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.RemapTranslated, (ushort)Unit, Requester, Message.Bits, (ulong)Key);
}

/// <summary>A remapping unit blocked a message that was being delivered. With neither flag, a fault was recorded.</summary>
/// <param name="Unit">Number of the remapping unit, 8 bits.</param>
/// <param name="Requester">Bus, device and function of the sender.</param>
/// <param name="Reason">Fault reason, 8 bits, as the unit's architecture numbers them.</param>
/// <param name="Entry">Index of the entry, 16 bits.</param>
/// <param name="Suppressed">Whether the entry disables the processing of its faults (FPD of VT-d).</param>
/// <param name="Lost">Whether there was no room for a record.</param>
public readonly record struct RemapFaulted(int Unit, ushort Requester, ulong Reason, ushort Entry, bool Suppressed, bool Lost)
    : IEventView<RemapFaulted>
{
    private const ulong SuppressedBit = 1 << 16, LostBit = 1 << 17;

    /// <inheritdoc/>
    public static RemapFaulted Of(in Event e) => new(e.Unit, (ushort)e.Index, e.A, (ushort)e.B,
        (e.B & SuppressedBit) != 0, (e.B & LostBit) != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.RemapFaulted, (ushort)Unit, Requester, Reason,
        Entry | (Suppressed ? SuppressedBit : 0) | (Lost ? LostBit : 0));
}

/// <summary>The guest invalidates cached entries, or their cached translations were dropped.</summary>
/// <param name="Done">Whether it is done.</param>
/// <param name="Unit">Number of the remapping unit, 8 bits.</param>
/// <param name="First"><see cref="RouteCookie.Key"/> of the first entry.</param>
/// <param name="Last">That of the last one.</param>
/// <param name="Touched">How many routes were touched; 0 before it is done.</param>
public readonly record struct RemapInvalidation(bool Done, int Unit, ulong First, ulong Last, uint Touched)
    : IEventView<RemapInvalidation>
{
    /// <inheritdoc/>
    public static RemapInvalidation Of(in Event e) => new(e.Kind == EventKind.RemapInvalidationDone, e.Unit, e.A, e.B, e.Index);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(Done ? EventKind.RemapInvalidationDone : EventKind.RemapInvalidated, (ushort)Unit, Touched, First, Last);
}

/// <summary>Remapping was switched.</summary>
/// <param name="Unit">Number of the remapping unit, 8 bits.</param>
/// <param name="On">Whether it is on now.</param>
public readonly record struct RemapSwitched(int Unit, bool On) : IEventView<RemapSwitched>
{
    /// <inheritdoc/>
    public static RemapSwitched Of(in Event e) => new(e.Unit, e.A != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.RemapSwitched, (ushort)Unit, 0, On ? 1u : 0);
}
