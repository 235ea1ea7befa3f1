using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>A hypervisor with a PVH dom0, an HVM guest that routes PIRQs, a PV guest, a PVH guest, and a device model's domain.
/// The guests' machines are what a test says they are.</summary>
internal sealed class PirqWorld : IPirqGuests
{
    internal const ushort Dom0 = 0, Guest = 1, Pv = 2, Pvh = 3, Model = 4, NoIommu = 5, Nobody = 9;
    internal const uint Nic = 2 << 3, Disk = 3 << 3;

    internal PirqWorld(XenVersion version = XenVersion.Current, XenProfile profile = XenProfile.Xen, int pirqs = 64, int bindings = 8)
    {
        Memory = new XenMemory(6);
        Channels = new EventChannels(new()
        {
            Domains =
            [
                new() { Id = Dom0, IsPrivileged = true, Pirqs = pirqs },
                new() { Id = Guest, Vcpus = 2, Pirqs = pirqs },
                new() { Id = Pv, IsHvm = false, Pirqs = pirqs },
                new() { Id = Pvh, Pirqs = pirqs },
                new() { Id = Model, IsHvm = false, Pirqs = pirqs },
                new() { Id = NoIommu, Pirqs = pirqs },
            ],
        }, Memory);
        Options = new PirqOptions
        {
            Version = version,
            Profile = profile,
            Bindings = bindings,
            MessageIrqs = 4,
            Domains =
            [
                new() { Id = Dom0, IsHardware = true, Gsis = 24 },
                new() { Id = Guest, RoutesPirqs = true },
                new() { Id = Model, Serves = Guest },
                new() { Id = NoIommu, RoutesPirqs = true, HasIommu = false },
            ],
            Devices = [new(Nic), new(Disk)],
        };
        Arena = new StateArena();
        Pirqs = new Pirqs(Options, Channels, this, Arena);
        Passthrough = new Passthrough(Pirqs, this);
        Channels.Events.Observing = true;
    }

    internal XenMemory Memory { get; }
    internal EventChannels Channels { get; }
    internal PirqOptions Options { get; }
    internal StateArena Arena { get; }
    internal Pirqs Pirqs { get; }
    internal Passthrough Passthrough { get; }
    internal CallbackVia Callback { get; set; } = CallbackVia.OfVector(0xF3);
    internal HashSet<int> Asserted { get; } = [];
    internal int[] Routes { get; } = new int[4];

    CallbackVia IPirqGuests.CallbackOf(ushort domain) => Callback;
    bool IPirqGuests.IsAsserted(ushort domain, int gsi) => Asserted.Contains(gsi);
    int IPirqGuests.RouteOf(ushort domain, int link) => Routes[link];

    internal XenError Map(ushort caller, ushort domain, int gsi, int pirq, out int mapped, MapPirqType type = MapPirqType.Gsi)
    {
        var a = new MapPirqArgument64 { DomainId = domain, MapType = (int)type, Gsi = gsi, PirqNumber = pirq };
        XenError answer = Call(caller, PhysdevOperation.MapPirq, ref a);
        mapped = a.PirqNumber;
        return answer;
    }

    internal XenError Map(ushort caller, ushort domain, int gsi, int pirq) => Map(caller, domain, gsi, pirq, out _);

    internal XenError MapMessage(ushort caller, ushort domain, uint device, int pirq, out int mapped, int index = -1)
    {
        var a = new MapPirqArgument64
        {
            DomainId = domain, MapType = (int)MapPirqType.Msi, Gsi = index, PirqNumber = pirq,
            BusAndSegment = (int)(device >> 8), DeviceFunction = (byte)device, Entry = 1,
        };
        XenError answer = Call(caller, PhysdevOperation.MapPirq, ref a);
        mapped = a.PirqNumber;
        return answer;
    }

    internal XenError Unmap(ushort caller, ushort domain, int pirq)
    {
        var a = new UnmapPirqArgument { Domain = domain, Pirq = pirq };
        return Call(caller, PhysdevOperation.UnmapPirq, ref a);
    }

    internal XenError SetUp(ushort caller, int gsi, bool level = true, bool low = true)
    {
        var a = new SetupGsiArgument { Gsi = gsi, Triggering = level ? (byte)1 : (byte)0, Polarity = low ? (byte)1 : (byte)0 };
        return Call(caller, PhysdevOperation.SetupGsi, ref a);
    }

    internal XenError GetFree(ushort caller, MapPirqType type, out int pirq)
    {
        var a = new GetFreePirqArgument { Type = (int)type };
        XenError answer = Call(caller, PhysdevOperation.GetFreePirq, ref a);
        pirq = (int)a.Pirq;
        return answer;
    }

    internal XenError Eoi(ushort caller, int pirq)
    {
        var a = new EoiArgument { Pirq = (uint)pirq };
        return Call(caller, PhysdevOperation.Eoi, ref a);
    }

    internal XenError Status(ushort caller, int pirq, out uint flags)
    {
        var a = new IrqStatusArgument { Pirq = (uint)pirq, Flags = 0xFF };
        XenError answer = Call(caller, PhysdevOperation.IrqStatusQuery, ref a);
        flags = a.Flags;
        return answer;
    }

    internal XenError Bind(ushort caller, ushort domain, int pirq, byte device = 5, PciInterruptPin pin = PciInterruptPin.A, bool bind = true) =>
        Passthrough.Domctl(caller, Domctl.BindPin(Options.Version, domain, (uint)pirq, device, pin, bind));

    internal XenError Permit(ushort caller, ushort domain, int gsi, bool grant = true) =>
        Passthrough.Domctl(caller, Domctl.GsiPermission(Options.Version, domain, (uint)gsi, grant));

    internal XenError PermitPirq(ushort caller, ushort domain, int pirq) =>
        Passthrough.Domctl(caller, Domctl.IrqPermission(Options.Version, domain, (uint)pirq));

    /// <summary>A guest gives a PIRQ a port.</summary>
    internal uint Port(ushort domain, int pirq)
    {
        byte[] a = new byte[12];
        MemoryMarshal.Write(a, pirq);
        Assert.Equal(XenError.None, Channels.Hypercall(domain, EventChannelOperation.BindPirq, a));
        return MemoryMarshal.Read<uint>(a.AsSpan(8));
    }

    internal void Close(ushort domain, uint port)
    {
        byte[] a = new byte[4];
        MemoryMarshal.Write(a, port);
        Assert.Equal(XenError.None, Channels.Hypercall(domain, EventChannelOperation.Close, a));
    }

    /// <summary>Whether an event is pending at a port, which takes it.</summary>
    internal bool Takes(ushort domain, uint port)
    {
        ref byte pending = ref Memory.SharedInfo(domain)[0x800 + (int)port / 8];
        bool was = (pending >> (int)(port % 8) & 1) != 0;
        pending &= (byte)~(1 << (int)(port % 8));
        return was;
    }

    /// <summary>All events since the last call, of one kind.</summary>
    internal List<Event> Take(EventKind kind) => [.. TakeAll().Where(e => e.Kind == kind)];

    internal List<Event> TakeAll()
    {
        var all = new List<Event>();
        while (Channels.Events.TryTake(out Event e))
            all.Add(e with { Time = 0 });
        return all;
    }

    private XenError Call<T>(ushort caller, PhysdevOperation operation, ref T argument) where T : unmanaged
    {
        Span<T> one = [argument];
        XenError answer = Pirqs.Hypercall(caller, operation, MemoryMarshal.AsBytes(one));
        argument = one[0];
        return answer;
    }
}
