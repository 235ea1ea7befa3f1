using Wirq.Events;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Laws;
using Wirq.Remapping.VtD;
using Wirq.Routing;

namespace Wirq.Lab.Scenarios;

/// <summary>All words of the scenario format, by their place in it. The reader, the JSON schema and the documentation
/// use them.</summary>
internal static class ScenarioWords
{
    /// <summary>Keys of a scenario.</summary>
    public static IReadOnlyList<string> Scenario { get; } =
        ["name", "about", "covers", "needs", "machine", "handlers", "unhandled", "steps", "actors", "time", "expect", "laws", "historic"];

    /// <summary>Features that a scenario can need of its host.</summary>
    public static IReadOnlyList<string> Needs { get; } =
        ["x2apic", "tsc-deadline", "suppress-eoi-broadcast", "pic", "wide-ids", "many-cpus", "smi", "virtual-time"];

    /// <summary>The laws that a scenario can name.</summary>
    public static IReadOnlyList<string> Laws { get; } = LawSet.Names;

    /// <summary>Keys of an entry of <c>historic</c>.</summary>
    public static IReadOnlyList<string> Historic { get; } = ["design", "breaks"];

    /// <summary>Keys of <c>machine</c>.</summary>
    public static IReadOnlyList<string> Machine { get; } =
    [
        "cpus", "mode", "ids", "start", "profile", "ack", "routes", "x2apic", "tscDeadline", "suppressEoiBroadcast", "cmci",
        "busHz", "tscHz", "physicalAddressBits", "pic", "intrAtPinZero", "format", "ioapics", "isaOverrides", "pciWires",
        "kernel", "linux", "routeBudget", "batchCount", "batchDelay", "memory", "vtd", "xen", HostWords.Host, HostWords.Guest, "devices",
    ];

    /// <summary>Keys of <c>vtd</c>.</summary>
    public static IReadOnlyList<string> Vtd { get; } = ["eim", "eime", "remapping", "cfi", "entries", "faultRecords"];

    /// <summary>Keys of an I/OAPIC.</summary>
    public static IReadOnlyList<string> IoApic { get; } =
        ["pins", "gsi", "version", "id", "address", "wide", "stormLimit", "stormDelay"];

    /// <summary>Keys of a device.</summary>
    public static IReadOnlyList<string> Device { get; } =
        ["gsi", "isa", "pci", "msi", "intx", "kind", "stuck", "requester", "eventfd", "resample", "prefault", "vectors", HostWords.HostLine, HostWords.Vfio];

    /// <summary>Keys of <c>pci</c>.</summary>
    public static IReadOnlyList<string> Pci { get; } = ["device", "pin", "bridges"];

    /// <summary>Keys of <c>msi</c>.</summary>
    public static IReadOnlyList<string> Msi { get; } = ["address", "data", "handle"];

    /// <summary>Steps without an actor.</summary>
    public static IReadOnlyList<string> Steps { get; } = ["time", "repeat", "expect", "save", "restore", "update", XenWords.Xen, HostWords.Host, HostWords.Guest];

    /// <summary>Keys of <c>repeat</c>.</summary>
    public static IReadOnlyList<string> Repeat { get; } = ["times", "steps"];

    /// <summary>Keys of <c>restore</c>.</summary>
    public static IReadOnlyList<string> Restore { get; } = ["from", "without"];

    /// <summary>Commands of a CPU without an argument.</summary>
    public static IReadOnlyList<string> PlainCommands { get; } =
        ["eoi", "pic-eoi", "pic-eoi-both", "sti", "cli", "take", "inta", XenWords.Upcall, XenWords.Enter];

    /// <summary>Commands of a CPU with an argument.</summary>
    public static IReadOnlyList<string> Commands { get; } =
    [
        "write", "change", "read", "mask", "unmask", "mask-irq", "unmask-irq", "migrate", "ipi", "take", "inta",
        "pic-eoi", "serve", "irte", "invalidate", "remapping", "cfi", XenWords.Xen, HostWords.Irq, HostWords.Access,
    ];

    /// <summary>Keys of an entry of <c>irte</c>.</summary>
    public static IReadOnlyList<string> Irte { get; } =
        ["vector", "to", "mode", "logical", "level", "hint", "present", "fpd", "source", "svt", "sq"];

    /// <summary>Keys of <c>invalidate</c>.</summary>
    public static IReadOnlyList<string> Invalidate { get; } = ["index", "mask", "wait"];

    /// <summary>Keys of <c>wait</c>.</summary>
    public static IReadOnlyList<string> Wait { get; } = ["address", "data", "interrupt"];

    /// <summary>Keys of a fault in an expectation.</summary>
    public static IReadOnlyList<string> Fault { get; } = ["reason", "index", "source"];

    /// <summary>The key that can be used together with <c>write</c> and <c>read</c>.</summary>
    public const string Faults = "faults";

