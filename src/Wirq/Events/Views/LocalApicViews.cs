namespace Wirq.Events;

/// <summary>A local APIC set a vector pending.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Origin">The sender.</param>
/// <param name="Vector">8 bits.</param>
/// <param name="Level">Whether the interrupt is of a level: the bit that TMR gets.</param>
/// <param name="Merged">Whether the vector was already pending.</param>
public readonly record struct VectorAccepted(int Cpu, Origin Origin, byte Vector, bool Level, bool Merged)
    : IEventView<VectorAccepted>
{
    private const ulong LevelBit = 1, MergedBit = 1 << 1;

    /// <inheritdoc/>
    public static VectorAccepted Of(in Event e) =>
        new(e.Cpu, e.Origin, e.Vector, (e.B & LevelBit) != 0, (e.B & MergedBit) != 0);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(EventKind.VectorAccepted, (ushort)Cpu, Origin.Bits, Vector, (Level ? LevelBit : 0) | (Merged ? MergedBit : 0));
}

/// <summary>A CPU took a vector.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Vector">8 bits.</param>
/// <param name="By">What gave the vector.</param>
public readonly record struct VectorTaken(int Cpu, byte Vector, VectorGiver By) : IEventView<VectorTaken>
{
    /// <inheritdoc/>
    public static VectorTaken Of(in Event e) => new(e.Cpu, e.Vector, (VectorGiver)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VectorTaken, (ushort)Cpu, 0, Vector, (ulong)By);
}

/// <summary>A CPU signalled end of interrupt.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Vector">8 bits.</param>
/// <param name="Level">Whether it ended a level: the bit of TMR.</param>
/// <param name="Suppressed">Whether the broadcast was suppressed (SVR bit 12).</param>
public readonly record struct CpuEoi(int Cpu, byte Vector, bool Level, bool Suppressed) : IEventView<CpuEoi>
{
    private const ulong LevelBit = 1, SuppressedBit = 1 << 1;

    /// <inheritdoc/>
    public static CpuEoi Of(in Event e) => new(e.Cpu, e.Vector, (e.B & LevelBit) != 0, (e.B & SuppressedBit) != 0);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(EventKind.CpuEoi, (ushort)Cpu, 0, Vector, (Level ? LevelBit : 0) | (Suppressed ? SuppressedBit : 0));
}

/// <summary>Error bits were recorded.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Fresh">The bits of the ESR that were not there before.</param>
public readonly record struct ApicError(int Cpu, ErrorStatus Fresh) : IEventView<ApicError>
{
    /// <inheritdoc/>
    public static ApicError Of(in Event e) => new(e.Cpu, new ErrorStatus((byte)e.A));

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.ApicError, (ushort)Cpu, 0, Fresh.Bits);
}

/// <summary>A local APIC lost its pending and in-service vectors.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Cause">The cause.</param>
public readonly record struct ApicReset(int Cpu, ApicResetCause Cause) : IEventView<ApicReset>
{
    /// <inheritdoc/>
    public static ApicReset Of(in Event e) => new(e.Cpu, (ApicResetCause)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.ApicReset, (ushort)Cpu, 0, (ulong)Cause);
}

/// <summary>A local APIC timer expired.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Masked">Whether its entry was masked.</param>
public readonly record struct TimerExpired(int Cpu, bool Masked) : IEventView<TimerExpired>
{
    /// <inheritdoc/>
    public static TimerExpired Of(in Event e) => new(e.Cpu, e.A != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.TimerExpired, (ushort)Cpu, 0, Masked ? 1u : 0);
}

/// <summary>IA32_APIC_BASE changed.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Base">The new value.</param>
/// <param name="Before">The value before.</param>
public readonly record struct ApicBaseChanged(int Cpu, ApicBase Base, ApicBase Before) : IEventView<ApicBaseChanged>
{
    /// <inheritdoc/>
    public static ApicBaseChanged Of(in Event e) => new(e.Cpu, new ApicBase(e.A), new ApicBase(e.B));

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.ApicBaseChanged, (ushort)Cpu, 0, Base.Bits, Before.Bits);
}

/// <summary>The spurious-interrupt vector register changed.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Spurious">The new value.</param>
/// <param name="Before">The value before.</param>
public readonly record struct SpuriousVectorChanged(int Cpu, SpuriousVector Spurious, SpuriousVector Before)
    : IEventView<SpuriousVectorChanged>
{
    /// <inheritdoc/>
    public static SpuriousVectorChanged Of(in Event e) =>
        new(e.Cpu, new SpuriousVector((uint)e.A), new SpuriousVector((uint)e.B));

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.SpuriousVectorChanged, (ushort)Cpu, 0, Spurious.Bits, Before.Bits);
}

/// <summary>Effect. A vector's end of interrupt goes to all I/OAPICs.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Vector">8 bits.</param>
/// <param name="Edge">Whether it is the EOI of an edge: it ends nothing, but a profile may still broadcast it.</param>
internal readonly record struct EoiBroadcast(int Cpu, byte Vector, bool Edge) : IEventView<EoiBroadcast>
{
    /// <inheritdoc/>
    public static EoiBroadcast Of(in Event e) => new(e.Cpu, e.Vector, e.B != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.EoiBroadcast, (ushort)Cpu, 0, Vector, Edge ? 1u : 0);
}

/// <summary>What gave a CPU a vector that it took.</summary>
public enum VectorGiver : byte
{
    /// <summary>Its local APIC: the vector was pending there.</summary>
    LocalApic = 0,
    /// <summary>The 8259 pair, by an INTA cycle (ExtINT).</summary>
    Pic = 1,
    /// <summary>Its local APIC, with nothing pending any more: the spurious vector.</summary>
    Spurious = 2,
    /// <summary>The global callback vector of a Xen domain, which is in no local APIC.</summary>
    XenCallback = 3,
}

/// <summary>What cleared a local APIC.</summary>
public enum ApicResetCause : byte
{
    /// <summary>Nothing that is known.</summary>
    None = 0,
    /// <summary>An INIT.</summary>
    Init = 1,
    /// <summary>IA32_APIC_BASE bit 11 was cleared.</summary>
    HardwareDisable = 2,
    /// <summary>A reset of the machine.</summary>
    Reset = 3,
}
