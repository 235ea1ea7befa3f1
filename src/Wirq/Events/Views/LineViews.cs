namespace Wirq.Events;

/// <summary>A source joined a line.</summary>
/// <param name="Source">Slot of the source.</param>
/// <param name="Gsi">Number of the line.</param>
/// <param name="Kind">What kind of source.</param>
public readonly record struct SourceConnected(int Source, int Gsi, SourceKind Kind) : IEventView<SourceConnected>
{
    /// <inheritdoc/>
    public static SourceConnected Of(in Event e) => new(e.Source, e.Gsi, (SourceKind)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.SourceConnected, (ushort)Source, (uint)Gsi, (ulong)Kind);
}

/// <summary>A source started or stopped asserting.</summary>
/// <param name="Source">Slot of the source.</param>
/// <param name="Gsi">Number of the line.</param>
/// <param name="Asserts">Whether it asserts now.</param>
/// <param name="Kind">What kind of source.</param>
/// <param name="ByAck">Whether an acknowledge lowered it.</param>
public readonly record struct SourceChanged(int Source, int Gsi, bool Asserts, SourceKind Kind, bool ByAck)
    : IEventView<SourceChanged>
{
    /// <inheritdoc/>
    public static SourceChanged Of(in Event e) =>
        new(e.Source, e.Gsi, e.Kind == EventKind.SourceRaised, (SourceKind)e.A, e.B == 1);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(Asserts ? EventKind.SourceRaised : EventKind.SourceLowered, (ushort)Source, (uint)Gsi, (ulong)Kind, ByAck ? 1u : 0);
}

/// <summary>The level of a line changed.</summary>
/// <param name="Gsi">Number of the line.</param>
/// <param name="Asserted">The new level.</param>
public readonly record struct LineChanged(int Gsi, bool Asserted) : IEventView<LineChanged>
{
    /// <inheritdoc/>
    public static LineChanged Of(in Event e) => new(e.Gsi, e.A != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.LineChanged, 0, (uint)Gsi, Asserted ? 1u : 0);
}

/// <summary>Effect. The level of a line whose chips are in a kernel changed.</summary>
/// <param name="Gsi">Number of the line.</param>
/// <param name="Asserted">The new level.</param>
internal readonly record struct KernelLine(int Gsi, bool Asserted) : IEventView<KernelLine>
{
    /// <inheritdoc/>
    public static KernelLine Of(in Event e) => new(e.Gsi, e.A != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.KernelLine, 0, (uint)Gsi, Asserted ? 1u : 0);
}

/// <summary>Effect. A source's line was acknowledged.</summary>
/// <param name="Source">Slot of the source.</param>
/// <param name="Gsi">Number of the line.</param>
/// <param name="Generation">Which owner of the slot is meant.</param>
internal readonly record struct Ack(int Source, int Gsi, uint Generation) : IEventView<Ack>
{
    /// <inheritdoc/>
    public static Ack Of(in Event e) => new(e.Source, e.Gsi, (uint)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.Ack, (ushort)Source, (uint)Gsi, Generation);
}
