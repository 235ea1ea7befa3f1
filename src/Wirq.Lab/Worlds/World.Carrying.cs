using Wirq.Events;
using Wirq.Host;

namespace Wirq.Lab.Worlds;

/// <content>Driving the carrier of the fabric, the same one that a host with threads drives. A historic design may
/// intervene before a step, after it, and before a call to the host.</content>
public sealed partial class World
{
    private readonly CallPorts _ports;
    private readonly Func<int, bool> _isRead;

    /// <summary>Does all waiting work except that of the CPUs and the scenario, in the default order: the whole queue,
    /// then the kernel and the poll, until nothing is left.</summary>
    public void Drain()
    {
        do
        {
            while (TryNextOfQueue(out Transition next) || TryNextOfHost(out next))
                Apply(next);
        }
        while (Poll());
        if (_state.Value.IsStirred != 0)
            Apply(new Transition(TransitionKind.Rest));
        TellFailures();
    }

    /// <summary>Handles deferred injections, EOI exits and readable eventfds.</summary>
    /// <returns>Whether there was any.</returns>
    private bool Poll()
    {
        if (_host is null)
            return false;
        if (_host.Kernel is { } kernel)
        {
            // A resample eventfd may itself be bound, so one injection may cause another. Each EOI causes a finite
            // number.
            while (kernel.TryFindPendingWork(0, out int file))
                Apply(new Transition(TransitionKind.Injection, file));
            while (kernel.TryFindExit(0, out int cpu))
                Apply(new Transition(TransitionKind.Exit, cpu));
        }
        while (Fabric.Events.Count == 0 && _below is not { HasEffect: true } && _host.EventFds.TryFindReadable(_isRead, out int descriptor))
        {
            Apply(new Transition(TransitionKind.Fetch, descriptor));
            Apply(new Transition(TransitionKind.Readable));
        }
        return Fabric.Events.Count > 0 || _below is { HasEffect: true };
    }

    private static CallPorts PortsOf(World world)
    {
        var others = new Ports(world);
        return new(new FabricPorts
        {
            Kernel = world._host?.Port,
            EventFds = world._host?.EventFds,
            Cpus = others,
            Acks = others,
            Xen = others,
        }, world.Fabric);
    }

    private void BeginNext()
    {
        _state.Value.IsStirred = 1;
        Fabric.Carrier.TryPeek(out Event next);
        if (_design?.Intercept(this, next) == true)
        {
            Fabric.Carrier.Skip();
            CarriedOut();
            return;
        }
        Observe(next);
        if (_xen is not null && _xen.Hears(next))
            _xen.Heard(next);
        if (_routes is not null && RouteTable.Carries(next))
            _routes.Carry(next);
        else if (Fabric.Carrier.Begin(out _))
            return;
        CarriedOut();
        _design?.After(this, next);
    }

    /// <summary>With actors, observations at the head of the queue are told at once. They report what has happened, and
    /// change nothing, so nothing that comes in between could differ. Each transition of the queue is then an
    /// effect.</summary>
    private void TellObservations()
    {
        while (IsConcurrent && !Fabric.Carrier.InFlight && Fabric.Carrier.TryPeek(out Event next) && !next.IsEffect)
            BeginNext();
        while (IsConcurrent && _below is { HasEffect: true } below && !below.Events.Peek(0).IsEffect)
            below.CarryNext();
    }

    private void AnswerCall()
    {
        HostCall call = Fabric.Carrier.Call;
        if (Fabric.Carrier.Complete(Make(call), out _))
            return;
        CarriedOut();
        _design?.After(this, call.Effect);
    }

    private HostAnswer Make(in HostCall call)
    {
        if (_design?.Answers(this, call) is { } answer)
            return answer;
        answer = _ports.Make(call, Fabric.Carrier.Routes);
        // An eventfd that cannot be bound is served in userspace, and the laws check that. No other call of a scenario
        // may be refused.
        if (answer.Failure is { } failure && call.Kind != HostCallKind.Bind)
            Fail(_at, $"the host refused: {failure.Message}");
        return answer;
    }

    private void Rest()
    {
        _state.Value.IsStirred = 0;
        _design?.AtRest(this);
        _twin?.Compare();
        Observe(new Event(EventKind.Rest) { Time = Fabric.Now });
    }

    internal void Observe(in Event happened)
    {
        Laws.Observe(happened);
        Journal.Note(happened);
        Causes.Note(happened);
        if (happened.Kind == EventKind.StormBraked)
            _watch.NoteBrake(happened.IoApic, happened.Pin);
        Timeline.Add(happened);
        if (Recorder is null)
            return;
        NameSources(happened);
        Recorder(happened);
    }

    /// <summary>Sources that were there before the first event have a name too: the 8259's INTR.</summary>
    private void NameSources(in Event happened)
    {
        if (_options?.Named is not { } named)
            return;
        if (!_named)
        {
            _named = true;
            for (int slot = 0; slot < Spec.Fabric.Sources; slot++)
            {
                if (Fabric.Lines.Label(slot) is { Length: > 0 } label)
                    named(slot, label);
            }
        }
        else if (happened.Kind == EventKind.SourceConnected)
            named(happened.Source, Fabric.Lines.Label(happened.Source));
    }

    /// <summary>A device gets the acknowledge of its line, and raises it again if it still needs service.</summary>
    private void Acknowledged(int source)
    {
        if (!_deviceOfSlot.TryGetValue(source, out int device) || _devices[device].Removed != 0 || !Hears(device))
            return;
        Journal.NoteAck(device);
        if (IsBelow(device))
            _below!.Acknowledged(device);
        else if (_devices[device].Wants != 0 && Spec.Devices[device].Kind == SourceKind.Sampled)
            Assert(device);
    }

    /// <summary>The devices and CPUs of a world. Simulated CPUs check for interrupts by themselves, and do not
    /// implement INIT, SMI or start-up.</summary>
    private sealed class Ports(World world) : IAckPort, ICpuPort, IXenPort
    {
        public void Acknowledged(int source, uint generation) => world.Acknowledged(source);
        public void Interrupt(int cpu) { }
        public void Nmi(int cpu) => world._cpuPort.Nmi(cpu);
        public void Smi(int cpu) { }
        public void Init(int cpu) { }
        public void StartUp(int cpu, byte vector) { }
        // Other domains handle their events when a step says so.
        public void Upcall(ushort domain, int vcpu) { }
        public void PollerWoken(ushort domain, int vcpu) { }
        public void ConsumerTold(ushort domain, uint port) { }
        public void DriveIntx(ushort domain, int device, PciInterruptPin pin, bool asserted) => world._xen!.DriveIntx(domain, device, pin, asserted);
    }
}
