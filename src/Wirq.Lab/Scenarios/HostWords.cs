using Wirq.HostIrq;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Vfio;

namespace Wirq.Lab.Scenarios;

/// <summary>The words of scenarios about kernels' interrupts and passed devices.</summary>
internal static class HostWords
{
    /// <summary>The key of the machine, and the actor, that is the host below.</summary>
    public const string Host = "host";
    /// <summary>The key of the machine, and the actor, that is the guest's kernel.</summary>
    public const string Guest = "guest";
    /// <summary>The key of a device, and the first word of its registers.</summary>
    public const string Vfio = "vfio";
    /// <summary>The key of a device that is the host's own.</summary>
    public const string HostLine = "hostLine";
    /// <summary>The first word of the register that is an eventfd.</summary>
    public const string EventFd = "eventfd";
    /// <summary>Commands of a CPU.</summary>
    public const string Irq = "irq", Access = "access";
    /// <summary>The call of a process.</summary>
    public const string SetIrqs = "set-irqs";

    /// <summary>Keys of <c>host</c> in the machine.</summary>
    public static IReadOnlyList<string> HostKeys { get; } = ["cpus", "profile", "threads", "lines", "drivers", "eventfds"];

    /// <summary>Keys of <c>guest</c> in the machine.</summary>
    public static IReadOnlyList<string> GuestKeys { get; } = ["threads", "lines", "drivers"];

    /// <summary>Keys of a line of the host.</summary>
    public static IReadOnlyList<string> Line { get; } = ["flow", "level", "chip", "unlazy", "oneshot"];

    /// <summary>Keys of a line of the guest.</summary>
    public static IReadOnlyList<string> GuestLine { get; } = ["gsi", "vector", "cpu", "flow", "level", "chip", "unlazy"];

    /// <summary>Keys of a driver.</summary>
    public static IReadOnlyList<string> Driver { get; } = ["line", "device", "shared", "oneshot", "percpu", "handler", "thread", "looks", "handles", "requests"];

    /// <summary>Keys of <c>vfio</c>.</summary>
    public static IReadOnlyList<string> Device { get; } =
    [
        "line", "bus", "disintx", "mode", "compatible", "guest", "timeout", "unlazy", "msi", "msix", "dynamic", "granted", "express", "back",
        "stormLimit", "stormWindow", "stormDelay",
    ];

    /// <summary>Keys of <c>set-irqs</c>.</summary>
    public static IReadOnlyList<string> Set { get; } = ["irq", "action", "fds", "bools", "start", "count"];

    /// <summary>Keys of <c>move</c>.</summary>
    public static IReadOnlyList<string> Move { get; } = ["line", "cpu"];

    /// <summary>Words for eventfds that have no name of their own.</summary>
    public static IReadOnlyList<string> EventFds { get; } = ["trigger", "resample", "none", "closed"];

    public static WordList<HostFlow> Flows => Tables.Flows;
    public static WordList<Func<IrqChipOptions, IrqChipOptions>> Chip => Tables.Chip;
    public static WordList<HostProfile> Profiles => Tables.Profiles;
    public static WordList<bool> Threads => Tables.Threads;
    public static WordList<VfioBus> Buses => Tables.Buses;
    public static WordList<ForwardMode> Modes => Tables.Modes;
    public static WordList<UnmaskWay> Backs => Tables.Backs;
    public static WordList<VfioIrqIndex> Indexes => Tables.Indexes;
    public static WordList<VfioIrqSetBits> Actions => Tables.Actions;
    public static WordList<int> Answers => Tables.Answers;
    public static WordList<KernelAction> Doings => Tables.Doings;
    public static WordList<VfioAction> Calls => Tables.Calls;
    public static WordList<HostWord> LineWords => Tables.LineWords;
    public static WordList<HostWord> DeviceWords => Tables.DeviceWords;

    /// <summary>All words.</summary>
    public static IEnumerable<string> All =>
    [
        Host, Guest, Vfio, HostLine, EventFd, Irq, Access, SetIrqs, .. HostKeys, .. GuestKeys, .. Line, .. GuestLine, .. Driver, .. Device, .. Set,
        .. Move, .. EventFds, .. Flows.Words, .. Chip.Words, .. Profiles.Words, .. Threads.Words, .. Buses.Words, .. Modes.Words, .. Backs.Words, .. Indexes.Words,
        .. Actions.Words, .. Answers.Words, .. Doings.Words, .. Calls.Words, .. LineWords.Words, .. DeviceWords.Words,
    ];

