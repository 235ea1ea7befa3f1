using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Xen;
using Wirq.Xen;

namespace Wirq.Tests.Snapshots;

/// <summary>Each field of each state struct of a machine is saved, or named here as one that is not, with the reason. A
/// new field makes the test fail until its author decides this.</summary>
public class SavedFieldTests
{
    private const string Reserved = "keeps a struct without padding";

    /// <summary>Whole structs that are not saved.</summary>
    private static readonly Dictionary<string, string> s_structs = new()
    {
        ["SlotWord"] = "free slots follow from those in use",
        ["CookieTop"] = "the index follows from the virqs",
        ["CookieNode"] = "the index follows from the virqs",
        ["CarrierState"] = "a machine is saved without a call in flight",
        ["KernelRoute"] = "the routes of a commit in flight",
        ["LineState"] = "the order of sources and their levels are saved with the sources",
        ["PirqPort"] = "follows from the ports",
        ["WaitingListState"] = "saved as the list of those that wait, and its deadline",
    };

    /// <summary>Fields that are not saved.</summary>
    private static readonly Dictionary<string, string> s_fields = new()
    {
        ["FabricState.Reserved"] = Reserved,
        ["SourceState.Reserved"] = Reserved,
        ["IoApicState.Reserved"] = Reserved,
        ["VirqSlot.Reserved"] = Reserved,
        ["GsiRow.Reserved"] = Reserved,
        ["VirqSlot.Owner"] = "handles of before a restore are void",
        ["VirqSlot.Generation"] = "a machine is saved without an injection under way",
        ["GsiBudgetState.Used"] = "the virqs name their GSIs",
        ["RouteCacheState.Committing"] = "a machine is saved without a commit under way",
        ["IoApicState.EoiPins"] = "follows from the flags of the pins",
        ["IoApicState.Braked"] = "follows from the flags of the pins",
        ["ApicState.Ppr"] = "follows from TPR and ISR",
        ["ApicBusState.XApics"] = "follows from the local APICs",
        ["ApicBusState.Renumbered"] = "follows from the local APICs",
        ["ApicBusState.Table"] = "follows from the local APICs",
        ["ChannelState.Reserved"] = Reserved,
        ["DomainState.Reserved"] = Reserved,
        ["LinkState.Reserved"] = Reserved,
        ["LinkState.Reserved0"] = Reserved,
        ["LinkState.Asserting"] = "follows from the pins",
        ["DomainState.InUse"] = "follows from the ports",
        ["DomainState.Pollers"] = "follows from the vCPUs",
        ["VcpuState.Virqs"] = "follows from the ports",
        ["PirqState.Reserved"] = Reserved,
        ["DomainIrq.Reserved"] = Reserved,
        ["MachineIrq.Reserved"] = Reserved,
        ["DomainIrq.Pirq"] = "follows from the PIRQs",
        ["EmulatedGsi.Pirq"] = "follows from the PIRQs",
        ["MachineIrq.Guests"] = "follows from the PIRQs",
        ["MachineIrq.InFlight"] = "follows from the PIRQs",
    };

    /// <summary>Links of lists. They are saved as the order of the items, and a changed one may make a cycle: it is not
    /// tried.</summary>
    private static readonly HashSet<string> s_links = ["SourceState.Next", "VirqSlot.Next", "VirqSlot.Previous"];

    [Fact]
    public void A_change_of_any_field_of_a_machine_changes_its_snapshot_or_the_field_is_named_here() =>
        SavedFieldRule.Hold(Machines().Select(machine => (machine.Arena, (Func<byte[]>)machine.Save)), s_structs, s_fields, s_links);

    /// <summary>Machines that have every struct of state between them.</summary>
    private static IEnumerable<Fabric> Machines()
    {
        yield return RichMachine.Own(Profile.Manual);
        yield return RichMachine.Own(Profile.Qemu);
        yield return RichMachine.Own(Profile.Kvm);
        yield return RichMachine.Split();
        yield return RichMachine.Xen(CallbackPolicy.Ack);
    }
}

/// <summary>Machines in the middle of much.</summary>
internal static class RichMachine
{
    private static FabricOptions Small(Profile profile) => FabricOptions.Pc(2, profile) with
    {
        Sources = 8,
        IoApics = [new() { Profile = profile, Pins = 24, StormLimit = 2, StormDelay = 1000 }],
    };

    /// <summary>Its local APICs are its own: sources, a waiting ack, a storm brake, timers.</summary>
    internal static Fabric Own(Profile profile)
    {
        var fabric = new Fabric(Small(profile));
        fabric.Advance(10);
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        fabric.TryWrite(0, 0xFEE00320, 4, 0x20031);
        fabric.TryWrite(0, 0xFEE00380, 4, 70_000);
        Source disk = fabric.Connect(5, "disk"), card = fabric.Connect(5, "card", SourceKind.Sampled);
        fabric.Connect(6, "mouse", SourceKind.Edge);
        fabric.IoApics[0].WriteEntry(5, RedirectionEntry.Create(0x51, 0, level: true), fabric.Events);
        disk.Raise();
        card.Raise();
        for (int i = 0; i < 3; i++)
        {
            fabric.Drain();
            fabric.Take(0);
            fabric.TryWrite(0, 0xFEE000B0, 4, 0);
        }
        fabric.Drain();
        return fabric;
    }

