using Wirq.Events;

namespace Wirq.Lab.Scenarios;

/// <summary>One thing that must be so. What counts (taken vectors, acknowledges, signals, events) counts since the
/// last check of its kind for the same CPU, device or event.</summary>
/// <param name="At">Where it stands.</param>
public abstract record Check(Mark At);

/// <summary>A CPU took exactly these vectors, in this order.</summary>
public sealed record TakenCheck(Mark At, int Cpu, IReadOnlyList<byte> Vectors) : Check(At);

/// <summary>A CPU took each of these vectors that often, in any order, and no other.</summary>
public sealed record TakenCountCheck(Mark At, int Cpu, IReadOnlyDictionary<byte, int> Counts) : Check(At);

/// <summary>All CPUs together took each of these vectors that often, and no other.</summary>
public sealed record TakenByAnyCheck(Mark At, IReadOnlyDictionary<byte, int> Counts) : Check(At);

/// <summary>A register reads as a value, as far as named.</summary>
public sealed record RegisterCheck(Mark At, int Cpu, RegisterName Register, RegisterValue Value) : Check(At);

/// <summary>A line is held by exactly these.</summary>
public sealed record HoldersCheck(Mark At, int Gsi, IReadOnlyList<string> Labels) : Check(At);

/// <summary>Exactly these vectors are pending (IRR) at a CPU.</summary>
public sealed record PendingCheck(Mark At, int Cpu, IReadOnlyList<byte> Vectors) : Check(At);

/// <summary>Exactly these vectors are in service (ISR) at a CPU.</summary>
public sealed record InServiceCheck(Mark At, int Cpu, IReadOnlyList<byte> Vectors) : Check(At);

/// <summary>A device heard that many acknowledges.</summary>
public sealed record AcksCheck(Mark At, int Device, int Count) : Check(At);

/// <summary>A CPU received exactly these signals, in order: <c>nmi</c>, <c>smi</c>, <c>init</c>, <c>sipi
/// 0x9a</c>.</summary>
public sealed record SignalsCheck(Mark At, int Cpu, IReadOnlyList<string> Signals) : Check(At);

/// <summary>That many events of a kind happened.</summary>
public sealed record EventCheck(Mark At, EventKind Kind, int Count) : Check(At);

/// <summary>A message wrote memory.</summary>
public sealed record MemoryCheck(Mark At, ulong Address, uint Value) : Check(At);

/// <summary>The level of INTR of the 8259 pair.</summary>
public sealed record IntrCheck(Mark At, bool High) : Check(At);
