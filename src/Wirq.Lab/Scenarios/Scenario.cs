using Wirq.Lab.Kernels;

namespace Wirq.Lab.Scenarios;

/// <summary>A place in a scenario file.</summary>
/// <param name="File">Path as the user gave it.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
public readonly record struct FilePosition(string File, int Line, int Column)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}:{Column}";
}

/// <summary>A bug report about interrupts that can be run.</summary>
public sealed record Scenario
{
    /// <summary>Its position in the file.</summary>
    public required FilePosition At { get; init; }
    /// <summary>Its name. The name of a variant ends in the values that vary, in parentheses.</summary>
    public required string Name { get; init; }
    /// <summary>Its description, for a reader.</summary>
    public string About { get; init; } = "";
    /// <summary>The ids of the checks and defects that it covers.</summary>
    public IReadOnlyList<string> Covers { get; init; } = [];
    /// <summary>The features that it needs of its host; the simulation has all of them.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];
    /// <summary>The machine.</summary>
    internal MachineSpec Machine { get; init; } = new();
    /// <summary>What CPUs do when they take a vector.</summary>
    internal IReadOnlyList<Handler> Handlers { get; init; } = [];
    /// <summary>Whether a vector for which a CPU has no handler is silently ended. If false, it is a failure.</summary>
    public bool IgnoresUnhandled { get; init; }
    /// <summary>Its steps, in order. If there are actors, these prepare the machine for them.</summary>
    internal IReadOnlyList<Step> Steps { get; init; } = [];
    /// <summary>Its actors, whose steps may come in any order.</summary>
    internal IReadOnlyList<Script> Actors { get; init; } = [];
    /// <summary>What is expected when all actors have ended.</summary>
    internal ExpectStep? Finally { get; init; }
    /// <summary>Whether time may pass while others can move. If not, it passes only when nothing else can happen.</summary>
    internal bool TimeRaces { get; init; }
    /// <summary>The laws that are checked; null for all of them.</summary>
    public IReadOnlyList<string>? Laws { get; init; }
    /// <summary>Designs under which a law must fail.</summary>
    internal IReadOnlyList<HistoricSpec> Historic { get; init; } = [];
    /// <summary>The names of ports.</summary>
    internal IReadOnlyList<string> PortNames { get; init; } = [];
    /// <summary>A hash of the file's text.</summary>
    internal UInt128 TextHash { get; init; }

    /// <summary>All scripts: its own steps; if there are actors, also those of each of them, and the expectation at the
    /// end.</summary>
    internal IReadOnlyList<Script> Scripts() =>
    [
        new Script("", Steps),
        .. Actors,
        .. Actors.Count == 0 ? [] : new[] { new Script("", Finally is null ? [] : [Finally]) },
    ];

    /// <summary>Every step of its scripts and handlers; of a repetition, the steps in it.</summary>
    internal IEnumerable<Step> AllSteps() =>
        Scripts().Select(script => script.Steps).Concat(Handlers.SelectMany(handler => handler.Turns)).SelectMany(Flat);

    /// <summary>All checks in it.</summary>
    internal IEnumerable<Check> Checks() => AllSteps().OfType<ExpectStep>().SelectMany(expect => expect.Checks);

    private static IEnumerable<Step> Flat(IReadOnlyList<Step> steps) => steps.SelectMany(step => step is RepeatStep repeat ? Flat(repeat.Steps) : [step]);
}

/// <summary>Steps that one actor does, one after the other.</summary>
/// <param name="Name">The name of the actor; empty for the scenario itself.</param>
/// <param name="Steps">The steps.</param>
internal sealed record Script(string Name, IReadOnlyList<Step> Steps);

/// <summary>A historic design under which a law or expectation must fail.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Design">Name of the design.</param>
/// <param name="Breaks">The law that must fail, or <see cref="Expectations"/>.</param>
internal sealed record HistoricSpec(FilePosition At, string Design, string Breaks)
{
    /// <summary>The value of <see cref="Breaks"/> if an expectation, and not a law, must fail.</summary>
    public const string Expectations = "expectations";
}

/// <summary>The state of the machine before the first step.</summary>
internal enum StartState
{
    /// <summary>As after firmware: local APICs are software-enabled in the machine's mode (LDR of flat xAPIC is 1
    /// shifted by the CPU's number; LVT0 is ExtINT and LVT1 is NMI on CPU 0, masked on the others: virtual wire mode),
    /// the 8259s are initialised at 0x20 and 0x28 with all pins masked, interrupts are on.</summary>
    Ready,
    /// <summary>As after power-on, interrupts off.</summary>
    Reset,
}

/// <summary>How messages of I/OAPIC pins reach the local APICs.</summary>
internal enum RouteModel
{
    /// <summary>Directly.</summary>
    Direct,
    /// <summary>Through a route table of a kernel, as with KVM's split irqchip.</summary>
    Cached,
}