    /// <summary>PIRQs of every kind: of GSIs, one of them in flight and one unmapped before its binding, of messages, and of
    /// the domain's own machine.</summary>
    private static void AddPirqs(Fabric fabric, ushort own)
    {
        Pirqs pirqs = fabric.Xen!.Pirqs!;
        var passthrough = new Passthrough(pirqs, fabric.Xen);
        var arena = new StateArena();
        var dom0 = new PvhDom0(pirqs, passthrough, new AcpiRouting([new(2, PciInterruptPin.A, 9), new(3, PciInterruptPin.A, 10)], [], arena),
            PassthroughDesign.SetUpInPciback, arena);
        var nic = new PassedDevice(2, PciInterruptPin.A, 5);
        dom0.Pass(nic, own);
        dom0.Pass(new(3, PciInterruptPin.A, 6), own);
        dom0.Unmap(own, pirqs.PirqOf(own, 10));
        dom0.WriteEntry(4, RedirectionEntry.Create(0x31, 0));
        pirqs.SetWire(11, true);
        dom0.MapMessage(own, nic, 12, out _);
        passthrough.Domctl(0, Domctl.BindMessage(XenVersion.Current, own, 12, 0x41, 1));
        pirqs.TakesMessages(pirqs.The(own), 13, requester: 0x20, delivering: true);
        byte[] map = new byte[40];
        System.Runtime.InteropServices.MemoryMarshal.Write(map, new MapPirqArgument64 { DomainId = own, MapType = 1, Gsi = 30, PirqNumber = 14 });
        fabric.Xen.Callback.SetVia(CallbackVia.OfVector(0xF3));
        pirqs.Hypercall(own, PhysdevOperation.MapPirq, map);
        fabric.Xen.Callback.SetVia(CallbackVia.OfIntx(3, PciInterruptPin.C));
        passthrough.Remove(new(0x18));
    }

    /// <summary>A domain of Xen that uses the FIFO ABI, connected to one that uses the 2-level ABI; its callback asserts
    /// by INTx, beside a device on the same link.</summary>
    internal static Fabric Xen(CallbackPolicy policy)
    {
        const ushort own = 1, other = 2;
        FabricOptions options = Small(Profile.Manual) with
        {
            IoApics = [new() { Pins = 48 }],
            Sources = XenPciLines.Sources + 8,
            Xen = new()
            {
                Channels = new()
                {
                    Domains =
                    [
                        new() { Id = 0, IsPrivileged = true, LargestPort = 63, Pirqs = 20 },
                        new() { Id = own, Vcpus = 2, LargestPort = 127, Pirqs = 20 },
                        new() { Id = other, Is64Bit = false, LargestPort = 63, Pirqs = 0 },
                    ],
                },
                Domain = own,
                Policy = policy,
                HasPciLines = true,
                Pirqs = new()
                {
                    Gsis = 16,
                    MessageIrqs = 2,
                    Bindings = 4,
                    Domains = [new() { Id = 0, IsHardware = true, Gsis = 16 }, new() { Id = own, RoutesPirqs = true }],
                    Devices = [new(0x10), new(0x18)],
                },
            },
        };
        var memory = new XenMemory(3);
        var fabric = new Fabric(options) { XenPages = memory };
        EventChannels channels = fabric.Xen!.Channels;
        var xen = new XenBench(channels, memory);
        xen.UseFifo(own, vcpus: 2);
        channels.RegisterVcpuInfo(own, 1, frame: 6, offset: 64);
        uint offered = xen.Open(own, other), ipi = xen.Ipi(own, vcpu: 0), moved = xen.Ipi(own, vcpu: 1);
        xen.Connect(other, own, offered);
        xen.Open(own, XenBench.Dom0);
        xen.Virq(own, VirtualInterrupt.Timer, vcpu: 1);
        xen.Answer(own, EventChannelOperation.BindPirq, 3, 0, 0);
        xen.Answer(own, EventChannelOperation.BindVcpu, offered, 1);
        xen.Answer(own, EventChannelOperation.SetPriority, ipi, 3);
        channels.OpenForXen(own, 0, other, out _);
        fabric.Xen.Lines!.Route(1, 11);
        fabric.Xen.Lines.Drive(4, PciInterruptPin.B, true);
        fabric.Xen.Callback.SetVector(1, 0x61);
        fabric.Xen.Callback.SetVia(CallbackVia.OfIntx(3, PciInterruptPin.C));
        xen.Word(own, 64) = 0;
        channels.Send(own, ipi);
        channels.Send(own, moved);
        xen.Answer(own, EventChannelOperation.Close, moved);
        channels.Poll(own, 1, [ipi + 1], interruptsEnabled: false);
        channels.SetPaused(other, true);
        AddPirqs(fabric, own);
        fabric.Drain();
        return fabric;
    }

    /// <summary>A kernel has the local APICs: virqs in most states, routes, a remapping unit.</summary>
    internal static Fabric Split()
    {
        FabricOptions options = Small(Profile.Manual) with
        {
            Vtd = new VtdOptions(),
            Routing = new RoutingOptions { Virqs = 6, BatchDelay = 1_000, BatchCount = 4, Kernel = new KernelLimits { Routes = 54, ReservedGsis = 48 } },
        };
        var fabric = new Fabric(options);
        fabric.Advance(10);
        RouteCache virqs = fabric.RouteCache!;
        var message = new Msi(0xFEE00000, 0x41);
        for (int i = 0; i < 3; i++)
        {
            VirqHandle virq = virqs.Register($"net {i}", (ushort)i);
            virqs.Attach(virq, new EventFd(10 + i));
            virqs.SetMessage(virq, message);
            virqs.Trigger(virq);
            if (i == 1)
                virqs.PromoteAll();
        }
        fabric.ConnectVirq(7, "card", VirqKind.Level);
        fabric.IoApics[0].WriteEntry(5, RedirectionEntry.Create(0x51, 0, level: true), fabric.Events);
        fabric.Drain();
        return fabric;
    }
}
