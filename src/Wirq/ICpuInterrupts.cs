namespace Wirq;

/// <summary>How the core of a CPU uses its local APIC: it takes interrupts, and accesses the task priority as
/// CR8.</summary>
/// <remarks>A <see cref="Fabric"/> implements it for one thread, a <see cref="Host.FabricHost"/> for many. If the local
/// APICs are in a kernel, that kernel runs the CPUs, and each of these calls throws
/// <see cref="InvalidOperationException"/>.</remarks>
public interface ICpuInterrupts
{
    /// <summary>A CPU reads CR8.</summary>
    byte ReadCr8(int cpu);

    /// <summary>A CPU writes CR8.</summary>
    /// <returns>False for <c>#GP(0)</c>.</returns>
    bool TryWriteCr8(int cpu, ulong value);

    /// <summary>Reads IA32_APIC_BASE of a CPU, without an access by the guest.</summary>
    ApicBase ReadBase(int cpu);

    /// <summary>Whether a CPU whose interrupts are enabled would take one now.</summary>
    bool HasInterrupt(int cpu);

    /// <summary>A CPU takes an interrupt: from the 8259 pair by an INTA cycle, or from its local APIC.</summary>
    /// <returns>The vector, 0 to 255; -1 if there is none to take.</returns>
    int Take(int cpu);
}
