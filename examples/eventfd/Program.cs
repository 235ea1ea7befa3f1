using Wirq;
using Wirq.Host;
using Wirq.Lab.Kernels;
using Wirq.Linux;
using Wirq.Routing;

// Two devices on one line, each on a thread of its own, each with an eventfd; the kernel is KVM where there is one.
const int Pin = 20, Times = 20;
const byte Vector = 0x51;
var builder = new FabricHostBuilder(FabricOptions.Pc() with { Pic = null });
if (OperatingSystem.IsLinux() && File.Exists("/dev/kvm") && args is not ["--simulated"])
    builder.UseKvm();
else
    builder.UseSimulatedKernel();
using HostMachine machine = builder.Build();
FabricHost pc = machine.Host;

// The guest: its local APIC on, the pin level triggered and at CPU 0.
if (OperatingSystem.IsLinux() && machine.Kernel is KvmKernelPort kvm)
    kvm.Vm.CreateVcpu(id: 0).WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
else if (machine.Kernel is LockedKernel simulated)
    simulated.Do(chips => chips.EnableApic(cpu: 0));
pc.TryWrite(cpu: 0, 0xFEC00000, 4, 0x10 + Pin * 2);
pc.TryWrite(cpu: 0, 0xFEC00010, 4, RedirectionEntry.Create(Vector, destination: 0, level: true).Low);

// The vCPU's thread: each EOI of the guest comes out of KVM_RUN as KVM_EXIT_IOAPIC_EOI.
using var done = new CancellationTokenSource();
var vcpu = new Thread(() => { while (!done.IsCancellationRequested) { pc.Eoi(cpu: 0, Vector); Thread.Yield(); } });
vcpu.Start();

Thread[] devices = [Device("disk"), Device("nic")];
Array.ForEach(devices, device => device.Join());
done.Cancel();
vcpu.Join();

// A device writes its eventfd, and does so again when it hears that the guest has served its line.
Thread Device(string name)
{
    EventFd wants = machine.CreateEventFd();
    var served = new AutoResetEvent(false);
    Virq virq = pc.RegisterOnLine(name, Pin, trigger: wants, acknowledged: () => served.Set());
    var thread = new Thread(() =>
    {
        for (int i = 0; i < Times; i++)
        {
            machine.EventFds.Write(wants);
            served.WaitOne();
        }
        virq.Dispose();
        Console.WriteLine($"{name}: served {Times} times");
    });
    thread.Start();
    return thread;
}
