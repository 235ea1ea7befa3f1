namespace Wirq;

/// <summary>How an I/OAPIC is built.</summary>
public sealed record IoApicOptions
{
    /// <summary>The most pins that the 8-bit register index can name: 0x10 to 0xFF in pairs.</summary>
    public const int MaxPins = 120;

    /// <summary>Input pins, 1 to <see cref="MaxPins"/>.</summary>
    public int Pins { get; init; } = 24;
    /// <summary>The GSI of pin 0.</summary>
    public int GsiBase { get; init; }
    /// <summary>Physical address of its registers, a multiple of 0x1000.</summary>
    public ulong Address { get; init; } = 0xFEC00000;
    /// <summary>APIC id after reset, 0 to 15.</summary>
    public byte Id { get; init; }
    /// <summary>Bus, device and function that its messages bear, as a remapping unit sees them (the enumeration id of its
    /// device scope, VT-d specification 8.3.1).</summary>
    public ushort Requester { get; init; } = 0xFF00;
    /// <summary>Version register: 0x11 (82093AA) or 0x20, which has the EOI register at offset 0x40.</summary>
    public byte Version { get; init; } = 0x20;
    /// <summary>Whether bits 55:48 of an entry exist: 15-bit destinations and the remappable format.</summary>
    public bool WideEntries { get; init; } = true;
    /// <summary>Whose behaviour it shows.</summary>
    public Profile Profile { get; init; } = Profile.Manual;
    /// <summary>When the holders of a level line hear of its acknowledge.</summary>
    public AckPolicy Ack { get; init; } = AckPolicy.Done;
    /// <summary>Consecutive EOIs that may find a line still asserted before the storm brake holds the next redelivery;
    /// 0 for no brake. At most 1,000,000.</summary>
    public int StormLimit { get; init; } = 10_000;
    /// <summary>How long the storm brake holds, in nanoseconds of virtual time.</summary>
    public long StormDelay { get; init; } = 10_000_000;

    internal IoApicOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Pins, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Pins, MaxPins);
        ArgumentOutOfRangeException.ThrowIfNegative(GsiBase);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Id, 15);
        ArgumentOutOfRangeException.ThrowIfNegative(StormLimit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(StormLimit, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfNegative(StormDelay);
        if (Version is not (0x11 or 0x20))
            throw new ArgumentOutOfRangeException(nameof(Version), Version, "an I/OAPIC is of version 0x11 or 0x20");
        if (Address % 0x1000 != 0)
            throw new ArgumentOutOfRangeException(nameof(Address), Address, "the registers stand at a multiple of 0x1000");
        return this;
    }
}
