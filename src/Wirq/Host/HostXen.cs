using Wirq.Xen;

namespace Wirq.Host;

/// <summary>The inputs of Xen's domains, from any thread: <see cref="FabricHost.Xen"/>.</summary>
/// <remarks>Each is a completing call: the upcall that follows has reached the vCPU, and the line its chips, when it returns.
/// None may be made under a lock that a port of the host takes. No lock of the host is held while a port is called.
/// Guests change their words meanwhile.</remarks>
public sealed class HostXen
{
    private readonly FabricHost _host;

    internal HostXen(FabricHost host) => _host = host;

    /// <summary>A vCPU makes the hypercall <c>event_channel_op</c>: <see cref="EventChannels.Hypercall"/>.</summary>
    public XenError Hypercall(ushort caller, EventChannelOperation operation, Span<byte> argument) => _host.Hypercall(caller, operation, argument);

    /// <summary>A vCPU makes the hypercall <c>physdev_op</c>: <see cref="Pirqs.Hypercall"/>. A machine without PIRQs does not
    /// implement it.</summary>
    public XenError Hypercall(ushort caller, PhysdevOperation operation, Span<byte> argument, bool is64Bit = true) =>
        _host.Physdev(caller, operation, argument, is64Bit);

    /// <summary>A vCPU sends an event: <see cref="EventChannels.Send(ushort, uint)"/>.</summary>
    public XenError Send(ushort caller, uint port) =>
        _host.Do((caller, port), static (fabric, a) => fabric.Xen!.Channels.Send(a.caller, a.port));

    /// <summary>A virtual interrupt happens: <see cref="EventChannels.RaiseVirq"/>.</summary>
    public void RaiseVirq(ushort domain, int vcpu, int virq) => _host.Do((domain, vcpu, virq), static (fabric, a) =>
    {
        fabric.Xen!.Channels.RaiseVirq(a.domain, a.vcpu, a.virq);
        return true;
    });

    /// <summary>A physical interrupt happens: <see cref="EventChannels.RaisePirq"/>.</summary>
    public void RaisePirq(ushort domain, int pirq) => _host.Do((domain, pirq), static (fabric, a) =>
    {
        fabric.Xen!.Channels.RaisePirq(a.domain, a.pirq);
        return true;
    });

    /// <summary>The end of SCHEDOP_poll: <see cref="EventChannels.EndPoll"/>.</summary>
    public void EndPoll(ushort domain, int vcpu) => _host.Do((domain, vcpu), static (fabric, a) =>
    {
        fabric.Xen!.Channels.EndPoll(a.domain, a.vcpu);
        return true;
    });

    /// <summary>A vCPU makes the hypercall SCHEDOP_poll: <see cref="EventChannels.Poll"/>.</summary>
    public PollAnswer Poll(ushort caller, int vcpu, ReadOnlySpan<uint> ports, bool interruptsEnabled) =>
        _host.Poll(caller, vcpu, ports, interruptsEnabled);

    /// <summary>A vCPU makes the hypercall VCPUOP_register_vcpu_info: <see cref="EventChannels.RegisterVcpuInfo"/>.</summary>
    public XenError RegisterVcpuInfo(ushort caller, uint vcpu, ulong frame, uint offset) =>
        _host.Do((caller, vcpu, frame, offset), static (fabric, a) => fabric.Xen!.Channels.RegisterVcpuInfo(a.caller, a.vcpu, a.frame, a.offset));

    /// <summary>The guest sets HVM_PARAM_CALLBACK_IRQ: <see cref="XenCallback.SetVia"/>.</summary>
    public void SetVia(CallbackVia via) => _host.Do(via, static (fabric, its) =>
    {
        fabric.Xen!.Callback.SetVia(its);
        return true;
    });

    /// <summary>The guest gives a vCPU a vector of its own: <see cref="XenCallback.SetVector"/>.</summary>
    public XenError SetVector(uint vcpu, byte vector) =>
        _host.Do((vcpu, vector), static (fabric, a) => fabric.Xen!.Callback.SetVector(a.vcpu, a.vector));

    /// <summary>A vCPU is about to enter its guest: <see cref="XenCallback.Enter"/>. With <see cref="CallbackPolicy.Ack"/> it
    /// takes no lock.</summary>
    public bool Enter(int vcpu) => _host.Options.Xen!.Policy == CallbackPolicy.Poll
        && _host.Do(vcpu, static (fabric, entering) => fabric.Xen!.Callback.Enter(entering));

    /// <summary>A device drives its pin: <see cref="XenPciLines.Drive"/>.</summary>
    /// <exception cref="InvalidOperationException">The machine has no PCI lines of Xen.</exception>
    public void Drive(int device, PciInterruptPin pin, bool asserted) => _host.Do((device, pin, asserted), static (fabric, a) =>
    {
        LinesOf(fabric).Drive(a.device, a.pin, a.asserted);
        return true;
    });

    /// <summary>A link leads to another ISA IRQ from now on: <see cref="XenPciLines.Route"/>.</summary>
    /// <exception cref="InvalidOperationException">The machine has no PCI lines of Xen.</exception>
    public void Route(int link, int irq) => _host.Do((link, irq), static (fabric, a) =>
    {
        LinesOf(fabric).Route(a.link, a.irq);
        return true;
    });

    private static XenPciLines LinesOf(Fabric fabric) => fabric.Xen!.Lines
        ?? throw new InvalidOperationException($"{nameof(XenOptions)}.{nameof(XenOptions.HasPciLines)} is not set: the machine has no PCI lines of Xen");
}
