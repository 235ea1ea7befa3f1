namespace Wirq;

/// <summary>The registers of an interrupt system as CPUs access them: by memory, port and MSR.</summary>
/// <remarks>A <see cref="Fabric"/> implements it for one thread, a <see cref="Host.FabricHost"/> for many. If the local
/// APICs are in a kernel, neither their page nor their MSRs are here.</remarks>
public interface ICpuAccesses
{
    /// <summary>A CPU reads memory.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="address">Physical address.</param>
    /// <param name="size">Bytes: 1, 2, 4 or 8; other sizes reach no register.</param>
    /// <param name="value">The value that it reads; 0 if no register answers.</param>
    /// <returns>Whether the address belongs to the interrupt system.</returns>
    bool TryRead(int cpu, ulong address, int size, out ulong value);

    /// <summary>A CPU writes memory.</summary>
    /// <returns>Whether the address belongs to the interrupt system.</returns>
    /// <inheritdoc cref="TryRead" path="/param"/>
    bool TryWrite(int cpu, ulong address, int size, ulong value);

    /// <summary>A CPU reads a port.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="port">Port.</param>
    /// <param name="size">Bytes: 1, 2 or 4; wider accesses are split, as an ISA bridge does.</param>
    /// <param name="value">The value that it reads.</param>
    /// <returns>Whether the first port belongs to the interrupt system.</returns>
    bool TryReadPort(int cpu, ushort port, int size, out uint value);

    /// <summary>A CPU writes a port.</summary>
    /// <returns>Whether the first port belongs to the interrupt system.</returns>
    /// <inheritdoc cref="TryReadPort" path="/param"/>
    bool TryWritePort(int cpu, ushort port, int size, uint value);

    /// <summary>A CPU reads an MSR.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="msr">The number of the MSR.</param>
    /// <param name="value">The value that it reads, 64 bits.</param>
    MsrResult ReadMsr(int cpu, uint msr, out ulong value);

    /// <summary>A CPU writes an MSR.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="msr">The number of the MSR.</param>
    /// <param name="value">The value that it writes, 64 bits.</param>
    MsrResult WriteMsr(int cpu, uint msr, ulong value);
}
