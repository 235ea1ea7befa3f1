using Wirq.Host;
using Wirq.Lab.Kernels;
using Wirq.Routing;

namespace Wirq.Linux.Tests.Docs;

internal static class DeviceSample
{
    internal static int Run()
    {
        // sample
        LockedKernel? simulated = File.Exists("/dev/kvm") ? null : LockedKernel.Create(new() { ReservedGsis = 48 });
        using KvmVm? vm = simulated is null ? KvmSystem.Open().CreateVm() : null;
        vm?.CreateSplitIrqChip(reservedGsis: 48); // two for each pin of the I/OAPIC
        vm?.CreateVcpu(id: 0).WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        simulated?.Do(machine => machine.EnableApic(cpu: 0));

        // The fabric over either kernel, with a thread that polls eventfds.
        FabricHost pc = null!;
        using EpollLoop? loop = simulated is null ? new EpollLoop(virq => pc.EventArrived(virq)) : null;
        simulated?.Poll(virq => pc.EventArrived(virq));
        IKernelPort kernel = simulated ?? (IKernelPort)new KvmKernelPort(vm!);
        IEventPort events = simulated ?? (IEventPort)loop!;
        var routing = new RoutingOptions { Kernel = kernel.Limits with { ConsumesFirst = false }, BatchDelay = 0 };
        pc = new FabricHost(new Fabric(FabricOptions.Pc() with { Pic = null, Routing = routing }),
            new FabricPorts { Kernel = kernel, EventFds = events });

        // The guest points pin 20 of the I/OAPIC at CPU 0, level triggered.
        pc.TryWrite(cpu: 0, 0xFEC00000, 4, 0x10 + 20 * 2);
        pc.TryWrite(cpu: 0, 0xFEC00010, 4, RedirectionEntry.Create(vector: 0x51, destination: 0, level: true).Low);

        // The device: its virq, its eventfd, and what it hears when the guest has served it.
        int served = 0;
        using EventFdHandle? owned = simulated is null ? EventFdHandle.Create() : null;
        EventFd wants = owned?.EventFd ?? simulated!.CreateEventFd();
        using Virq disk = pc.RegisterOnLine("disk", gsi: 20, trigger: wants, acknowledged: () => served++);
        events.Write(wants); // as a device of any process would
        while (served == 0)
            pc.Eoi(cpu: 0, vector: 0x51); // the guest ends its interrupt: KVM_EXIT_IOAPIC_EOI says so
        return served;
        // end
    }
}
