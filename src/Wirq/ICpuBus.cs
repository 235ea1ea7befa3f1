namespace Wirq;

/// <summary>What CPUs reach of an interrupt system: its registers by memory, port, MSR and CR8, and the interrupts that
/// they take.</summary>
/// <remarks>A <see cref="Fabric"/> has it for one thread, a <see cref="Host.FabricHost"/> for many.</remarks>
public interface ICpuBus
{
    /// <summary>A CPU reads memory.</summary>
    /// <param name="cpu">Which.</param>
    /// <param name="address">Physical address.</param>
    /// <param name="size">Bytes: 1, 2, 4 or 8; other sizes reach nothing.</param>
    /// <param name="value">What it gets; 0 where the registers have nothing to say.</param>
    /// <returns>Whether the address is the interrupt system's.</returns>
    bool TryRead(int cpu, ulong address, int size, out ulong value);

    /// <summary>A CPU writes memory.</summary>
    /// <returns>Whether the address is the interrupt system's.</returns>
    /// <inheritdoc cref="TryRead" path="/param"/>
    bool TryWrite(int cpu, ulong address, int size, ulong value);

    /// <summary>A CPU reads a port.</summary>
    /// <param name="cpu">Which.</param>
    /// <param name="port">Port.</param>
    /// <param name="size">Bytes: 1, 2 or 4; wider accesses are split, as an ISA bridge does.</param>
    /// <param name="value">What it gets.</param>
    /// <returns>Whether the first port is the interrupt system's.</returns>
    bool TryReadPort(int cpu, ushort port, int size, out uint value);

    /// <summary>A CPU writes a port.</summary>
    /// <returns>Whether the first port is the interrupt system's.</returns>
    /// <inheritdoc cref="TryReadPort" path="/param"/>
    bool TryWritePort(int cpu, ushort port, int size, uint value);

    /// <summary>A CPU reads an MSR.</summary>
    MsrResult ReadMsr(int cpu, uint msr, out ulong value);

    /// <summary>A CPU writes an MSR.</summary>
    MsrResult WriteMsr(int cpu, uint msr, ulong value);

    /// <summary>A CPU reads CR8.</summary>
    byte ReadCr8(int cpu);

    /// <summary>A CPU writes CR8.</summary>
    /// <returns>False for <c>#GP(0)</c>.</returns>
    bool TryWriteCr8(int cpu, ulong value);

    /// <summary>IA32_APIC_BASE of a CPU, without an access by the guest.</summary>
    ApicBase ReadBase(int cpu);

    /// <summary>Whether a CPU whose interrupts are enabled would take one now.</summary>
    bool HasInterrupt(int cpu);

    /// <summary>A CPU takes an interrupt: from the 8259 pair by an INTA cycle, or from its local APIC.</summary>
    /// <returns>The vector, 0 to 255; -1 where there is nothing to take.</returns>
    int Take(int cpu);
}