    private static class Tables
    {
        internal static readonly WordList<HostFlow> Flows = new(("level", HostFlow.Level), ("edge", HostFlow.Edge), ("fasteoi", HostFlow.FastEoi), ("percpu", HostFlow.PerCpu));
        internal static readonly WordList<Func<IrqChipOptions, IrqChipOptions>> Chip = new(
            ("mask-ack", chip => chip with { HasMaskAck = true }),
            ("disable", chip => chip with { HasDisable = true }),
            ("retrigger", chip => chip with { HasRetrigger = true }),
            ("oneshot-safe", chip => chip with { OneshotSafe = true }),
            ("eoi-threaded", chip => chip with { EoiThreaded = true }),
            ("eoi-needs-enabled", chip => chip with { EoiNeedsEnabled = true }),
            ("eoi-if-handled", chip => chip with { EoiIfHandled = true }),
            ("resends-in-progress", chip => chip with { ResendsInProgress = true }),
            ("moves-at-once", chip => chip with { MovesAtOnce = true }),
            ("latches-while-masked", chip => chip with { LatchesWhileMasked = true }));
        internal static readonly WordList<HostProfile> Profiles = new(("sound", HostProfile.Sound), ("linux", HostProfile.Linux));
        internal static readonly WordList<bool> Threads = new(("run", false), ("told", true));
        internal static readonly WordList<VfioBus> Buses = new(("pci", VfioBus.Pci), ("platform", VfioBus.Platform));
        internal static readonly WordList<ForwardMode> Modes =
            new(("automask", ForwardMode.Automask), ("oneshot", ForwardMode.Oneshot), ("masked-level", ForwardMode.MaskedLevel));
        internal static readonly WordList<UnmaskWay> Backs =
            new(("ack", UnmaskWay.Ack), ("eventfd", UnmaskWay.EventFd), ("access", UnmaskWay.Access), ("none", UnmaskWay.None));
        internal static readonly WordList<VfioIrqIndex> Indexes = new(("intx", VfioIrqIndex.Intx), ("msi", VfioIrqIndex.Msi), ("msix", VfioIrqIndex.Msix),
            ("err", VfioIrqIndex.Err), ("req", VfioIrqIndex.Req));
        internal static readonly WordList<VfioIrqSetBits> Actions = new(("trigger", VfioIrqSetBits.ActionTrigger), ("mask", VfioIrqSetBits.ActionMask),
            ("unmask", VfioIrqSetBits.ActionUnmask));
        internal static readonly WordList<int> Answers = new(("ok", 0), ("EBADF", (int)LinuxError.BadDescriptor), ("ENOMEM", (int)LinuxError.NoMemory),
            ("EBUSY", (int)LinuxError.Busy), ("ENODEV", (int)LinuxError.NoDevice), ("EINVAL", (int)LinuxError.Invalid), ("ENOTTY", (int)LinuxError.NoSuchCall),
            ("ENOSPC", (int)LinuxError.NoSpace), ("ERANGE", (int)LinuxError.OutOfRange));
        internal static readonly WordList<KernelAction> Doings = new(("disable", KernelAction.Disable), ("enable", KernelAction.Enable), ("move", KernelAction.Move),
            ("request", KernelAction.Request), ("free", KernelAction.Free), ("thread", KernelAction.Thread), ("poll", KernelAction.Poll),
            ("write", KernelAction.Write), ("read", KernelAction.Read));
        internal static readonly WordList<VfioAction> Calls = new((SetIrqs, VfioAction.SetIrqs), ("disintx", VfioAction.DisableIntx),
            ("guest-reset", VfioAction.GuestReset), ("live-update", VfioAction.LiveUpdate), ("close", VfioAction.Close), ("open", VfioAction.Open),
            (Access, VfioAction.Access));
        internal static readonly WordList<HostWord> LineWords = new(("masked", HostWord.Masked), ("disabled", HostWord.Disabled), ("depth", HostWord.Depth),
            ("pending", HostWord.Pending), ("in-progress", HostWord.InProgress), ("threads", HostWord.Threads), ("cpu", HostWord.Cpu),
            ("nobody-cared", HostWord.NobodyCared), ("entries", HostWord.Entries));
        internal static readonly WordList<HostWord> DeviceWords = new(("masked", HostWord.VfioMasked), ("waiting", HostWord.Waiting),
            ("disintx", HostWord.IntxDisabled), ("asserts", HostWord.Asserts), ("signals", HostWord.Signals), ("unmasks", HostWord.Unmasks),
            ("idle", HostWord.Idle), ("early", HostWord.Early));
    }
}
