using Wirq.Events;
using Wirq.Remapping.VtD;
using Wirq.Routing;

namespace Wirq.Lab.Scenarios;

/// <summary>One expectation. Counts (of taken vectors, acknowledges, signals, events) begin at the last check of the
/// same kind for the same CPU, device or event.</summary>
/// <param name="At">Its position in the file.</param>
internal abstract record Check(FilePosition At)
{
    /// <summary>How its numbers were written.</summary>
    internal NumberForm Form { get; init; }
}

/// <summary>A CPU took exactly these vectors, in this order.</summary>
internal sealed record TakenCheck(FilePosition At, int Cpu, IReadOnlyList<byte> Vectors) : Check(At);

/// <summary>A CPU took each of these vectors this number of times, in any order, and no other vector.</summary>
internal sealed record TakenCountCheck(FilePosition At, int Cpu, IReadOnlyDictionary<byte, int> Counts) : Check(At);

/// <summary>All CPUs together took each of these vectors this number of times, and no other vector.</summary>
internal sealed record TakenByAnyCheck(FilePosition At, IReadOnlyDictionary<byte, int> Counts) : Check(At);

/// <summary>A register has a value, in the named fields.</summary>
internal sealed record RegisterCheck(FilePosition At, int Cpu, RegisterName Register, RegisterValue Value) : Check(At);

/// <summary>A line is held by exactly these holders.</summary>
internal sealed record HoldersCheck(FilePosition At, int Gsi, IReadOnlyList<string> Labels) : Check(At);

/// <summary>Exactly these vectors are pending (IRR) at a CPU.</summary>
internal sealed record PendingCheck(FilePosition At, int Cpu, IReadOnlyList<byte> Vectors) : Check(At);

/// <summary>Exactly these vectors are in service (ISR) at a CPU.</summary>
internal sealed record InServiceCheck(FilePosition At, int Cpu, IReadOnlyList<byte> Vectors) : Check(At);

/// <summary>A device got this number of acknowledges.</summary>
internal sealed record AcksCheck(FilePosition At, int Device, int Count) : Check(At);

/// <summary>A CPU received exactly these signals, in order: <c>nmi</c>, <c>smi</c>, <c>init</c>, <c>sipi
/// 0x9a</c>.</summary>
internal sealed record SignalsCheck(FilePosition At, int Cpu, IReadOnlyList<string> Signals) : Check(At);

/// <summary>This number of events of a kind happened.</summary>
internal sealed record EventCheck(FilePosition At, EventKind Kind, int Count) : Check(At);

/// <summary>A message wrote memory.</summary>
internal sealed record MemoryCheck(FilePosition At, ulong Address, uint Value) : Check(At);

/// <summary>The level of INTR of the 8259 pair.</summary>
internal sealed record IntrCheck(FilePosition At, bool High) : Check(At);

/// <summary>This number of virqs of a device are in each state, and none in another.</summary>
internal sealed record VirqsCheck(FilePosition At, int Device, IReadOnlyDictionary<VirqState, int> Counts) : Check(At);

/// <summary>This number of GSIs is in use.</summary>
internal sealed record GsisCheck(FilePosition At, int Count) : Check(At);

/// <summary>The last invalidation touched this number of routes.</summary>
internal sealed record TouchedCheck(FilePosition At, int Count) : Check(At);

/// <summary>Exactly these masked vectors of a device are pending: its PBA.</summary>
internal sealed record PendingVectorsCheck(FilePosition At, int Device, IReadOnlyList<int> Vectors) : Check(At);

/// <summary>The fault records of the remapping unit hold exactly these, from record 0 on.</summary>
internal sealed record FaultsCheck(FilePosition At, IReadOnlyList<FaultSpec> Faults) : Check(At);

/// <summary>A recorded fault.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Index">The entry.</param>
/// <param name="Source">The requester.</param>
internal readonly record struct FaultSpec(VtdFaultReason Reason, int Index, ushort Source)
{
    /// <inheritdoc/>
    public override string ToString() => $"0x{(byte)Reason:x2} at entry {Index} of {Origin.Device(Source)}";
}

/// <summary>The events of exactly these ports were handled, in this order.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Handler">The CPU; from the number of CPUs on, another domain.</param>
/// <param name="Ports">The ports.</param>
internal sealed record PortsCheck(FilePosition At, int Handler, IReadOnlyList<PortRef> Ports) : Check(At);

/// <summary>Whether a CPU is in SCHEDOP_poll.</summary>
internal sealed record PollingCheck(FilePosition At, int Cpu, bool Polls) : Check(At);

/// <summary>Exactly these events of the named kinds happened, in this order, since the last check of an
/// order.</summary>
internal sealed record OrderCheck(FilePosition At, IReadOnlyList<EventKind> Kinds) : Check(At);
