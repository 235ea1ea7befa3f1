namespace Wirq;

/// <summary>How the local APICs of a machine are built.</summary>
public sealed record LocalApicOptions
{
    /// <summary>Local APICs, 1 to 4096; CPU n has APIC id n unless <see cref="Ids"/> says otherwise. CPU 0 is the
    /// bootstrap processor.</summary>
    public int Count { get; init; } = 1;
    /// <summary>APIC ids by CPU, all different, below 0xFFFFFFFF; null for 0, 1, 2, …</summary>
    public IReadOnlyList<uint>? Ids { get; init; }
    /// <summary>Whose behaviour they show.</summary>
    public Profile Profile { get; init; } = Profile.Manual;
    /// <summary>Whether x2APIC mode exists (CPUID.01H:ECX[21]).</summary>
    public bool X2Apic { get; init; } = true;
    /// <summary>Whether the TSC-deadline mode of the timer exists (CPUID.01H:ECX[24]).</summary>
    public bool TscDeadline { get; init; } = true;
    /// <summary>Whether version bit 24 advertises EOI-broadcast suppression; honoured exactly when
    /// advertised.</summary>
    public bool SuppressEoiBroadcast { get; init; } = true;
    /// <summary>Whether a profile's 0xFF that reaches x2APIC mode too stays so; false is
    /// <c>KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK</c>.</summary>
    public bool ByteBroadcastQuirk { get; init; } = true;
    /// <summary>Whether the CMCI entry of the LVT exists.</summary>
    public bool Cmci { get; init; } = true;
    /// <summary>Whether an ICR can send in LowestPriority mode, which the SDM leaves to the model; where it cannot, the
    /// attempt sets bit 4 of the ESR (Intel SDM vol. 3, 11.5.3 and 11.6.1).</summary>
    public bool LowestPriorityIpi { get; init; } = true;
    /// <summary>Frequency of the timer's bus clock before division, in Hz: 1 kHz to 1 THz.</summary>
    public long BusHz { get; init; } = 1_000_000_000;
    /// <summary>Frequency of the TSC, in Hz: 1 kHz to 1 THz; it is 0 at virtual time 0.</summary>
    public long TscHz { get; init; } = 1_000_000_000;
    /// <summary>Physical address bits (MAXPHYADDR), 32 to 52, for the reserved bits of IA32_APIC_BASE.</summary>
    public int PhysicalAddressBits { get; init; } = 46;

    /// <summary>Throws where a machine cannot be built so.</summary>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Count, 1, nameof(Count));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Count, 4096, nameof(Count));
        ArgumentOutOfRangeException.ThrowIfLessThan(BusHz, 1_000, nameof(BusHz));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BusHz, 1_000_000_000_000, nameof(BusHz));
        ArgumentOutOfRangeException.ThrowIfLessThan(TscHz, 1_000, nameof(TscHz));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(TscHz, 1_000_000_000_000, nameof(TscHz));
        ArgumentOutOfRangeException.ThrowIfLessThan(PhysicalAddressBits, 32, nameof(PhysicalAddressBits));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PhysicalAddressBits, 52, nameof(PhysicalAddressBits));
        if (Ids is null)
            return;
        if (Ids.Count != Count)
            throw new ArgumentException($"{Ids.Count} ids for {Count} local APICs", nameof(Ids));
        if (Ids.Contains(uint.MaxValue))
            throw new ArgumentException("0xFFFFFFFF is the broadcast, not an id", nameof(Ids));
        if (Ids.Distinct().Count() != Count)
            throw new ArgumentException("two local APICs have the same id", nameof(Ids));
    }
}
