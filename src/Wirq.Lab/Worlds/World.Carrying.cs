using Wirq.Events;
using Wirq.Host;

namespace Wirq.Lab.Worlds;

/// <content>Driving the carrier of the fabric: the same that a host of threads drives. A historic design may come in
/// before a step, after it, and before the host is asked.</content>
public sealed partial class World : IAckPort, ICpuPort
{
    private readonly CallPorts _ports;

    /// <summary>Carries out everything that waits.</summary>
    public void Drain()
    {
        bool any = Fabric.Events.Count > 0;
        do
        {
            while (Fabric.Carrier.TryPeek(out Event next))
            {
                any = true;
                Step(next);
            }
        }
        while (_host?.Poll() == true);
        if (any)
            Rest();
        TellFailures();
    }

    private static CallPorts PortsOf(World world) => new(new FabricPorts
    {
        Kernel = world._host?.Kernel,
        EventFds = world._host?.EventFds,
        Cpus = world,
        Acks = world,
    }, world.Fabric);

    private void Step(in Event next)
    {
        if (_design?.Intercept(this, next) == true)
        {
            Fabric.Carrier.Skip();
            return;
        }
        Observe(next);
        if (_routes is not null && RouteTable.Carries(next))
            _routes.Carry();
        else
            Carry();
        _design?.After(this, next);
    }

    private void Carry()
    {
        for (bool due = Fabric.Carrier.Begin(out HostCall call); due;)
            due = Fabric.Carrier.Complete(Make(call), out call);
    }

    private HostAnswer Make(in HostCall call)
    {
        if (_design?.Answers(this, call) is { } answer)
            return answer;
        answer = _ports.Make(call, Fabric.Carrier.Routes);
        // An eventfd that cannot be bound is served in userspace, and the laws say whether that went well. Nothing else is
        // refused to a scenario.
        if (answer.Failure is { } failure && call.Kind != HostCallKind.Bind)
            Fail(_at, $"the host refused: {failure.Message}");
        return answer;
    }

    private void Rest()
    {
        _design?.AtRest(this);
        Observe(new Event(EventKind.Rest) { Time = Fabric.Now });
    }

    internal void Observe(in Event happened)
    {
        Laws.Observe(happened);
        Journal.Note(happened);
        if (happened.Kind == EventKind.StormBraked)
            _watch.NoteBrake(happened.IoApic, happened.Pin);
        Timeline.Add(happened);
        Recorder?.Invoke(happened);
    }

    void IAckPort.Acknowledged(int source, uint generation)
    {
        if (!_deviceOfSlot.TryGetValue(source, out int device) || _devices[device].Removed != 0 || !Hears(device))
            return;
        Journal.NoteAck(device);
        if (_devices[device].Wants != 0 && Spec.Devices[device].Kind == SourceKind.Sampled)
            Assert(device);
    }

    // Simulated CPUs look for interrupts by themselves, and have no INIT, SMI or start-up of their own.
    void ICpuPort.Interrupt(int cpu) { }
    void ICpuPort.Nmi(int cpu) => _cpuPort.Nmi(cpu);
    void ICpuPort.Smi(int cpu) { }
    void ICpuPort.Init(int cpu) { }
    void ICpuPort.StartUp(int cpu, byte vector) { }
}
