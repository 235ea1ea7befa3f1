namespace Wirq;

/// <summary>How an I/OAPIC is built.</summary>
public sealed record IoApicOptions
{
    /// <summary>The most pins that the 8-bit register index can address: 0x10 to 0xFF in pairs.</summary>
    public const int MaxPins = 120;
    /// <summary>The address of the registers of a PC's first I/OAPIC.</summary>
    public const ulong DefaultAddress = 0xFEC00000;

    internal const int MaxStormLimit = 1_000_000;

    private const int MaxId = 15;

    /// <summary>Input pins, 1 to <see cref="MaxPins"/>.</summary>
    public int Pins { get; init; } = 24;
    /// <summary>The GSI of pin 0, from 0 on; the last pin's is below <see cref="FabricOptions.MaxGsis"/>.</summary>
    public int GsiBase { get; init; }
    /// <summary>Physical address of its registers, a multiple of 0x1000 that the CPUs can reach
    /// (<see cref="LocalApicOptions.PhysicalAddressBits"/>). No other registers may be in this page, and it must be
    /// outside the interrupt window (<see cref="MsiAddress.WindowBegin"/>).</summary>
    public ulong Address { get; init; } = DefaultAddress;
    /// <summary>APIC id after reset, 0 to 15.</summary>
    public byte Id { get; init; }
    /// <summary>Bus, device and function of its messages, as a remapping unit sees them (the enumeration id of its
    /// device scope, VT-d specification 8.3.1).</summary>
    public ushort Requester { get; init; } = 0xFF00;
    /// <summary>Version register: 0x11 (82093AA) or 0x20, which has the EOI register at offset 0x40.</summary>
    public byte Version { get; init; } = 0x20;
    /// <summary>Whether bits 55:48 of an entry exist: 15-bit destinations and the remappable format.</summary>
    public bool WideEntries { get; init; } = true;
    /// <summary>The profile of its behaviour.</summary>
    public Profile Profile { get; init; } = Profile.Manual;
    /// <summary>When the holders of a level line get its acknowledge.</summary>
    public AckPolicy Ack { get; init; } = AckPolicy.Done;
    /// <summary>Consecutive EOIs that may find a line still asserted before the storm brake holds the next redelivery;
    /// 0 for no brake. At most 1,000,000.</summary>
    public int StormLimit { get; init; } = 10_000;
    /// <summary>How long the storm brake holds, in nanoseconds of virtual time: 0 to 1000 s.</summary>
    public long StormDelay { get; init; } = 10_000_000;

    /// <summary>Throws if no I/OAPIC can be built from these options.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole, LocalApicOptions.MaxPhysicalAddressBits);

    internal void Validate(OptionCheck check, int physicalAddressBits)
    {
        check.Range(Pins, 1, MaxPins);
        check.Range(GsiBase, 0, FabricOptions.MaxGsis - Pins);
        check.Page(Address, physicalAddressBits);
        check.Range(Id, 0, MaxId);
        check.That(Version is 0x11 or 0x20, $"0x{Version:x}", "0x11 or 0x20", nameof(Version));
        check.Defined(Profile);
        check.Defined(Ack);
        check.Range(StormLimit, 0, MaxStormLimit);
        check.Range(StormDelay, 0, OptionCheck.MaxDelay);
    }
}
