using Wirq.Lab.Scenarios.Reading;
using Wirq.Xen;

namespace Wirq.Lab.Scenarios;

/// <summary>The words of scenarios about Xen.</summary>
internal static class XenWords
{
    /// <summary>The key of the machine, the command of a CPU, and the actor that is the hypervisor.</summary>
    public const string Xen = "xen";
    /// <summary>The key that names a new port.</summary>
    public const string As = "as";
    /// <summary>The key of the expected answer.</summary>
    public const string Gives = "gives";
    /// <summary>The label of the callback's source.</summary>
    public const string CallbackLabel = "Xen callback";

    /// <summary>Keys of <c>xen</c> in the machine.</summary>
    public static IReadOnlyList<string> Machine { get; } = ["id", "ports", "pirqs", "width", "frames", "policy", "pci", "domains", "hypervisor", "version", "hvmPirqs", "links", "passed"];

    /// <summary>Keys of a domain.</summary>
    public static IReadOnlyList<string> Domain { get; } = ["id", "kind", "privileged", "vcpus", "ports", "pirqs", "width", "frames"];

    /// <summary>Keys of a link device of ACPI.</summary>
    public static IReadOnlyList<string> Link { get; } = ["possible", "current", "level", "low"];

    /// <summary>Keys of a device that dom0 passes on.</summary>
    public static IReadOnlyList<string> Passed { get; } = ["device", "pin", "gsi", "link", "guest"];

    /// <summary>The key of the expected port or PIRQ.</summary>
    public const string Gets = "gets";

    /// <summary>Keys of <c>intx</c>.</summary>
    public static IReadOnlyList<string> Intx { get; } = ["device", "pin"];

    /// <summary>Commands of a CPU.</summary>
    public const string Upcall = "upcall", Enter = "enter";

    public static WordList<CallbackPolicy> Policies => Tables.Policies;
    public static WordList<bool> DomainKinds => Tables.DomainKinds;
    public static WordList<int> Answers => Tables.Answers;
    public static WordList<uint> Virqs => Tables.Virqs;
    public static WordList<XenProfile> Hypervisors => Tables.Hypervisors;
    public static WordList<XenVersion> Versions => Tables.Versions;
    public static WordList<PassthroughStep> Steps => Tables.Steps;
    public static WordList<int> Statuses => Tables.Statuses;
    public static WordList<XenWord> PortWords => Tables.PortWords;
    public static WordList<XenWord> VcpuWords => Tables.VcpuWords;

    /// <summary>What a guest can ask for, with the keys of its arguments. A call with one key that is its own name has one
    /// argument and no map.</summary>
    public static WordList<(XenAction Action, string[] Keys)> Calls => Tables.Calls;

    /// <summary>What the hypervisor and its toolstack do.</summary>
    public static WordList<(XenAction Action, string[] Keys)> Doings => Tables.Doings;

    /// <summary>All words.</summary>
    public static IEnumerable<string> All =>
    [
        Xen, As, Gives, Gets, .. Link, .. Passed, .. Hypervisors.Words, .. Versions.Words, .. Steps.Words, CallbackLabel, .. Machine, .. Domain, "intx", .. Intx, Upcall, Enter, .. Policies.Words, .. DomainKinds.Words,
        .. Answers.Words, .. Virqs.Words, .. Statuses.Words, .. PortWords.Words, .. VcpuWords.Words, .. Calls.Words, .. Doings.Words,
        .. Tables.AllCalls.SelectMany(call => call.Value.Keys), "status", "self", "none", "gsi", "vector",
    ];

