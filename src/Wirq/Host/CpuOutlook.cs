namespace Wirq.Host;

/// <summary>What a CPU needs to know about the interrupt system before it continues.</summary>
/// <param name="HasInterrupt">Whether it would take an interrupt now if its interrupts were enabled; false if the local
/// APICs are in a kernel.</param>
/// <param name="Cr8">The value of CR8; 0 if the local APICs are in a kernel.</param>
/// <param name="NextDeadline">The next virtual time at which a timer expires, in ns; <see cref="long.MaxValue"/> for
/// none.</param>
internal readonly record struct CpuOutlook(bool HasInterrupt, byte Cr8, long NextDeadline);
