using Wirq.Events;

namespace Wirq.Lab.Worlds;

/// <summary>An interrupt that a CPU took.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Vector">The vector.</param>
/// <param name="Origin">Its cause.</param>
/// <param name="Handler">Number of its handler in the scenario; -1 for none.</param>
internal readonly record struct InterruptTaken(int Cpu, byte Vector, Origin Origin, int Handler);