    private static class Tables
    {
        internal static readonly WordList<CallbackPolicy> Policies = new(("ack", CallbackPolicy.Ack), ("poll", CallbackPolicy.Poll));
        internal static readonly WordList<bool> DomainKinds = new(("pv", false), ("hvm", true));
        internal static readonly WordList<int> Answers = new(
            ("ok", 0), ("EPERM", (int)XenError.NotPermitted), ("ENOENT", (int)XenError.NoSuchEntry), ("ESRCH", (int)XenError.NoSuchDomain),
            ("EAGAIN", (int)XenError.TryAgain), ("EACCES", (int)XenError.NoAccess), ("EFAULT", (int)XenError.Fault), ("EBUSY", (int)XenError.Busy),
            ("EEXIST", (int)XenError.Exists), ("EINVAL", (int)XenError.Invalid), ("ENOSPC", (int)XenError.NoSpace), ("ENOSYS", (int)XenError.NotImplemented),
            ("EOPNOTSUPP", (int)XenError.NotSupported), ("ENOMEM", (int)XenError.NoMemory), ("ENODEV", (int)XenError.NoDevice), ("ERANGE", (int)XenError.OutOfRange), ("any", XenCommand.AnyAnswer), ("blocks", XenCommand.Blocks));
        internal static readonly WordList<uint> Virqs = new(("timer", VirtualInterrupt.Timer), ("debug", VirtualInterrupt.Debug),
            ("console", VirtualInterrupt.Console), ("argo", VirtualInterrupt.Argo));
        // EVTCHNSTAT_*.
        internal static readonly WordList<int> Statuses = new(("closed", 0), ("unbound", 1), ("interdomain", 2), ("pirq", 3), ("virq", 4), ("ipi", 5));
        internal static readonly WordList<XenWord> PortWords = new(("pending", XenWord.Pending), ("mask", XenWord.Mask), ("word", XenWord.Event));
        internal static readonly WordList<XenWord> VcpuWords = new(("upcall", XenWord.Upcall), ("selector", XenWord.Selector), ("ready", XenWord.Ready), ("head", XenWord.Head));
        internal static readonly WordList<(XenAction Action, string[] Keys)> Calls = new(
            ("alloc-unbound", (XenAction.AllocUnbound, ["domain", "remote"])),
            ("bind-interdomain", (XenAction.BindInterdomain, ["remote", "port"])),
            ("bind-virq", (XenAction.BindVirq, ["virq", "vcpu"])),
            ("bind-ipi", (XenAction.BindIpi, ["vcpu"])),
            ("bind-pirq", (XenAction.BindPirq, ["pirq"])),
            ("close", (XenAction.Close, ["port"])),
            ("send", (XenAction.Send, ["port"])),
            ("status", (XenAction.Status, ["domain", "port", "status"])),
            ("bind-vcpu", (XenAction.BindVcpu, ["port", "vcpu"])),
            ("unmask", (XenAction.Unmask, ["port"])),
            ("reset", (XenAction.Reset, ["domain"])),
            ("init-control", (XenAction.InitControl, ["vcpu", "frame", "offset"])),
            ("expand-array", (XenAction.ExpandArray, ["frame"])),
            ("set-priority", (XenAction.SetPriority, ["port", "priority"])),
            ("poll", (XenAction.Poll, ["ports"])),
            ("end-poll", (XenAction.EndPoll, [])),
            ("register-vcpu-info", (XenAction.RegisterVcpuInfo, ["vcpu", "frame", "offset"])),
            ("set-callback", (XenAction.SetCallback, ["gsi", "device", "pin", "vector"])),
            ("set-vector", (XenAction.SetVector, ["vcpu", "vector"])),
            ("handle", (XenAction.Handle, [])),
            ("map-pirq", (XenAction.MapPirq, ["gsi", "pirq", "domain"])),
            ("map-message", (XenAction.MapMessage, ["passed", "pirq", "domain"])),
            ("unmap-pirq", (XenAction.UnmapPirq, ["pirq", "domain"])),
            ("end-pirq", (XenAction.EndPirq, ["pirq"])),
            ("query-pirq", (XenAction.QueryPirq, ["pirq"])),
            ("get-free-pirq", (XenAction.GetFreePirq, [])),
            ("setup-gsi", (XenAction.SetupGsi, ["gsi", "level", "low"])),
            ("gsi-permission", (XenAction.GsiPermission, ["domain", "gsi"])),
            ("irq-permission", (XenAction.IrqPermission, ["domain", "pirq"])),
            ("bind-message", (XenAction.BindMessage, ["domain", "pirq", "vector"])),
            ("pass", (XenAction.Pass, ["passed", "domain", "without"])),
            ("return", (XenAction.Return, ["passed", "domain"])),
            ("enable", (XenAction.EnableDevice, ["passed"])),
            ("unmask-pin", (XenAction.UnmaskPin, ["gsi", "level", "low"])),
            ("end-pin", (XenAction.EndPin, ["gsi"])));
        internal static readonly WordList<XenProfile> Hypervisors = new(("xen", XenProfile.Xen), ("qemu", XenProfile.Qemu));
        internal static readonly WordList<XenVersion> Versions = new(("current", XenVersion.Current), ("xen417", XenVersion.Xen417));
        internal static readonly WordList<PassthroughStep> Steps = new(("take", PassthroughStep.Take), ("ask-gsi", PassthroughStep.AskGsi), ("map", PassthroughStep.Map),
            ("bind", PassthroughStep.Bind), ("map-again", PassthroughStep.MapAgain), ("permit", PassthroughStep.Permit), ("assign", PassthroughStep.Assign));
        internal static readonly WordList<(XenAction Action, string[] Keys)> Doings = new(
            ("raise-virq", (XenAction.RaiseVirq, ["virq", "domain", "vcpu"])),
            ("raise-pirq", (XenAction.RaisePirq, ["pirq", "domain"])),
            ("link", (XenAction.Link, ["link", "irq"])),
            ("wire", (XenAction.Wire, ["gsi", "high"])),
            ("message", (XenAction.MachineMessage, ["irq"])),
            ("take-out", (XenAction.RemoveDevice, ["passed"])),
            ("pause", (XenAction.Pause, ["domain"])),
            ("unpause", (XenAction.Unpause, ["domain"])));
        internal static IEnumerable<(string Word, (XenAction Action, string[] Keys) Value)> AllCalls => Calls.Entries.Concat(Doings.Entries);
    }
}
