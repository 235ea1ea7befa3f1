namespace Wirq;

/// <summary>The entries of the local vector table, in the order of their register offsets (Intel SDM vol. 3,
/// 11.5.1).</summary>
public enum LocalVector
{
    /// <summary>Corrected machine check, offset 0x2F0.</summary>
    Cmci,
    /// <summary>Timer, offset 0x320.</summary>
    Timer,
    /// <summary>Thermal sensor, offset 0x330.</summary>
    Thermal,
    /// <summary>Performance counters, offset 0x340.</summary>
    Performance,
    /// <summary>Pin LINT0, offset 0x350; the 8259's INTR is wired to it.</summary>
    Lint0,
    /// <summary>Pin LINT1, offset 0x360; NMI is wired to it.</summary>
    Lint1,
    /// <summary>APIC error, offset 0x370.</summary>
    Error,
}
