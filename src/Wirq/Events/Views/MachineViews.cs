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

/// <summary>An effect waited when the machine was reset, and is not carried out.</summary>
/// <param name="Unit">CPU, I/OAPIC, virq or remapping unit, as of the effect.</param>
/// <param name="Pin">The pin, if it was a pin's; else 0.</param>
/// <param name="Kind">The kind of the effect.</param>
public readonly record struct EffectLost(int Unit, int Pin, EventKind Kind) : IEventView<EffectLost>
{
    /// <inheritdoc/>
    public static EffectLost Of(in Event e) => new(e.Unit, e.Pin, (EventKind)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.EffectLost, (ushort)Unit, (uint)Pin, (ulong)Kind);

    /// <summary>What an effect becomes.</summary>
    internal static Event Instead(in Event effect) =>
        new EffectLost(effect.Unit, effect.Subsystem == Subsystem.IoApic ? effect.Pin : 0, effect.Kind).ToEvent() with { Time = effect.Time };
}
