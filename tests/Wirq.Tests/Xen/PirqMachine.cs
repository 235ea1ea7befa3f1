using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Routing;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>A machine that is a domain with PIRQs.</summary>
internal sealed class PirqMachine : IEventObserver
{
    internal const ushort Domain = 1, Nic = 2 << 3, Disk = 3 << 3;
    internal const byte Vector = 0xF3;

    private readonly FabricPorts _ports;
    private readonly LawSet? _laws;

    internal PirqMachine(bool observes = true, MsiFormat format = MsiFormat.ExtendedDestination, int pirqs = 64, bool laws = false)
    {
        Fabric = new Fabric(FabricOptions.Pc() with
        {
            IoApics = [new() { Pins = 48 }],
            Format = format,
            Remappers = [new PirqTranslatorOptions()],
            Routing = new RoutingOptions { Virqs = 4 },
            Xen = new XenOptions
            {
                Domain = Domain,
                Channels = new() { Domains = [new() { Id = Domain, Pirqs = pirqs }] },
                Pirqs = new() { Domains = [new() { Id = Domain, RoutesPirqs = true }] },
            },
        }) { XenPages = Memory };
        Fabric.Events.Observing = observes;
        _laws = laws ? new LawSet(Fabric.Options, Fabric.Gsis, new StateArena()) : null;
        _ports = new FabricPorts { Observer = observes ? this : null };
        Fabric.Xen!.Callback.SetVia(CallbackVia.OfVector(Vector));
        Fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        Run();
    }

    internal XenMemory Memory { get; } = new(2);
    internal Fabric Fabric { get; }
    internal Pirqs Pirqs => Fabric.Xen!.Pirqs!;
    internal RouteCache Cache => Fabric.RouteCache!;
    internal List<Event> Seen { get; } = [];

    public void Observe(in Event happened)
    {
        Seen.Add(happened);
        _laws?.Observe(happened);
    }

    internal void LawsHold() => Assert.All(_laws!.Laws, law => Assert.Equal($"{law.Name} holds", law.Describe()));

    /// <summary>The CPU takes what comes by the local APIC, and ends it.</summary>
    internal void Serve()
    {
        Run();
        while (Fabric.Take(0) is var vector and >= 0 && vector != Vector)
        {
            Fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0);
            Run();
        }
        Memory.SharedInfo(Domain)[0] = 0;
    }

    internal int Count(EventKind kind) => Seen.Count(e => e.Kind == kind);

    internal void Run() => Fabric.Drain(_ports);

    internal void Drain() => Fabric.Drain();

    internal RefusalReason Send(uint pirq)
    {
        RefusalReason answer = Fabric.Send(PirqMessage.For(pirq), Nic);
        Run();
        return answer;
    }

    internal VirqHandle Virq(uint pirq)
    {
        VirqHandle virq = Cache.Register("nic", Nic);
        Cache.SetMessage(virq, PirqMessage.For(pirq));
        return virq;
    }

    internal void Trigger(VirqHandle virq)
    {
        Cache.Trigger(virq);
        Run();
    }

    /// <summary>Closes a port and binds a PIRQ, while the queue waits.</summary>
    internal uint Rebind(uint port, int pirq)
    {
        byte[] close = BitConverter.GetBytes(port), bind = [.. BitConverter.GetBytes(pirq), 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(XenError.None, Fabric.Xen!.Channels.Hypercall(Domain, EventChannelOperation.Close, close));
        Assert.Equal(XenError.None, Fabric.Xen.Channels.Hypercall(Domain, EventChannelOperation.BindPirq, bind));
        return BitConverter.ToUInt32(bind, 8);
    }

    internal uint Port(int pirq)
    {
        byte[] a = new byte[12];
        MemoryMarshal.Write(a, pirq);
        Assert.Equal(XenError.None, Fabric.Xen!.Channels.Hypercall(Domain, EventChannelOperation.BindPirq, a));
        Run();
        return MemoryMarshal.Read<uint>(a.AsSpan(8));
    }

    internal void Close(uint port)
    {
        byte[] a = new byte[4];
        MemoryMarshal.Write(a, port);
        Assert.Equal(XenError.None, Fabric.Xen!.Channels.Hypercall(Domain, EventChannelOperation.Close, a));
        Run();
    }

    internal XenError Map(int gsi, int pirq) =>
        Call(PhysdevOperation.MapPirq, new MapPirqArgument64 { DomainId = Domain, MapType = 1, Gsi = gsi, PirqNumber = pirq });

    internal XenError Unmap(int pirq) => Call(PhysdevOperation.UnmapPirq, new UnmapPirqArgument { Domain = Domain, Pirq = pirq });

    internal XenError Eoi(int pirq) => Call(PhysdevOperation.Eoi, new EoiArgument { Pirq = (uint)pirq });

    private XenError Call<T>(PhysdevOperation operation, T argument) where T : unmanaged
    {
        XenError answer = Pirqs.Hypercall(Domain, operation, MemoryMarshal.AsBytes(new Span<T>(ref argument)));
        Run();
        return answer;
    }

    internal bool Takes(uint port)
    {
        ref byte pending = ref Memory.SharedInfo(Domain)[0x800 + (int)port / 8];
        bool was = (pending >> (int)(port % 8) & 1) != 0;
        pending &= (byte)~(1 << (int)(port % 8));
        return was;
    }
}

internal sealed class PirqGuests : IPirqGuests
{
    public CallbackVia CallbackOf(ushort domain) => CallbackVia.OfVector(PirqMachine.Vector);
    public bool IsAsserted(ushort domain, int gsi) => false;
    public int RouteOf(ushort domain, int link) => 0;
}
