namespace Wirq;

/// <summary>The registers of an interrupt system as CPUs reach them: by memory, port and MSR.</summary>
/// <remarks>A <see cref="Fabric"/> has them for one thread, a <see cref="Host.FabricHost"/> for many. Where the local APICs are a
/// kernel's, neither their page nor their MSRs are here.</remarks>
public interface ICpuAccesses
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
}
