using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Board.Mailbox;

/// <summary>An interrupt that a mailbox guest took, as its handler recorded it.</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct TakenInterrupt
{
    internal const int Bytes = 16, VectorOffset = 0, OrderOffset = 4, DepthOffset = 8;

    /// <summary>Its vector.</summary>
    [FieldOffset(VectorOffset)] public uint Vector;
    /// <summary>The number of the guest's last order at that time.</summary>
    [FieldOffset(OrderOffset)] public uint Order;
    /// <summary>The number of nested handlers, with this one.</summary>
    [FieldOffset(DepthOffset)] public uint Depth;
}

/// <summary>The interrupts that were taken recently; the oldest is overwritten.</summary>
[InlineArray(MailboxBlock.LogEntries)]
internal struct TakenInterrupts
{
    private TakenInterrupt _first;
}

/// <summary>The mailbox of one CPU: memory that guest and host share.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct MailboxBlock
{
    /// <summary>The size of a mailbox. The guest's stack begins at its end and grows down; 16 nested handlers need less
    /// than 1 KiB.</summary>
    internal const int Bytes = 0x800;
    /// <summary>The number of interrupts that the log holds; a power of two.</summary>
    internal const int LogEntries = 32;

    internal const int SequenceOffset = 0, DoneOffset = 4, RoutineOffset = 8, AddressOffset = 16, ValueOffset = 24,
        ResultOffset = 32, ResumeOffset = 40, FaultOffset = 48, OfferedOffset = 52, DepthOffset = 56, TakenOffset = 60,
        NmisOffset = 64, PendingOffset = 68, LogOffset = 80;

    /// <summary>Number of the last order.</summary>
    [FieldOffset(SequenceOffset)] public uint Sequence;
    /// <summary>Number of the last order that was carried out.</summary>
    [FieldOffset(DoneOffset)] public uint Done;
    /// <summary>Address of the code for the order.</summary>
    [FieldOffset(RoutineOffset)] public ulong Routine;
    /// <summary>Linear address, port or MSR.</summary>
    [FieldOffset(AddressOffset)] public ulong Address;
    /// <summary>The value to write.</summary>
    [FieldOffset(ValueOffset)] public ulong Value;
    /// <summary>The value that was read.</summary>
    [FieldOffset(ResultOffset)] public ulong Result;
    /// <summary>Address at which the guest continues after an exception.</summary>
    [FieldOffset(ResumeOffset)] public ulong Resume;
    /// <summary>The exception of the instruction, plus 1; 0 for none.</summary>
    [FieldOffset(FaultOffset)] public uint Fault;
    /// <summary>Whether an interrupt is offered; then the guest expects an interrupt and not an exception.</summary>
    [FieldOffset(OfferedOffset)] public uint Offered;
    /// <summary>The number of nested handlers.</summary>
    [FieldOffset(DepthOffset)] public uint Depth;
    /// <summary>The number of interrupts that the guest has taken.</summary>
    [FieldOffset(TakenOffset)] public uint Taken;
    /// <summary>The number of NMIs that the guest has taken.</summary>
    [FieldOffset(NmisOffset)] public uint Nmis;
    /// <summary>Whether an order waits to be carried out. The guest asks with one instruction: an interrupt between the reads of
    /// two numbers would have it carry out an order again that its handler has done.</summary>
    [FieldOffset(PendingOffset)] public uint Pending;
    /// <summary>The interrupts that it took; each is at its number modulo <see cref="LogEntries"/>.</summary>
    [FieldOffset(LogOffset)] public TakenInterrupts Log;
}