    /// <summary>Keys of <c>migrate</c>.</summary>
    public static IReadOnlyList<string> Migrate { get; } = ["pin", "to", "vector"];

    /// <summary>Keys of <c>ipi</c>.</summary>
    public static IReadOnlyList<string> Ipi => RegisterFields.InterruptCommand.Names;

    /// <summary>Keys of <c>expect</c>.</summary>
    public static IReadOnlyList<string> Expect { get; } =
    [
        "taken", "taken-by-any", "registers", "holders", "pending", "in-service", "acks", "signals", "events", "memory",
        "intr", "virqs", "gsis", "touched", "pba", "faults", "order", "ports", "polling",
    ];

    /// <summary>Signals that a CPU can receive; a vector follows <c>sipi</c>.</summary>
    public static IReadOnlyList<string> Signals { get; } = ["nmi", "smi", "init", "sipi"];

    /// <summary>Kinds of events.</summary>
    public static IReadOnlyList<string> Events => EventKinds.Words;

    /// <summary>Names of register fields, by register.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Fields { get; } =
        RegisterFields.All.ToDictionary(entry => entry.Key, entry => entry.Value.Names);

    /// <summary>Names of registers, by their first part; numbers may follow.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Registers { get; } =
        new Dictionary<string, IReadOnlyList<string>>
        {
            ["rte"] = ["low", "high"],
            ["ioapic"] = ["rte", "index", .. RegisterReader.Indexes.Words, .. RegisterReader.Offsets.Words],
            ["apic"] = [.. RegisterReader.Apic.Words, .. RegisterReader.ApicArrays.Words],
            ["msr"] = RegisterReader.Msrs.Words,
            ["pic"] = RegisterReader.PicPorts.Words,
            ["port"] = [],
            ["memory"] = [],
            ["cr8"] = [],
            ["vtd"] = [.. RegisterReader.Units.Words, "frcd"],
            [XenWords.Xen] = [.. XenWords.VcpuWords.Words, .. XenWords.PortWords.Words],
            [HostWords.Host] = HostWords.LineWords.Words,
            [HostWords.Guest] = [.. HostWords.LineWords.Words.Where(word => word != "entries")],
            [HostWords.Vfio] = HostWords.DeviceWords.Words,
            [HostWords.EventFd] = [],
        };

    /// <summary>Words for values, by the key that they follow.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Values { get; } =
        new Dictionary<string, IReadOnlyList<string>>
        {
            ["mode"] = ApicModes.Words,
            ["unhandled"] = Unhandled.Words,
            ["time"] = Times.Words,
            ["start"] = Starts.Words,
            ["profile"] = Profiles.Words,
            ["ack"] = Acks.Words,
            ["routes"] = Routes.Words,
            ["kernel"] = KernelModels.Words,
            ["virqs"] = VirqStates.Words,
            ["without"] = Omitted.Words,
            ["update"] = Updates.Words,
            ["switch"] = Switches.Words,
            ["svt"] = Validations.Words,
            ["format"] = Formats.Words,
            ["kind"] = Kinds.Words,
            ["pin"] = Pins.Words,
            ["device"] = Actions.Words,
            ["delivery"] = RegisterFields.Modes.Words,
            ["timer-mode"] = RegisterFields.TimerModes.Words,
            ["shorthand"] = RegisterFields.Shorthands.Words,
        };

    /// <summary>Units of time.</summary>
    public static IReadOnlyList<string> Units => Numbers.Units.Words;

    /// <summary>Words that replace names or numbers.</summary>
    public static IReadOnlyList<string> Special { get; } =
        [AnyVector, AllCpus, Nothing, Everything, "cpu", HistoricSpec.Expectations, IntrLabel];

    /// <summary>Every word of the format; of names with dots, each part.</summary>
    public static IReadOnlySet<string> All { get; } = new IEnumerable<string>[]
        {
            Scenario, Needs, Laws, Historic, Machine, Vtd, IoApic, Device, Pci, Msi, Steps, Repeat, Restore, PlainCommands, Commands,
            [Faults], Migrate, Irte, Invalidate, Wait, Fault, Ipi, Expect, Signals, Events, Units, Special, Registers.Keys, Fields.Keys,
        }
        .Append(XenWords.All).Append(HostWords.All).Concat(Fields.Values).Concat(Registers.Values).Concat(Values.Values)
        .SelectMany(words => words).SelectMany(word => word.Split('.')).ToHashSet();

    internal const string AnyVector = "any", AllCpus = "cpus", Nothing = "none", Everything = "all", IntrLabel = "8259 INTR";

