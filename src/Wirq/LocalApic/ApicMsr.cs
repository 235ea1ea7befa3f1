namespace Wirq;

/// <summary>The model-specific registers (MSRs) of a local APIC.</summary>
public static class ApicMsr
{
    /// <summary>IA32_APIC_BASE, <see cref="ApicBase"/> (Intel SDM vol. 3, 11.4.4).</summary>
    public const uint Base = 0x1B;
    /// <summary>IA32_TSC_DEADLINE (Intel SDM vol. 3, 11.5.4.1).</summary>
    public const uint TscDeadline = 0x6E0;
    /// <summary>The first and the last MSR of the range that x2APIC mode has for registers (Intel SDM vol. 3, 11.12.1.2).</summary>
    public const uint FirstX2Apic = 0x800, LastX2Apic = 0x8FF;

    /// <summary>Whether an MSR lies in the range of x2APIC mode, whether there is a register or not.</summary>
    public static bool IsX2Apic(uint msr) => msr is >= FirstX2Apic and <= LastX2Apic;

    /// <summary>The MSR of a register in x2APIC mode (Intel SDM vol. 3, table 11-6).</summary>
    public static uint Of(ApicRegister register) => FirstX2Apic + (uint)register / LocalApics.RegisterStride;

    /// <summary>The register of an MSR for which <see cref="IsX2Apic"/> holds.</summary>
    public static ApicRegister RegisterOf(uint msr) => (ApicRegister)((msr - FirstX2Apic) * LocalApics.RegisterStride);
}
