namespace Wirq;

/// <summary>How the timer of a local APIC runs (Intel SDM vol. 3, table 11-2).</summary>
internal enum ApicTimerMode : byte
{
    /// <summary>Counts down once.</summary>
    OneShot,
    /// <summary>Counts down again and again.</summary>
    Periodic,
    /// <summary>Waits for the TSC to reach IA32_TSC_DEADLINE.</summary>
    TscDeadline,
    /// <summary>Reserved; nothing runs.</summary>
    Reserved,
}

/// <summary>One entry of the local vector table, LVT.</summary>
/// <remarks><code>
///  31   19 18  17   16    15    14     13    12    11 10  8 7      0
/// +-------+-------+------+-----+------+-----+------+--+----+--------+
/// |   0   | timer | mask |level| RIRR | low |status| 0|mode| vector |
/// +-------+-------+------+-----+------+-----+------+--+----+--------+
/// </code>Timer mode exists only in the timer's entry; level, RIRR and low (pin polarity) only in the entries of LINT0
/// and LINT1; mode in all but the timer's and the error entry. RIRR (Remote IRR) and status are read-only; status
/// always reads idle, because delivery takes no time. Intel SDM vol. 3, 11.5.1, figure 11-8.</remarks>
internal readonly record struct LocalVectorEntry(uint Bits)
{
    private const int ModeShift = 8, TimerShift = 17;
    private const uint StatusBit = 1 << 12, ActiveLowBit = 1 << 13, RemoteIrrBit = 1 << 14, LevelBit = 1 << 15,
        MaskBit = 1 << 16, PeriodicBit = 1 << 17, DeadlineBit = 1 << 18, ModeBits = 7 << ModeShift;

    /// <summary>The value after reset and INIT: masked, the rest zero.</summary>
    public static LocalVectorEntry Reset => new(MaskBit);
    /// <summary>Unmasked ExtINT, as KVM leaves LINT0 of the bootstrap processor.</summary>
    public static LocalVectorEntry OpenExtInt => new((uint)DeliveryMode.ExtInt << ModeShift);
    /// <summary>Bits of an entry that software can write.</summary>
    public static uint Writable(LocalVector entry, bool tscDeadline) => entry switch
    {
        LocalVector.Timer => 0xFF | MaskBit | PeriodicBit | (tscDeadline ? DeadlineBit : 0),
        LocalVector.Lint0 or LocalVector.Lint1 => 0xFF | ModeBits | ActiveLowBit | LevelBit | MaskBit,
        LocalVector.Error => 0xFF | MaskBit,
        _ => 0xFF | ModeBits | MaskBit,
    };

    /// <summary>Bits that raise #GP when written in x2APIC mode: neither writable nor read-only.</summary>
    public static uint ReservedX2Apic(LocalVector entry, bool tscDeadline) => ~(Writable(entry, tscDeadline) | StatusBit
        | (entry is LocalVector.Lint0 or LocalVector.Lint1 ? RemoteIrrBit : 0));

    /// <summary>Composes an entry of LINT0, LINT1 or a sensor.</summary>
    public static LocalVectorEntry Create(byte vector, DeliveryMode mode = DeliveryMode.Fixed, bool level = false,
        bool activeLow = false, bool masked = false) => new(vector | (uint)mode << ModeShift | (level ? LevelBit : 0)
            | (activeLow ? ActiveLowBit : 0) | (masked ? MaskBit : 0));

    /// <summary>Composes the entry of the timer.</summary>
    public static LocalVectorEntry Timer(byte vector, ApicTimerMode mode = ApicTimerMode.OneShot,
        bool masked = false) => new(vector | (uint)mode << TimerShift | (masked ? MaskBit : 0));

    /// <summary>The vector.</summary>
    public byte Vector => (byte)Bits;
    /// <summary>Delivery mode.</summary>
    public DeliveryMode Mode => (DeliveryMode)(Bits >> ModeShift & 7);
    /// <summary>Mode of the timer.</summary>
    public ApicTimerMode TimerMode => (ApicTimerMode)(Bits >> TimerShift & 3);
    /// <summary>Bit 17 alone, independent of bit 18.</summary>
    internal bool PeriodicBitSet => (Bits & PeriodicBit) != 0;
    /// <summary>Pin polarity: true for active low.</summary>
    public bool ActiveLow => (Bits & ActiveLowBit) != 0;
    /// <summary>Whether a level interrupt of this entry was accepted and not yet ended.</summary>
    public bool RemoteIrr => (Bits & RemoteIrrBit) != 0;
    /// <summary>Trigger mode: true for level. It counts only in Fixed mode.</summary>
    public bool Level => (Bits & LevelBit) != 0;
    /// <summary>Whether it is masked.</summary>
    public bool Masked => (Bits & MaskBit) != 0;

    /// <summary>This entry masked.</summary>
    public LocalVectorEntry WithMask() => new(Bits | MaskBit);
    /// <summary>This entry with Remote IRR set or clear.</summary>
    public LocalVectorEntry WithRemoteIrr(bool set) => new(set ? Bits | RemoteIrrBit : Bits & ~RemoteIrrBit);
    /// <summary>This entry with the bits of <paramref name="mask"/> taken from <paramref name="written"/>.</summary>
    public LocalVectorEntry Write(uint written, uint mask) => new(Bits & ~mask | written & mask);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Mode} 0x{Vector:x2}{(Level ? " level" : "")}{(ActiveLow ? " active-low" : "")}"
        + $"{(RemoteIrr ? " RIRR" : "")}{(Masked ? " masked" : "")}";
}
