using Wirq.Events;
using Wirq.Host;

namespace Wirq.Lab.Worlds;

/// <content>Driving the carrier of the fabric: the same that a host of threads drives. A historic design may come in
/// before a step, after it, and before the host is asked.</content>
public sealed partial class World
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

    private static CallPorts PortsOf(World world)
    {
        var others = new Ports(world);
        return new(new FabricPorts
        {
            Kernel = world._host?.Kernel,
            EventFds = world._host?.EventFds,
            Cpus = others,
            Acks = others,
        }, world.Fabric);
    }

    private void Step(in Event next)
    {
        if (_design?.Intercept(this, next) == true)
        {
            Fabric.Carrier.Skip();
            return;
        }
        Observe(next);
        if (_routes is not null && RouteTable.Carries(next))
            _routes.Carry(next);
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

    /// <summary>A device hears that its line was acknowledged, and raises it again where it still wants.</summary>
    private void Acknowledged(int source)
    {
        if (!_deviceOfSlot.TryGetValue(source, out int device) || _devices[device].Removed != 0 || !Hears(device))
            return;
        Journal.NoteAck(device);
        if (_devices[device].Wants != 0 && Spec.Devices[device].Kind == SourceKind.Sampled)
            Assert(device);
    }

    /// <summary>The devices and CPUs of a world. Simulated CPUs look for interrupts by themselves, and have no INIT, SMI or
    /// start-up of their own.</summary>
    private sealed class Ports(World world) : IAckPort, ICpuPort
    {
        public void Acknowledged(int source, uint generation) => world.Acknowledged(source);
        public void Interrupt(int cpu) { }
        public void Nmi(int cpu) => world._cpuPort.Nmi(cpu);
        public void Smi(int cpu) { }
        public void Init(int cpu) { }
        public void StartUp(int cpu, byte vector) { }
    }
}
