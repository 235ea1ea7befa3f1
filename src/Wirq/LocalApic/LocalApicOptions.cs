namespace Wirq;

/// <summary>How the local APICs of a machine are built.</summary>
public sealed record LocalApicOptions
{
    /// <summary>The most local APICs of a machine.</summary>
    public const int MaxCount = 4096;
    /// <summary>The widest physical addresses, in bits.</summary>
    internal const int MaxPhysicalAddressBits = 52;

    private const int MinPhysicalAddressBits = 32;
    private const long MinHz = 1_000, MaxHz = 1_000_000_000_000;

    /// <summary>Local APICs, 1 to <see cref="MaxCount"/>; CPU n has APIC id n unless <see cref="Ids"/> says otherwise. CPU 0 is the
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
    /// <summary>Whether a profile's messages name destinations of 32 bits (<c>KVM_X2APIC_API_USE_32BIT_IDS</c>): of several
    /// local APICs with one id only the first is found.</summary>
    public bool WideIds { get; init; }
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

    /// <summary>Whether somebody else keeps the timers: an access lets none expire that is due.</summary>
    internal bool ExternalTimers { get; init; }

    /// <summary>Throws where no local APICs can be built so.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole);

    internal void Validate(OptionCheck check)
    {
        check.Range(Count, 1, MaxCount);
        check.Defined(Profile);
        check.Range(BusHz, MinHz, MaxHz);
        check.Range(TscHz, MinHz, MaxHz);
        check.Range(PhysicalAddressBits, MinPhysicalAddressBits, MaxPhysicalAddressBits);
        CheckIds(check, Ids, Count, nameof(Ids));
    }

    internal static void CheckIds(OptionCheck check, IReadOnlyList<uint>? ids, int cpus, string name)
    {
        if (ids is null)
            return;
        check.That(ids.Count == cpus, $"a list of {ids.Count}", $"an id for each of {cpus} CPUs", name);
        var seen = new HashSet<uint>(cpus);
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            string field = $"{name}[{cpu}]";
            check.That(ids[cpu] != uint.MaxValue, "0xffffffff", "an APIC id, 0 to 0xfffffffe; all ones is the broadcast", field);
            check.That(seen.Add(ids[cpu]), $"0x{ids[cpu]:x}", "an id of its own; another CPU has this one", field);
        }
    }
}
