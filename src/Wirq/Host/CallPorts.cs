using System.Buffers.Binary;
using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>Makes the calls that a <see cref="Carrier"/> requests.</summary>
internal interface ICallPorts
{
    /// <summary>Whether there is an observer.</summary>
    bool Observes { get; }

    /// <summary>Whether an effect should be carried out. An effect for which this is false has no port, and nothing
    /// would follow from it.</summary>
    bool Wants(EventKind effect);

    /// <summary>Reports the next event to the observer.</summary>
    void Observe(in Event next);

    /// <summary>Makes a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="routes">The routes of a <see cref="HostCallKind.Commit"/>.</param>
    /// <returns>The answer; a failure of the host is an answer too.</returns>
    HostAnswer Make(in HostCall call, ReadOnlySpan<KernelRoute> routes);
}

/// <summary>Only memory, no other port.</summary>
internal readonly struct NoPorts(Fabric fabric) : ICallPorts
{
    public bool Observes => false;
    // There is no kernel to answer; a route table without a kernel counts as committed.
    public bool Wants(EventKind effect) => effect is EventKind.MemoryWrite or EventKind.RoutesCommitted;
    public void Observe(in Event next) { }

    public HostAnswer Make(in HostCall call, ReadOnlySpan<KernelRoute> routes) =>
        call.Kind == HostCallKind.WriteMemory ? CallPorts.Write(call.Effect, fabric.Memory) : HostAnswer.Nobody;
}

