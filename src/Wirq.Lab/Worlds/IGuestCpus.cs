namespace Wirq.Lab.Worlds;

/// <summary>The CPUs of a world's guest: their accesses (<see cref="ICpuAccesses"/>), the interrupts that they take
/// (<see cref="ICpuInterrupts"/>), and the calls that CPUs outside a simulation need.</summary>
/// <remarks>
/// <para>A world decides what a CPU does and when, and keeps its handlers; CPUs carry it out, in order, before they
/// return. An access is one instruction of the guest: by memory, port, MSR or CR8.</para>
/// <para><see cref="ICpuInterrupts.Take"/>: a CPU whose interrupts are on takes one if it has one. It is then in the
/// handler with interrupts off, and returns the vector that the handler saw. It never takes an interrupt at any other
/// time.</para>
/// <para>A simulation has nothing to do for <see cref="SetInterrupts"/>, <see cref="Return"/> and
/// <see cref="Nmi"/>.</para>
/// </remarks>
internal interface IGuestCpus : ICpuAccesses, ICpuInterrupts, IDisposable
{
    /// <summary>STI or CLI.</summary>
    /// <param name="cpu">Which.</param>
    /// <param name="on">Whether interrupts are on from here.</param>
    void SetInterrupts(int cpu, bool on);

    /// <summary>IRET from the innermost handler that it is in: interrupts are on again, as they were before.</summary>
    /// <param name="cpu">Which.</param>
    void Return(int cpu);

    /// <summary>Runs an INTA cycle to the 8259s even if INTR is low, as a CPU does that saw INTR before it fell, and
    /// takes the vector. Its interrupts are on.</summary>
    /// <param name="cpu">Which.</param>
    /// <returns>The vector that its handler saw.</returns>
    int Inta(int cpu);

    /// <summary>Its local APIC signals an NMI; it takes it at once, and comes back.</summary>
    /// <param name="cpu">Which.</param>
    void Nmi(int cpu);
}
