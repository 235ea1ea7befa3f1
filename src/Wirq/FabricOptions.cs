using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq;

/// <summary>How a machine's interrupt system is built.</summary>
public sealed record FabricOptions
{
    /// <summary>The local APICs.</summary>
    public LocalApicOptions LocalApics { get; init; } = new();
    /// <summary>The I/OAPICs, in the order of their numbers; at most 64.</summary>
    public IReadOnlyList<IoApicOptions> IoApics { get; init; } = [new()];
    /// <summary>The 8259 pair; null for a machine without.</summary>
    public PicOptions? Pic { get; init; } = new();
    /// <summary>ISA IRQs whose GSI is not their own number.</summary>
    public IReadOnlyDictionary<int, int> IsaOverrides { get; init; } = new Dictionary<int, int> { [0] = 2 };
    /// <summary>Whether INTR of the 8259 pair is also wired to pin 0 of the first I/OAPIC (MultiProcessor
    /// Specification 1.4, 3.6.2.2), which then takes ExtINT there.</summary>
    public bool IntrAtPinZero { get; init; } = true;
    /// <summary>How destinations stand in the address of a message.</summary>
    public MsiFormat Format { get; init; } = MsiFormat.ExtendedDestination;
    /// <summary>How many sources fit at the same time.</summary>
    public int Sources { get; init; } = 256;
    /// <summary>The remapping unit that all messages of devices and I/OAPICs go through; null for none.</summary>
    public VtdOptions? Vtd { get; init; }
    /// <summary>How virqs are served; null for a machine without.</summary>
    public RoutingOptions? Routing { get; init; }
    /// <summary>Whether a CPU takes its local APIC's vectors before those of the 8259. In no profile it does: KVM lets
    /// the 8259 go first, and so does QEMU (a log of QEMU 7.2 with <c>-d int</c> shows INTA cycles while the local APIC
    /// had a vector to take).</summary>
    public bool LocalApicFirst { get; init; }

    /// <summary>A PC: <paramref name="cpus"/> local APICs, one I/OAPIC of 24 pins and the 8259 pair.</summary>
    /// <param name="cpus">How many CPUs.</param>
    /// <param name="profile">Whose behaviour all its chips show.</param>
    /// <param name="ack">When holders of a level line hear of its acknowledge.</param>
    public static FabricOptions Pc(int cpus = 1, Profile profile = Profile.Manual, AckPolicy ack = AckPolicy.Done) => new()
    {
        LocalApics = new() { Count = cpus, Profile = profile },
        IoApics = [new() { Profile = profile, Ack = ack, Version = profile == Profile.Kvm ? (byte)0x11 : (byte)0x20 }],
        Pic = new() { Profile = profile, Ack = ack },
        // Neither QEMU nor KVM has that wire.
        IntrAtPinZero = profile == Profile.Manual,
    };
}
