namespace Wirq.Events;

/// <summary>A pin of an I/OAPIC changed.</summary>
/// <param name="IoApic">Number of the I/OAPIC.</param>
/// <param name="Pin">Its pin, 0 to 119.</param>
/// <param name="Asserted">The new level, polarity applied.</param>
/// <param name="ByPolarity">Whether the entry's polarity changed, and not the line.</param>
public readonly record struct PinChanged(int IoApic, int Pin, bool Asserted, bool ByPolarity) : IEventView<PinChanged>
{
    /// <inheritdoc/>
    public static PinChanged Of(in Event e) => new(e.IoApic, e.Pin, e.A != 0, e.B != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.PinChanged, (ushort)IoApic, (uint)Pin, Asserted ? 1u : 0, ByPolarity ? 1u : 0);
}

/// <summary>The guest wrote an entry.</summary>
/// <param name="IoApic">Number of the I/OAPIC.</param>
/// <param name="Pin">Its pin, 0 to 119.</param>
/// <param name="Entry">The entry as it reads now.</param>
/// <param name="OldEntry">The entry as it read before.</param>
internal readonly record struct EntryWritten(int IoApic, int Pin, RedirectionEntry Entry, RedirectionEntry OldEntry)
    : IEventView<EntryWritten>
{
    /// <inheritdoc/>
    public static EntryWritten Of(in Event e) => new(e.IoApic, e.Pin, e.Entry, e.OldEntry);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.EntryWritten, (ushort)IoApic, (uint)Pin, Entry.Bits, OldEntry.Bits);
}

/// <summary>Effect. The route of a pin has to follow its entry.</summary>
/// <param name="IoApic">Number of the I/OAPIC.</param>
/// <param name="Pin">Its pin, 0 to 119.</param>
/// <param name="Entry">The new entry.</param>
/// <param name="OldEntry">The entry before.</param>
internal readonly record struct RouteChanged(int IoApic, int Pin, RedirectionEntry Entry, RedirectionEntry OldEntry)
    : IEventView<RouteChanged>
{
    /// <inheritdoc/>
    public static RouteChanged Of(in Event e) => new(e.IoApic, e.Pin, e.Entry, e.OldEntry);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.RouteChanged, (ushort)IoApic, (uint)Pin, Entry.Bits, OldEntry.Bits);
}

/// <summary>A pin got the answer to its message.</summary>
/// <param name="IoApic">Number of the I/OAPIC.</param>
/// <param name="Pin">Its pin, 0 to 119.</param>
/// <param name="Level">Whether the message was of a level.</param>
/// <param name="Reason">Why it was refused; <see cref="RefusalReason.None"/> where it was accepted.</param>
public readonly record struct PinAnswered(int IoApic, int Pin, bool Level, RefusalReason Reason) : IEventView<PinAnswered>
{
    /// <inheritdoc/>
    public static PinAnswered Of(in Event e) =>
        new(e.IoApic, e.Pin, e.A == 1, e.Kind == EventKind.PinAccepted ? RefusalReason.None : e.Reason);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(Reason == RefusalReason.None ? EventKind.PinAccepted : EventKind.PinRefused,
            (ushort)IoApic, (uint)Pin, Level ? 1u : 0, (ulong)Reason);
}

/// <summary>Remote IRR of a pin was cleared.</summary>
/// <param name="IoApic">Number of the I/OAPIC.</param>
/// <param name="Pin">Its pin, 0 to 119.</param>
/// <param name="Vector">8 bits.</param>
/// <param name="Cause">What ended the interrupt.</param>
public readonly record struct RemoteIrrCleared(int IoApic, int Pin, byte Vector, EndOfInterruptCause Cause)
    : IEventView<RemoteIrrCleared>
{
    /// <inheritdoc/>
    public static RemoteIrrCleared Of(in Event e) => new(e.IoApic, e.Pin, e.Vector, (EndOfInterruptCause)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.RemoteIrrCleared, (ushort)IoApic, (uint)Pin, Vector, (ulong)Cause);
}

/// <summary>The storm brake holds a redelivery back.</summary>
/// <param name="IoApic">Number of the I/OAPIC.</param>
/// <param name="Pin">Its pin, 0 to 119.</param>
/// <param name="Deadline">Virtual time in ns.</param>
public readonly record struct StormBraked(int IoApic, int Pin, long Deadline) : IEventView<StormBraked>
{
    /// <inheritdoc/>
    public static StormBraked Of(in Event e) => new(e.IoApic, e.Pin, (long)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.StormBraked, (ushort)IoApic, (uint)Pin, (ulong)Deadline);
}
