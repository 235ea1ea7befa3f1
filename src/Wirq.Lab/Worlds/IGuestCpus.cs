namespace Wirq.Lab.Worlds;

/// <summary>The CPUs of a world's guest: their accesses (<see cref="ICpuAccesses"/>), the interrupts that they take
/// (<see cref="ICpuInterrupts"/>), and the calls that CPUs outside a simulation need.</summary>
/// <remarks>
/// <para>A world decides what a CPU does and when, and keeps its handlers. CPUs carry this out, in order, before the
/// call returns. An access is one instruction of the guest: by memory, port, MSR or CR8.</para>
/// <para><see cref="ICpuInterrupts.Take"/>: a CPU whose interrupts are on takes an interrupt if it has one. It is then
/// in the handler with interrupts off, and the call returns the vector of the handler. It never takes an interrupt at
/// another time.</para>
/// <para>A simulation has nothing to do for <see cref="SetInterrupts"/>, <see cref="Return"/> and
/// <see cref="Nmi"/>.</para>
/// </remarks>
internal interface IGuestCpus : ICpuAccesses, ICpuInterrupts, IDisposable
{
    /// <summary>STI or CLI.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="on">Whether interrupts are on after this.</param>
    void SetInterrupts(int cpu, bool on);

    /// <summary>IRET from the innermost handler: interrupts are on again, as before the handler.</summary>
    /// <param name="cpu">The CPU.</param>
    void Return(int cpu);

    /// <summary>Runs an INTA cycle to the 8259s even if INTR is low, like a CPU that saw INTR before it fell, and takes
    /// the vector. Its interrupts are on.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <returns>The vector of its handler.</returns>
    int Inta(int cpu);

    /// <summary>The CPU takes an NMI of its local APIC at once, and returns from it.</summary>
    /// <param name="cpu">The CPU.</param>
    void Nmi(int cpu);
}
