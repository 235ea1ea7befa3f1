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

/// <summary>An interrupt bug report that runs.</summary>
public sealed record Scenario
{
    /// <summary>Where it stands.</summary>
    public required FilePosition At { get; init; }
    /// <summary>Its name; a variant's ends in what it varies, in parentheses.</summary>
    public required string Name { get; init; }
    /// <summary>What it is about, for a reader.</summary>
    public string About { get; init; } = "";
    /// <summary>The ids of the checks and defects that it covers.</summary>
    public IReadOnlyList<string> Covers { get; init; } = [];
    /// <summary>What it needs of its host; the simulation has everything.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];
    /// <summary>The machine.</summary>
    internal MachineSpec Machine { get; init; } = new();
    /// <summary>What CPUs do when they take a vector.</summary>
    internal IReadOnlyList<Handler> Handlers { get; init; } = [];
    /// <summary>Whether a vector for which a CPU has no handler is silently ended, and is not a failure.</summary>
    public bool IgnoresUnhandled { get; init; }
    /// <summary>What happens, in order.</summary>
    internal IReadOnlyList<Step> Steps { get; init; } = [];
    /// <summary>The laws that are checked; null for all of them.</summary>
    public IReadOnlyList<string>? Laws { get; init; }
    /// <summary>Designs under which a law must fail.</summary>
    internal IReadOnlyList<HistoricSpec> Historic { get; init; } = [];

    /// <summary>All that is checked anywhere in it.</summary>
    internal IEnumerable<Check> Checks() => Handlers.SelectMany(handler => handler.Turns).Prepend(Steps).SelectMany(ChecksOf);

    private static IEnumerable<Check> ChecksOf(IReadOnlyList<Step> steps) => steps.SelectMany(step => step switch
    {
        ExpectStep expect => expect.Checks,
        RepeatStep repeat => ChecksOf(repeat.Steps),
        _ => [],
    });
}

/// <summary>A design of the past under which something must fail.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Design">Name of the design.</param>
/// <param name="Breaks">The law that must fail, or <see cref="Expectations"/>.</param>
internal sealed record HistoricSpec(FilePosition At, string Design, string Breaks)
{
    /// <summary>What <see cref="Breaks"/> says where no law fails but what the scenario expects.</summary>
    public const string Expectations = "expectations";
}

/// <summary>In what state the CPUs find the machine.</summary>
internal enum StartState
{
    /// <summary>As firmware leaves it: local APICs software-enabled in the machine's mode (LDR of flat xAPIC set to
    /// 1 shifted by the CPU's number; LVT0 ExtINT and LVT1 NMI on CPU 0, masked on the others: virtual wire mode), the
    /// 8259s initialised at 0x20 and 0x28 with all pins masked, interrupts on.</summary>
    Ready,
    /// <summary>As power-on leaves it, interrupts off.</summary>
    Reset,
}

/// <summary>How messages of I/OAPIC pins reach the local APICs.</summary>
internal enum RouteModel
{
    /// <summary>Straight.</summary>
    Direct,
    /// <summary>By a table of routes that a kernel keeps, as with KVM's split irqchip.</summary>
    Cached,
}

/// <summary>Who serves the eventfds and messages of devices.</summary>
internal enum KernelModel
{
    /// <summary>There are no virqs: a message goes straight to the local APICs.</summary>
    None,
    /// <summary>Virqs, and no kernel: userspace serves them all.</summary>
    User,
    /// <summary>Virqs, and a kernel that owns the local APICs (KVM's split irqchip).</summary>
    Split,
}

/// <summary>How a guest's driver has set a remapping unit up at the first step.</summary>
/// <param name="TableSize">The table has 2^(size+1) entries.</param>
/// <param name="Extended">Whether it is in extended interrupt mode.</param>
/// <param name="Compatibility">Whether compatibility format is let through.</param>
/// <param name="On">Whether remapping is on.</param>
internal sealed record RemappingSpec(uint TableSize, bool Extended, bool Compatibility, bool On);

/// <summary>The machine of a scenario.</summary>
internal sealed record MachineSpec
{
    /// <summary>How many CPUs.</summary>
    public int Cpus { get; init; } = 1;
    /// <summary>Whether the local APICs start in x2APIC mode.</summary>
    public bool X2Apic { get; init; }
    /// <summary>The state at the first step.</summary>
    public StartState Start { get; init; }
    /// <summary>How messages of pins travel.</summary>
    public RouteModel Routes { get; init; }
    /// <summary>Who serves eventfds and messages.</summary>
    public KernelModel Kernel { get; init; }
    /// <summary>The split kernel.</summary>
    public SimulatedKernelOptions KernelOptions { get; init; } = new();
    /// <summary>Bytes of guest memory, from address 0 on, a multiple of 8; 0 for none.</summary>
    public int MemoryBytes { get; init; }
    /// <summary>How the remapping unit is set up; null where there is none.</summary>
    public RemappingSpec? Remapping { get; init; }
    /// <summary>The chips.</summary>
    public FabricOptions Fabric { get; init; } = FabricOptions.Pc();
    /// <summary>The devices.</summary>
    public IReadOnlyList<DeviceSpec> Devices { get; init; } = [];
}

/// <summary>A device.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Name">Its name, which is also the label of its source.</param>
/// <param name="Gsi">Its line, or -1 if it has a message.</param>
/// <param name="Kind">The kind of its source.</param>
/// <param name="Message">Its message, if it has no line.</param>
/// <param name="Requester">Its bus, device and function.</param>
/// <param name="Stuck">Whether it continues to assert although it is served.</param>
/// <param name="HasEventFd">Whether it interrupts by writing an eventfd.</param>
/// <param name="Resamples">Whether it gets acknowledges by an eventfd.</param>
/// <param name="Prefault">Whether its message is translated when it is programmed.</param>
/// <param name="Vectors">How many messages it has.</param>
internal sealed record DeviceSpec(FilePosition At, string Name, int Gsi, SourceKind Kind, Msi Message = default, ushort Requester = 0,
    bool Stuck = false, bool HasEventFd = false, bool Resamples = false, bool Prefault = false, int Vectors = 1)
{
    /// <summary>Whether it interrupts by virqs.</summary>
    internal bool IsVirq(KernelModel kernel) => kernel != KernelModel.None && (Gsi < 0 || HasEventFd || Resamples);
}

/// <summary>What a CPU does when it takes a vector.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Cpu">The CPU, or -1 for all.</param>
/// <param name="Vector">The vector, or -1 for any that has no handler of its own.</param>
/// <param name="Turns">What it does the first time, the second time, …; the last one serves for all further
/// times.</param>
internal sealed record Handler(FilePosition At, int Cpu, int Vector, IReadOnlyList<IReadOnlyList<Step>> Turns);
