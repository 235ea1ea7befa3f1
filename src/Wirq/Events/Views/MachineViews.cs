namespace Wirq.Events;

/// <summary>The guest did something that has no effect by the architecture.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="What">What it did.</param>
/// <param name="Where">Address or number, depending on <paramref name="What"/>.</param>
/// <param name="Value">What was written.</param>
public readonly record struct GuestMisuse(int Cpu, Misuse What, ulong Where, ulong Value) : IEventView<GuestMisuse>
{
    /// <inheritdoc/>
    public static GuestMisuse Of(in Event e) => new(e.Cpu, (Misuse)e.Index, e.A, e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.GuestMisuse, (ushort)Cpu, (uint)What, Where, Value);
}
