namespace Wirq.Host;

/// <summary>What the local APICs of a fabric send to its CPUs.</summary>
public interface ICpuPort
{
    /// <summary>A CPU has an interrupt that it did not have before: kick it out of its guest, or wake it.</summary>
    /// <param name="cpu">The CPU.</param>
    void Interrupt(int cpu);

    /// <summary>A CPU gets an NMI.</summary>
    /// <param name="cpu">The CPU.</param>
    void Nmi(int cpu);

    /// <summary>A CPU gets an SMI.</summary>
    /// <param name="cpu">The CPU.</param>
    void Smi(int cpu);

    /// <summary>A CPU gets an INIT. Its local APIC has been reset already.</summary>
    /// <param name="cpu">The CPU.</param>
    void Init(int cpu);

    /// <summary>A CPU gets a start-up IPI.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="vector">The page number of its first instruction.</param>
    void StartUp(int cpu, byte vector);
}
