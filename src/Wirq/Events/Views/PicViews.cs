namespace Wirq.Events;

/// <summary>An input pin of the 8259 pair changed.</summary>
/// <param name="Irq">IRQ of the pair, 0 to 15; 8 to 15 are the slave's.</param>
/// <param name="High">The new level.</param>
public readonly record struct PicPinChanged(int Irq, bool High) : IEventView<PicPinChanged>
{
    /// <inheritdoc/>
    public static PicPinChanged Of(in Event e) => new(e.Irq, e.A != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.PicPinChanged, 0, (uint)Irq, High ? 1u : 0);
}

/// <summary>INTR is now for this request.</summary>
/// <param name="Irq">IRQ of the pair, 0 to 15; 8 to 15 are the slave's.</param>
/// <param name="Level">Whether the pin is level-triggered.</param>
public readonly record struct PicRequested(int Irq, bool Level) : IEventView<PicRequested>
{
    /// <inheritdoc/>
    public static PicRequested Of(in Event e) => new(e.Irq, e.A == 1);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.PicRequested, 0, (uint)Irq, Level ? 1u : 0);
}

/// <summary>INTR of the pair changed.</summary>
/// <param name="High">The new level.</param>
public readonly record struct PicIntrChanged(bool High) : IEventView<PicIntrChanged>
{
    /// <inheritdoc/>
    public static PicIntrChanged Of(in Event e) => new(e.A != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.PicIntrChanged, 0, 0, High ? 1u : 0);
}

/// <summary>An INTA cycle or a poll took a request.</summary>
/// <param name="Irq">IRQ of the pair, 0 to 15; 8 to 15 are the slave's.</param>
/// <param name="Vector">8 bits.</param>
/// <param name="Spurious">Whether no request was left: the vector is that of IRQ 7 or 15.</param>
/// <param name="Level">Whether the pin is level-triggered.</param>
/// <param name="ByPoll">Whether a poll took it, and not an INTA cycle.</param>
public readonly record struct PicTaken(int Irq, byte Vector, bool Spurious, bool Level, bool ByPoll) : IEventView<PicTaken>
{
    private const ulong SpuriousBit = 1, LevelBit = 1 << 1, PollBit = 1 << 2;

    /// <inheritdoc/>
    public static PicTaken Of(in Event e) =>
        new(e.Irq, e.Vector, (e.B & SpuriousBit) != 0, (e.B & LevelBit) != 0, (e.B & PollBit) != 0);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(EventKind.PicTaken, 0, (uint)Irq, Vector, (Spurious ? SpuriousBit : 0) | (Level ? LevelBit : 0) | (ByPoll ? PollBit : 0));
}

/// <summary>An in-service bit was cleared.</summary>
/// <param name="Irq">IRQ of the pair, 0 to 15; 8 to 15 are the slave's.</param>
/// <param name="Level">Whether the pin is level-triggered.</param>
/// <param name="Automatic">Whether its INTA cycle cleared it (automatic EOI).</param>
public readonly record struct PicEoi(int Irq, bool Level, bool Automatic) : IEventView<PicEoi>
{
    /// <inheritdoc/>
    public static PicEoi Of(in Event e) => new(e.Irq, e.A != 0, e.B == 1);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.PicEoi, 0, (uint)Irq, Level ? 1u : 0, Automatic ? 1u : 0);
}

/// <summary>The mask of the pair changed.</summary>
/// <param name="Mask">One bit for each IRQ, the slave's in bits 15:8. Set where masked.</param>
/// <param name="Before">The mask before.</param>
public readonly record struct PicMaskChanged(ushort Mask, ushort Before) : IEventView<PicMaskChanged>
{
    /// <inheritdoc/>
    public static PicMaskChanged Of(in Event e) => new((ushort)e.A, (ushort)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.PicMaskChanged, 0, 0, Mask, Before);
}

/// <summary>Trigger modes of the pair changed.</summary>
/// <param name="Level">One bit for each IRQ, the slave's in bits 15:8. Set where level-triggered.</param>
/// <param name="Before">The modes before.</param>
public readonly record struct PicTriggerChanged(ushort Level, ushort Before) : IEventView<PicTriggerChanged>
{
    /// <inheritdoc/>
    public static PicTriggerChanged Of(in Event e) => new((ushort)e.A, (ushort)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.PicTriggerChanged, 0, 0, Level, Before);
}
