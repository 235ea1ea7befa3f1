using Wirq.HostIrq;

namespace Wirq.Events;

/// <summary>A line of a host was disabled or enabled once more.</summary>
/// <param name="Line">The line.</param>
/// <param name="Depth">How often it is disabled; 0 if it is enabled.</param>
public readonly record struct HostLineDepth(int Line, uint Depth) : IEventView<HostLineDepth>
{
    /// <inheritdoc/>
    public static HostLineDepth Of(in Event e) => new((int)e.Index, (uint)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.HostLineDepth, 0, (uint)Line, Depth);
}

/// <summary>A hard handler of a host answered.</summary>
/// <param name="Line">The line.</param>
/// <param name="Action">The action.</param>
/// <param name="Answer">What it said.</param>
public readonly record struct HostHandlerAnswered(int Line, int Action, HandlerAnswer Answer) : IEventView<HostHandlerAnswered>
{
    /// <inheritdoc/>
    public static HostHandlerAnswered Of(in Event e) => new((int)e.Index, e.Unit, (HandlerAnswer)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.HostHandlerAnswered, (ushort)Action, (uint)Line, (ulong)Answer);
}

/// <summary>A threaded handler of a host returned.</summary>
/// <param name="Line">The line.</param>
/// <param name="Action">The action.</param>
public readonly record struct HostThreadEnded(int Line, int Action) : IEventView<HostThreadEnded>
{
    /// <inheritdoc/>
    public static HostThreadEnded Of(in Event e) => new((int)e.Index, e.Unit);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.HostThreadEnded, (ushort)Action, (uint)Line);
}

/// <summary>Effect. A call to the chip of a host's line. The pin of <see cref="HostIrqs"/> has done it already.</summary>
/// <param name="Line">The line.</param>
/// <param name="Call">The call.</param>
/// <param name="Cpu">The CPU to which the line goes after it.</param>
public readonly record struct HostChipCall(int Line, ChipCall Call, int Cpu) : IEventView<HostChipCall>
{
    /// <inheritdoc/>
    public static HostChipCall Of(in Event e) => new((int)e.Index, (ChipCall)e.A, e.Unit);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.HostChipCall, (ushort)Cpu, (uint)Line, (ulong)Call);
}

/// <summary>Effect. A hard handler is to run; its answer goes to <see cref="HostIrqs.Answer"/>.</summary>
/// <param name="Line">The line.</param>
/// <param name="Action">The action.</param>
/// <param name="Cpu">The CPU.</param>
public readonly record struct HostHardHandler(int Line, int Action, int Cpu) : IEventView<HostHardHandler>
{
    /// <inheritdoc/>
    public static HostHardHandler Of(in Event e) => new((int)e.Index, e.Unit, (ushort)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.HostHardHandler, (ushort)Action, (uint)Line, (ushort)Cpu);
}

/// <summary>Effect. A thread is to run: <see cref="HostIrqs.ThreadStarted"/>, then <see
/// cref="HostIrqs.ThreadEnded"/>.</summary>
/// <param name="Line">The line.</param>
/// <param name="Action">The action.</param>
public readonly record struct HostThreadWoken(int Line, int Action) : IEventView<HostThreadWoken>
{
    /// <inheritdoc/>
    public static HostThreadWoken Of(in Event e) => new((int)e.Index, e.Unit);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.HostThreadWoken, (ushort)Action, (uint)Line);
}
