namespace Wirq.Host;

/// <summary>What a CPU has to know of the interrupt system before it goes on.</summary>
/// <param name="HasInterrupt">Whether it would take an interrupt now, were its interrupts enabled; false where the local APICs
/// are a kernel's.</param>
/// <param name="Cr8">What CR8 reads; 0 where the local APICs are a kernel's.</param>
/// <param name="NextDeadline">The next virtual time at which something happens by itself, in ns; <see cref="long.MaxValue"/> for
/// none.</param>
internal readonly record struct CpuOutlook(bool HasInterrupt, byte Cr8, long NextDeadline);
