using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Laws;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>A machine with its devices, CPUs and laws, as a scenario describes it.</summary>
/// <remarks>A transition system: <see cref="Enabled"/> lists the possible transitions, <see cref="Apply"/> performs
/// one, and <see cref="UsualOrder"/> is one order of them. All state that affects later behaviour can be copied in one
/// piece: see <see cref="CopyFrom"/>.</remarks>
public sealed partial class World : IDisposable
{
    private readonly Block<DeviceState> _devices;
    private readonly Source?[] _sources;
    private readonly Dictionary<int, int> _deviceOfSlot = [];
    private readonly Design? _design;
    private readonly RouteTable? _routes;
    private readonly RemappingDriver? _driver;
    private readonly IGuestCpus _cpuPort;
    private readonly IKernelTwin? _twin;
    private readonly StormWatch _watch;
    private readonly GuestMemory? _memory;
    private readonly WorldOptions? _options;
    private bool _named;

    /// <summary>Builds a world in its start state.</summary>
    /// <param name="scenario">Its scenario.</param>
    /// <param name="recorder">Receives every event; null for none.</param>
    /// <param name="options">Its CPUs; null for simulated ones.</param>
    public World(Scenario scenario, Action<Event>? recorder = null, WorldOptions? options = null) : this(scenario, design: null, recorder, options) { }

    /// <summary>Builds a world in its start state, with a historic design.</summary>
    /// <param name="scenario">Its scenario.</param>
    /// <param name="design">A historic design to apply; null for none.</param>
    /// <param name="recorder">Receives every event; null for none.</param>
    /// <param name="options">Its CPUs; null for simulated ones.</param>
    internal World(Scenario scenario, Design? design, Action<Event>? recorder = null, WorldOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        Scenario = scenario;
        _design = design;
        _watch = new StormWatch(this);
        _options = options;
        Timeline = new Timeline { IsKept = options?.KeepsTimeline != false };
        Recorder = recorder;
        Spec = design?.Alter(scenario.Machine) ?? scenario.Machine;
        _workOfCpus = StepWork.OfCpus(Spec);
        Arena = new StateArena();
        Fabric = new Fabric(Spec.Fabric, Arena);
        Fabric.Events.Observing = true;
        _memory = Spec.MemoryBytes > 0 ? new GuestMemory(Arena, Spec.MemoryBytes) : null;
        Fabric.Memory = _memory ?? Fabric.Memory;
        _xen = Fabric.Xen is null ? null : new XenGuests(this, Arena);
        _host = Spec.Kernel == KernelModel.None ? null : new VirqHost(this, Arena);
        _below = Spec.Host is null ? null : new HostKernel(this, Spec.Host, Arena);
        _guest = Spec.Guest is null ? null : new GuestKernel(this, Spec.Guest, Arena);
        _twin = _host?.Kernel is null ? null : options?.Twin?.Invoke(Fabric, Spec, _host);
        _cpuPort = _twin is not null ? _twin.Cpus : _host?.Kernel is { } kernel ? new KernelCpus(Fabric, kernel)
            : options?.Cpus?.Invoke(Fabric, Spec) ?? new FabricCpus(Fabric);
        _ports = PortsOf(this);
        _isRead = IsRead;
        Laws = new LawSet(Spec.Fabric, Fabric.Gsis, Arena, scenario.Laws);
        Journal = new Journal(scenario, Spec, Arena);
        Causes = new Causes(Spec);
        _routes = Spec.Routes == RouteModel.Cached ? new RouteTable(Fabric, Arena) : null;
        _devices = Arena.Reserve<DeviceState>(Math.Max(1, Spec.Devices.Count));
        _cpus = Arena.Reserve<CpuState>(Spec.Cpus);
        _turns = Arena.Reserve<TurnState>(Math.Max(1, Spec.Cpus * scenario.Handlers.Count));
        _scripts = scenario.Scripts();
        _deepest = _scripts.Max(script => DepthOf(script.Steps));
        _frames = Arena.Reserve<ScriptFrame>(_scripts.Count * _deepest);
        _positions = Arena.Reserve<ScriptState>(_scripts.Count, ScriptState.MakeRelative);
        foreach ((int index, Script script) in _scripts.Index())
            _positions[index].Depth = script.Steps.Count > 0 ? 1 : 0;
        _waits = Arena.Reserve<WaitState>(_scripts.Count > 1 ? _scripts.Count + Spec.Cpus : 1);
        _update = Arena.Reserve<UpdateState>();
        _saved = Arena.Reserve<SavedState>(SnapshotReader.MaxNames + 1);
        _state = Arena.Reserve<WorldState>();
        Begun = scenario.At;
        design?.Join(this);
        _sources = new Source?[Spec.Devices.Count];
        _deviceVirqs = new DeviceVirq[Spec.Devices.Count][];
        Registers = new RegisterAccess(Fabric, _cpuPort) { Xen = _xen, Host = ReadHost };
        _driver = Spec.Remapping is null ? null : new RemappingDriver(Fabric, Registers);
        try
        {
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The scenario.</summary>
    public Scenario Scenario { get; }
    /// <summary>The machine, as the historic design altered it.</summary>
    internal MachineSpec Spec { get; }
    /// <summary>The arena that contains all state.</summary>
    public StateArena Arena { get; }
    /// <summary>The interrupt system.</summary>
    public Fabric Fabric { get; }
    /// <summary>The laws.</summary>
    public LawSet Laws { get; }
    /// <summary>The timeline.</summary>
    internal Timeline Timeline { get; }
    /// <summary>Interrupts that CPUs took repeatedly; the first storm of each vector of a CPU.</summary>
    public IReadOnlyList<Storm> Storms => _watch.Storms;

    internal StormWatch Watch => _watch;
    internal Journal Journal { get; }
    internal Causes Causes { get; }
    internal RegisterAccess Registers { get; }
    internal Action<Event>? Recorder { get; }
    internal RouteTable? Routes => _routes;

    /// <summary>Disposes of its CPUs.</summary>
    public void Dispose()
    {
        _cpuPort.Dispose();
        _twin?.Dispose();
    }

    private void Start()
    {
        for (int device = 0; device < Spec.Devices.Count; device++)
            Connect(device);
        if (Spec.Start == StartState.Ready)
        {
            Firmware.Prepare(Spec, Fabric, _cpuPort, Registers);
            _driver?.Prepare(Spec.Remapping!);
        }
        ProgramVirqs();
        _below?.Start();
        _guest?.Start();
        for (int cpu = 0; cpu < Spec.Cpus && Spec.Start == StartState.Ready; cpu++)
            SetInterrupts(cpu, on: true);
        Drain();
        Timeline.Clear();
        Journal.Clear();
        _below?.Counts.Clear();
    }
}
