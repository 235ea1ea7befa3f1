namespace Wirq;

/// <summary>How the local APICs of a machine are built.</summary>
public sealed record LocalApicOptions
{
    /// <summary>Local APICs, 1 to 4096; CPU n has APIC id n unless <see cref="Ids"/> says otherwise.</summary>
    public int Count { get; init; } = 1;
    /// <summary>APIC ids by CPU; null for 0, 1, 2, …</summary>
    public IReadOnlyList<uint>? Ids { get; init; }
    /// <summary>Whose behaviour they show.</summary>
    public Profile Profile { get; init; } = Profile.Manual;
    /// <summary>Whether x2APIC mode exists (CPUID.01H:ECX[21]).</summary>
    public bool X2Apic { get; init; } = true;
    /// <summary>Whether the TSC-deadline mode of the timer exists (CPUID.01H:ECX[24]).</summary>
    public bool TscDeadline { get; init; } = true;
    /// <summary>Whether version bit 24 advertises EOI-broadcast suppression; honoured exactly when advertised.</summary>
    public bool SuppressEoiBroadcast { get; init; } = true;
    /// <summary>Whether the CMCI entry of the LVT exists.</summary>
    public bool Cmci { get; init; } = true;
    /// <summary>Frequency of the timer's bus clock before division, in Hz.</summary>
    public long BusHz { get; init; } = 1_000_000_000;
    /// <summary>Frequency of the TSC, in Hz; it is 0 at virtual time 0.</summary>
    public long TscHz { get; init; } = 1_000_000_000;
    /// <summary>Physical address bits (MAXPHYADDR), for the reserved bits of IA32_APIC_BASE.</summary>
    public int PhysicalAddressBits { get; init; } = 46;
}