/// <summary>The ports of a machine, and its memory.</summary>
internal readonly struct CallPorts(FabricPorts ports, Fabric fabric) : ICallPorts
{
    public bool Observes => ports.Observer is not null;
    public bool Wants(EventKind effect) =>
        ports.Cpus is not null || effect is not (EventKind.CpuInterrupt or EventKind.CpuNmi or EventKind.CpuSmi
            or EventKind.CpuInit or EventKind.CpuStartUp);
    public void Observe(in Event next) => ports.Observer!.Observe(next);

    /// <summary>Whether the observer observes an event.</summary>
    internal bool IsObserved(in Event next) => ports.Observer!.Observes(next);

    /// <summary>Whether there is a port for a call.</summary>
    internal bool Has(HostCallKind kind) => kind switch
    {
        HostCallKind.Commit or HostCallKind.Bind or HostCallKind.Unbind or HostCallKind.Signal or HostCallKind.SetLine =>
            ports.Kernel is not null,
        HostCallKind.Watch or HostCallKind.Unwatch or HostCallKind.Read or HostCallKind.Write => ports.EventFds is not null,
        HostCallKind.Acknowledge => ports.Acks is not null,
        HostCallKind.TellXen => ports.Xen is not null,
        HostCallKind.Interrupt or HostCallKind.Nmi or HostCallKind.Smi or HostCallKind.Init or HostCallKind.StartUp =>
            ports.Cpus is not null,
        _ => kind == HostCallKind.WriteMemory,
    };

    public HostAnswer Make(in HostCall call, ReadOnlySpan<KernelRoute> routes)
    {
        if (!Has(call.Kind))
            return HostAnswer.Nobody;
        try
        {
            return call.Kind switch
            {
                HostCallKind.WriteMemory => Write(call.Effect, fabric.Memory),
                HostCallKind.Acknowledge => Make(call, ports.Acks!),
                HostCallKind.TellXen => Make(call, ports.Xen!),
                HostCallKind.Watch or HostCallKind.Unwatch or HostCallKind.Read or HostCallKind.Write => Make(call, ports.EventFds!),
                HostCallKind.Interrupt or HostCallKind.Nmi or HostCallKind.Smi or HostCallKind.Init or HostCallKind.StartUp =>
                    Make(call, ports.Cpus!),
                _ => Make(call, ports.Kernel!, routes),
            };
        }
        catch (KernelException failure)
        {
            ports.Observer?.Failed(failure);
            return new HostAnswer(HostAnswerKind.Refused, failure);
        }
    }

    private static HostAnswer Make(in HostCall call, IKernelPort kernel, ReadOnlySpan<KernelRoute> routes)
    {
        switch (call.Kind)
        {
            case HostCallKind.Commit:
                kernel.Commit(routes);
                break;
            case HostCallKind.Bind:
                kernel.Bind(call.Gsi, call.EventFd, call.Resample);
                break;
            case HostCallKind.Unbind:
                kernel.Unbind(call.Gsi, call.EventFd);
                break;
            case HostCallKind.Signal:
                return HostAnswer.Of(kernel.Signal(call.Effect.Message));
            case HostCallKind.SetLine:
                kernel.SetLine(call.Gsi, call.Asserted);
                break;
        }
        return HostAnswer.Yes;
    }

    private static HostAnswer Make(in HostCall call, IEventPort fds)
    {
        switch (call.Kind)
        {
            case HostCallKind.Watch:
                fds.Watch(call.EventFd, call.Token);
                break;
            case HostCallKind.Unwatch:
                fds.Unwatch(call.EventFd);
                break;
            case HostCallKind.Read:
                return HostAnswer.Of(fds.Read(call.EventFd));
            case HostCallKind.Write:
                fds.Write(call.EventFd);
                break;
        }
        return HostAnswer.Yes;
    }

    private static HostAnswer Make(in HostCall call, ICpuPort cpus)
    {
        int cpu = call.Effect.Cpu;
        switch (call.Kind)
        {
            case HostCallKind.Interrupt:
                cpus.Interrupt(cpu);
                break;
            case HostCallKind.Nmi:
                cpus.Nmi(cpu);
                break;
            case HostCallKind.Smi:
                cpus.Smi(cpu);
                break;
            case HostCallKind.Init:
                cpus.Init(cpu);
                break;
            case HostCallKind.StartUp:
                cpus.StartUp(cpu, call.Effect.Vector);
                break;
        }
        return HostAnswer.Yes;
    }

    private static HostAnswer Make(in HostCall call, IAckPort acks)
    {
        acks.Acknowledged(call.Effect.Source, call.Generation);
        return HostAnswer.Yes;
    }

    private static HostAnswer Make(in HostCall call, IXenPort xen)
    {
        switch (call.Effect.Kind)
        {
            case EventKind.XenUpcall:
                XenUpcall upcall = XenUpcall.Of(call.Effect);
                xen.Upcall(upcall.Domain, upcall.Vcpu);
                break;
            case EventKind.XenPollerWoken:
                XenPollerWoken woken = XenPollerWoken.Of(call.Effect);
                xen.PollerWoken(woken.Domain, woken.Vcpu);
                break;
            case EventKind.XenConsumerTold:
                XenConsumerTold told = XenConsumerTold.Of(call.Effect);
                xen.ConsumerTold(told.Domain, told.Port);
                break;
            case EventKind.XenGuestIntx:
                XenGuestIntx intx = XenGuestIntx.Of(call.Effect);
                xen.DriveIntx(intx.Domain, intx.Device, intx.Pin, intx.Asserted);
                break;
            case EventKind.XenGuestGsi:
                XenGuestGsi line = XenGuestGsi.Of(call.Effect);
                xen.DriveGsi(line.Domain, line.Gsi, line.Asserted);
                break;
            case EventKind.XenGuestMessage:
                xen.Send(call.Effect.Unit, call.Effect.Message);
                break;
        }
        return HostAnswer.Yes;
    }

    /// <summary>A write that hits no memory has no effect, as on a bus.</summary>
    internal static HostAnswer Write(in Event effect, IGuestMemory memory)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryWrite write = MemoryWrite.Of(effect);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, write.Data);
        return HostAnswer.Of(memory.TryWrite(write.Address, bytes));
    }
}