/// <summary>What serves the eventfds and messages of devices.</summary>
internal enum KernelModel
{
    /// <summary>There are no virqs: a message is sent directly to the local APICs.</summary>
    None,
    /// <summary>Virqs without a kernel: userspace serves them all.</summary>
    User,
    /// <summary>Virqs, and a kernel that owns the local APICs (KVM's split irqchip).</summary>
    Split,
    /// <summary>Virqs, and a kernel that owns the local APICs, the I/OAPIC and the 8259s (KVM_CREATE_IRQCHIP).</summary>
    Full,
}

/// <summary>What kernels own.</summary>
internal static class KernelModels
{
    /// <summary>Whether a kernel owns the local APICs.</summary>
    internal static bool OwnsLocalApics(this KernelModel kernel) => kernel is KernelModel.Split or KernelModel.Full;
}

/// <summary>How a guest's driver has set up a remapping unit before the first step.</summary>
/// <param name="TableSize">The table has 2^(size+1) entries.</param>
/// <param name="Extended">Whether it is in extended interrupt mode.</param>
/// <param name="Compatibility">Whether compatibility format is passed.</param>
/// <param name="On">Whether remapping is on.</param>
internal sealed record RemappingSpec(uint TableSize, bool Extended, bool Compatibility, bool On);

/// <summary>The machine of a scenario.</summary>
internal sealed record MachineSpec
{
    /// <summary>The number of CPUs.</summary>
    public int Cpus { get; init; } = 1;
    /// <summary>Whether the local APICs start in x2APIC mode.</summary>
    public bool X2Apic { get; init; }
    /// <summary>The state before the first step.</summary>
    public StartState Start { get; init; }
    /// <summary>How messages of pins reach the local APICs.</summary>
    public RouteModel Routes { get; init; }
    /// <summary>What serves eventfds and messages.</summary>
    public KernelModel Kernel { get; init; }
    /// <summary>Whether a kernel owns the local APICs.</summary>
    public bool OwnsLocalApics => Kernel.OwnsLocalApics();
    /// <summary>The kernel that owns chips.</summary>
    public SimulatedKernelOptions KernelOptions { get; init; } = new();
    /// <summary>The version of Linux that the scenario names for that kernel; null if it names none.</summary>
    public KernelVersion? Linux { get; init; }
    /// <summary>Bytes of guest memory, from address 0 on, a multiple of 8; 0 for none.</summary>
    public int MemoryBytes { get; init; }
    /// <summary>How the remapping unit is set up; null if there is none.</summary>
    public RemappingSpec? Remapping { get; init; }
    /// <summary>The chips.</summary>
    public FabricOptions Fabric { get; init; } = FabricOptions.Pc();
    /// <summary>The devices.</summary>
    public IReadOnlyList<DeviceSpec> Devices { get; init; } = [];
    /// <summary>The domains of its hypervisor, its own first; empty if there is none.</summary>
    public IReadOnlyList<XenDomainSpec> Xen { get; init; } = [];
    /// <summary>What its dom0 passes on; null if nothing.</summary>
    public PassthroughSpec? Passthrough { get; init; }
    /// <summary>The host below; null if the machine's devices are its own.</summary>
    public IrqKernelSpec? Host { get; init; }
    /// <summary>The interrupt core of the guest's kernel; null if handlers alone are the guest.</summary>
    public IrqKernelSpec? Guest { get; init; }
}

/// <summary>A device.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Name">Its name, which is also the label of its source.</param>
/// <param name="Gsi">Its line, or -1 if it has a message.</param>
/// <param name="Kind">The kind of its source.</param>
/// <param name="Message">Its message, if it has no line.</param>
/// <param name="Requester">Its bus, device and function.</param>
/// <param name="Stuck">Whether it still asserts after it was served.</param>
/// <param name="HasEventFd">Whether it interrupts by writing an eventfd.</param>
/// <param name="Resamples">Whether it gets acknowledges by an eventfd.</param>
/// <param name="Prefault">Whether its message is translated when it is programmed.</param>
/// <param name="Vectors">The number of its messages.</param>
/// <param name="Intx">Its pin on the PCI lines of Xen, if it has one.</param>
internal sealed record DeviceSpec(FilePosition At, string Name, int Gsi, SourceKind Kind, Msi Message = default, ushort Requester = 0,
    bool Stuck = false, bool HasEventFd = false, bool Resamples = false, bool Prefault = false, int Vectors = 1,
    (int Device, PciInterruptPin Pin)? Intx = null)
{
    /// <summary>The line of the host on which it is, if it is the host's own; else -1.</summary>
    public int HostLine { get; init; } = -1;
    /// <summary>How it is passed to the guest; null if the host below does not do that.</summary>
    public VfioSpec? Vfio { get; init; }

    /// <summary>Whether it interrupts by virqs.</summary>
    internal bool IsVirq(KernelModel kernel) => kernel != KernelModel.None && HostLine < 0 && (Gsi < 0 || HasEventFd || Resamples);
}

/// <summary>What a CPU does when it takes a vector.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Cpu">The CPU, or -1 for all.</param>
/// <param name="Vector">The vector, or -1 for all that have no handler of their own.</param>
/// <param name="Turns">The steps of the first run, the second run, …; the last one is used for all further
/// runs.</param>
internal sealed record Handler(FilePosition At, int Cpu, int Vector, IReadOnlyList<IReadOnlyList<Step>> Turns);
