namespace Wirq.Events;

/// <summary>A CPU wrote or read memory-mapped registers.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="IsWrite">Whether it wrote.</param>
/// <param name="Size">Bytes: 1, 2, 4 or 8.</param>
/// <param name="Address">Physical address.</param>
/// <param name="Value">The value that it wrote or read.</param>
public readonly record struct MemoryMappedAccess(int Cpu, bool IsWrite, int Size, ulong Address, ulong Value)
    : IEventView<MemoryMappedAccess>
{
    /// <inheritdoc/>
    public static MemoryMappedAccess Of(in Event e) =>
        new(e.Cpu, e.Kind == EventKind.MemoryMappedWrite, (int)e.Index, e.A, e.B);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(IsWrite ? EventKind.MemoryMappedWrite : EventKind.MemoryMappedRead, (ushort)Cpu, (uint)Size, Address, Value);
}

/// <summary>A CPU wrote or read a port.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="IsWrite">Whether it wrote.</param>
/// <param name="Size">Bytes: 1, 2, 4 or 8.</param>
/// <param name="Port">16 bits.</param>
/// <param name="Value">The value that it wrote or read, 8 to 32 bits.</param>
public readonly record struct PortAccess(int Cpu, bool IsWrite, int Size, ushort Port, uint Value) : IEventView<PortAccess>
{
    /// <inheritdoc/>
    public static PortAccess Of(in Event e) =>
        new(e.Cpu, e.Kind == EventKind.PortWrite, (int)e.Index, (ushort)e.A, (uint)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(IsWrite ? EventKind.PortWrite : EventKind.PortRead, (ushort)Cpu, (uint)Size, Port, Value);
}

/// <summary>A CPU wrote or read an MSR.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="IsWrite">Whether it wrote.</param>
/// <param name="Faulted">Whether it took <c>#GP</c>.</param>
/// <param name="Msr">Number of the MSR.</param>
/// <param name="Value">The value that it wrote or read.</param>
public readonly record struct MsrAccess(int Cpu, bool IsWrite, bool Faulted, uint Msr, ulong Value) : IEventView<MsrAccess>
{
    /// <inheritdoc/>
    public static MsrAccess Of(in Event e) => new(e.Cpu, e.Kind == EventKind.MsrWrite, e.Index == 1, (uint)e.A, e.B);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(IsWrite ? EventKind.MsrWrite : EventKind.MsrRead, (ushort)Cpu, Faulted ? 1u : 0, Msr, Value);
}

/// <summary>A CPU wrote CR8.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Value">The whole value; bits 3:0 are the priority class.</param>
public readonly record struct TaskPriorityWrite(int Cpu, ulong Value) : IEventView<TaskPriorityWrite>
{
    /// <inheritdoc/>
    public static TaskPriorityWrite Of(in Event e) => new(e.Cpu, e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.TaskPriorityWrite, (ushort)Cpu, 0, 0, Value);
}
