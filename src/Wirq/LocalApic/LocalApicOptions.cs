namespace Wirq;

/// <summary>How the local APICs of a machine are built.</summary>
public sealed record LocalApicOptions
{
    /// <summary>The highest number of local APICs of a machine.</summary>
    public const int MaxCount = 4096;
    /// <summary>The highest number of physical address bits.</summary>
    internal const int MaxPhysicalAddressBits = 52;

    private const int MinPhysicalAddressBits = 32;
    private const long MinHz = 1_000, MaxHz = 1_000_000_000_000;

    /// <summary>The number of local APICs, 1 to <see cref="MaxCount"/>. CPU n has APIC id n, unless <see cref="Ids"/>
    /// gives it another id. CPU 0 is the bootstrap processor.</summary>
    public int Count { get; init; } = 1;
    /// <summary>APIC ids by CPU number. All are different, and all are below 0xFFFFFFFF. Null for 0, 1, 2, …</summary>
    public IReadOnlyList<uint>? Ids { get; init; }
    /// <summary>The implementation whose behaviour they show.</summary>
    public Profile Profile { get; init; } = Profile.Manual;
    /// <summary>Whether x2APIC mode exists (CPUID.01H:ECX[21]).</summary>
    public bool X2Apic { get; init; } = true;
    /// <summary>Whether the TSC-deadline mode of the timer exists (CPUID.01H:ECX[24]).</summary>
    public bool TscDeadline { get; init; } = true;
    /// <summary>Whether bit 24 of the version register advertises EOI-broadcast suppression (Intel SDM vol. 3, 11.8.5).
    /// If it is advertised, it works; if not, it does not.</summary>
    public bool SuppressEoiBroadcast { get; init; } = true;
    /// <summary>Whether the byte broadcast of a profile reaches local APICs in x2APIC mode: destination 0xFF addresses
    /// them too. False is <c>KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK</c>.</summary>
    public bool ByteBroadcastQuirk { get; init; } = true;
    /// <summary>Whether messages of a profile have 32-bit destinations (<c>KVM_X2APIC_API_USE_32BIT_IDS</c>). If
    /// several local APICs then have one id, only the first of them is found.</summary>
    public bool WideIds { get; init; }
    /// <summary>Whether the CMCI entry of the LVT exists.</summary>
    public bool Cmci { get; init; } = true;
    /// <summary>Whether a write to the ICR can send in LowestPriority mode. The SDM leaves this to the processor model.
    /// If it cannot, the attempt sets bit 4 of the ESR (Intel SDM vol. 3, 11.5.3 and 11.6.1).</summary>
    public bool LowestPriorityIpi { get; init; } = true;
    /// <summary>Frequency of the timer's bus clock before division, in Hz; 1 kHz to 1 THz.</summary>
    public long BusHz { get; init; } = 1_000_000_000;
    /// <summary>Frequency of the TSC, in Hz; 1 kHz to 1 THz. The TSC is 0 at virtual time 0.</summary>
    public long TscHz { get; init; } = 1_000_000_000;
    /// <summary>Number of physical address bits (MAXPHYADDR), 32 to 52. It determines the reserved bits of
    /// IA32_APIC_BASE.</summary>
    public int PhysicalAddressBits { get; init; } = 46;

    /// <summary>Whether other code keeps the timers. If so, an access to a register does not let a due timer
    /// expire.</summary>
    internal bool ExternalTimers { get; init; }

    /// <summary>Throws if local APICs cannot be built with these options.</summary>
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
