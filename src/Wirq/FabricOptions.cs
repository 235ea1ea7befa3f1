using System.Text.Json.Serialization;
using Wirq.HostIrq;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Xen;

namespace Wirq;

/// <summary>How a machine's interrupt system is built.</summary>
public sealed partial record FabricOptions
{
    /// <summary>The most I/OAPICs of a machine.</summary>
    public const int MaxIoApics = 64;
    /// <summary>The most GSIs of a machine: as many as Linux has routes for.</summary>
    public const int MaxGsis = 4096;
    /// <summary>The most sources of a machine.</summary>
    public const int MaxSources = SourceState.None - 1;
    /// <summary>The most remapping units of a machine.</summary>
    public const int MaxRemappers = RouteCookie.MaxUnit + 1;

    /// <summary>The most lines of <see cref="OneshotLines"/>.</summary>
    public const int MaxOneshotLines = 64;

    /// <summary>The local APICs.</summary>
    public LocalApicOptions LocalApics { get; init; } = new();
    /// <summary>The I/OAPICs, in the order of their numbers; at most <see cref="MaxIoApics"/>. Each has its own GSIs
    /// and its own page of registers.</summary>
    public IReadOnlyList<IoApicOptions> IoApics { get; init; } = [new()];
    /// <summary>The 8259 pair; null for a machine without.</summary>
    public PicOptions? Pic { get; init; } = new();
    /// <summary>ISA IRQs, 0 to 15, whose GSI is not their own number. The GSI must exist in the machine: a pin of an
    /// I/OAPIC, or below 16. If there is an 8259 pair, no two IRQs lead to one GSI. IRQ 2 is the cascade of the slave
    /// and leads to no GSI.</summary>
    public IReadOnlyDictionary<int, int> IsaOverrides { get; init; } = new Dictionary<int, int> { [0] = 2 };
    /// <summary>Whether INTR of the 8259 pair is also wired to pin 0 of the first I/OAPIC (MultiProcessor
    /// Specification 1.4, 3.6.2.2), which then takes ExtINT there.</summary>
    public bool IntrAtPinZero { get; init; } = true;
    /// <summary>How a message address carries the destination.</summary>
    public MsiFormat Format { get; init; } = MsiFormat.ExtendedDestination;
    /// <summary>The maximum number of sources at the same time, 1 to <see cref="MaxSources"/>.</summary>
    public int Sources { get; init; } = 256;
    /// <summary>A VT-d remapping unit, the first unit of the machine; null for none. Without a
    /// <see cref="VtdOptions.Scope"/> it remaps the messages of all devices and I/OAPICs that are in no other unit's
    /// scope.</summary>
    public VtdOptions? Vtd { get; init; }
    /// <summary>The remapping units that follow <see cref="Vtd"/>, if there is one, in the order of their numbers; at
    /// most <see cref="MaxRemappers"/> in all. The first unit whose scope contains a requester remaps its messages. If
    /// no scope contains the requester, the first unit without a scope does.</summary>
    /// <remarks>The header of a recording contains the values of <see cref="IRemapperOptions"/> of each unit, but not
    /// how the unit is built.</remarks>
    [JsonIgnore]
    public IReadOnlyList<IRemapperOptions> Remappers { get; init; } = [];
    /// <summary>How virqs are served; null for a machine without.</summary>
    public RoutingOptions? Routing { get; init; }
    /// <summary>The part of the machine that makes it an HVM domain of a Xen hypervisor; null for none.</summary>
    public XenOptions? Xen { get; init; }
    /// <summary>Lines of the host below whose devices need ONESHOT, for the law <c>OneshotHeld</c>: at most
    /// <see cref="MaxOneshotLines"/>, each below <see cref="HostIrqOptions.MaxLines"/>; null for none.</summary>
    /// <remarks>They are no part of the machine, nor of its snapshots.</remarks>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? OneshotLines { get; init; }
    /// <summary>Whether a CPU takes its local APIC's vectors before those of the 8259. False in every profile: KVM
    /// takes the 8259's vector first, and so does QEMU (a log of QEMU 7.2 with <c>-d int</c> shows INTA cycles while
    /// the local APIC had a vector to take).</summary>
    public bool LocalApicFirst { get; init; }

    /// <summary>All remapping units, in the order of their numbers.</summary>
    [JsonIgnore]
    public IReadOnlyList<IRemapperOptions> AllRemappers => Vtd is null ? Remappers : [Vtd, .. Remappers];

    /// <summary>A PC: <paramref name="cpus"/> local APICs, one I/OAPIC of 24 pins and the 8259 pair.</summary>
    /// <param name="cpus">How many CPUs.</param>
    /// <param name="profile">The behaviour of all its chips.</param>
    /// <param name="ack">When holders of a level line get its acknowledge.</param>
    public static FabricOptions Pc(int cpus = 1, Profile profile = Profile.Manual, AckPolicy ack = AckPolicy.Done) => new()
    {
        LocalApics = new() { Count = cpus, Profile = profile },
        IoApics = [new() { Profile = profile, Ack = ack, Version = profile == Profile.Kvm ? (byte)0x11 : (byte)0x20 }],
        Pic = new() { Profile = profile, Ack = ack },
        // Neither QEMU nor KVM has that wire.
        IntrAtPinZero = profile == Profile.Manual,
    };
}