    internal static WordList<bool> ApicModes => Tables.ApicModes;
    internal static WordList<bool> Unhandled => Tables.Unhandled;
    internal static WordList<bool> Times => Tables.Times;
    internal static WordList<StartState> Starts => Tables.Starts;
    internal static WordList<Profile> Profiles => Tables.Profiles;
    internal static WordList<AckPolicy> Acks => Tables.Acks;
    internal static WordList<RouteModel> Routes => Tables.Routes;
    internal static WordList<MsiFormat> Formats => Tables.Formats;
    internal static WordList<KernelModel> KernelModels => Tables.KernelModels;
    internal static WordList<VirqState> VirqStates => Tables.VirqStates;
    internal static WordList<bool> Switches => Tables.Switches;
    internal static WordList<Omissions> Omitted => Tables.Omitted;
    internal static WordList<UpdateParts> Updates => Tables.Updates;
    internal static WordList<SourceValidation> Validations => Tables.Validations;
    internal static WordList<SourceKind> Kinds => Tables.Kinds;
    internal static WordList<PciInterruptPin> Pins => Tables.Pins;
    internal static WordList<DeviceAction> Actions => Tables.Actions;
    internal static WordList<EventKind> EventKinds => Tables.EventKinds;

    // In a class of their own, so that they exist before the properties above use them.
    private static class Tables
    {
        internal static readonly WordList<bool> ApicModes = new(("xapic", false), ("x2apic", true));
        internal static readonly WordList<bool> Unhandled = new(("fail", false), ("ignore", true));
        internal static readonly WordList<bool> Times = new(("waits", false), ("races", true));
        internal static readonly WordList<StartState> Starts = new(("ready", StartState.Ready), ("reset", StartState.Reset));
        internal static readonly WordList<Profile> Profiles =
            new(("manual", Profile.Manual), ("qemu", Profile.Qemu), ("kvm", Profile.Kvm));
        internal static readonly WordList<AckPolicy> Acks =
            new(("done", AckPolicy.Done), ("eoi", AckPolicy.Eoi), ("eoi+unmask", AckPolicy.EoiAndUnmask));
        internal static readonly WordList<RouteModel> Routes =
            new(("direct", RouteModel.Direct), ("cached", RouteModel.Cached));
        internal static readonly WordList<KernelModel> KernelModels =
            new(("user", KernelModel.User), ("split", KernelModel.Split), ("full", KernelModel.Full));
        internal static readonly WordList<bool> Switches = new(("on", true), ("off", false));
        internal static readonly WordList<Omissions> Omitted = new(("levels", Omissions.Levels), ("pending", Omissions.Pending),
            ("in-service", Omissions.InService), ("acks", Omissions.Acks), ("timers", Omissions.Timers), ("virqs", Omissions.Virqs));
        internal static readonly WordList<UpdateParts> Updates = new(("done", new(UpdatePart.Stop, UpdatePart.Start)),
            ("failed", new(UpdatePart.Stop, UpdatePart.Start, Fails: true)), ("suspend", new(UpdatePart.Stop, UpdatePart.Suspend)),
            ("save", new(UpdatePart.Save, UpdatePart.Save)), ("restore", new(UpdatePart.Restore, UpdatePart.Restore)),
            ("resume", new(UpdatePart.Resume, UpdatePart.Start)));
        internal static readonly WordList<SourceValidation> Validations = new(("none", SourceValidation.None),
            ("id", SourceValidation.Id), ("buses", SourceValidation.Buses), ("reserved", SourceValidation.Reserved));
        internal static readonly WordList<VirqState> VirqStates =
            new([.. Enum.GetValues<VirqState>().Select(state => (Kebab(state.ToString()), state))]);
        internal static readonly WordList<MsiFormat> Formats = new(("compatibility", MsiFormat.Compatibility),
            ("extended", MsiFormat.ExtendedDestination), ("kvm", MsiFormat.KvmHighAddress));
        internal static readonly WordList<SourceKind> Kinds =
            new(("edge", SourceKind.Edge), ("wired", SourceKind.Wired), ("sampled", SourceKind.Sampled));
        internal static readonly WordList<PciInterruptPin> Pins = new(("A", PciInterruptPin.A), ("B", PciInterruptPin.B),
            ("C", PciInterruptPin.C), ("D", PciInterruptPin.D));
        internal static readonly WordList<DeviceAction> Actions = new(
            ("raise", DeviceAction.Raise), ("lower", DeviceAction.Lower), ("pulse", DeviceAction.Pulse), ("send", DeviceAction.Send), ("remove", DeviceAction.Remove),
            ("mask", DeviceAction.Mask), ("unmask", DeviceAction.Unmask), ("message", DeviceAction.Message));
        // Only the replay of a log makes the events of Log.
        internal static readonly WordList<EventKind> EventKinds = new([.. Enum.GetValues<EventKind>()
            .Where(kind => kind.Subsystem is not (Subsystem.None or Subsystem.Log)).Select(kind => (Kebab(kind.ToString()), kind))]);

        private static string Kebab(string name) => string.Concat(name.Select((c, index) =>
            char.IsUpper(c) ? (index == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));
    }
}
