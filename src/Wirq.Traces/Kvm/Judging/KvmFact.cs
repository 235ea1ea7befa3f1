using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>The value of a register, and the place that told it. Where records are missing behind it, it may have changed.</summary>
/// <param name="Value">The value.</param>
/// <param name="At">Where it was written, or read.</param>
/// <param name="Epoch">How many gaps the log had until then.</param>
internal readonly record struct KvmFact(ulong Value, Mark At, int Epoch);
