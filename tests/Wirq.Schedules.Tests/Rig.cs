using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Kernels;
using Wirq.Routing;

namespace Wirq.Schedules.Tests;

/// <summary>A host over a simulated kernel with one CPU, and virqs of one device.</summary>
internal sealed class Rig
{
    private const int Gsis = 4;
    private const byte FirstVector = 0x40;

    internal Rig(int virqs, Func<IKernelPort, IKernelPort>? kernelPort = null)
    {
        Kernel = LockedKernel.Create(new SimulatedKernelOptions { Cpus = 1, ReservedGsis = 2 * Gsis, Routes = 2 * Gsis + virqs }, eventFds: virqs);
        Kernel.Do(kernel => kernel.EnableApic(0));
        var fabric = new Fabric(new FabricOptions
        {
            Pic = null,
            IsaOverrides = new Dictionary<int, int>(),
            IntrAtPinZero = false,
            IoApics = [new IoApicOptions { Pins = Gsis }],
            Sources = 2,
            Routing = new RoutingOptions { Virqs = virqs, BatchCount = 1, Kernel = Kernel.Limits },
        });
        Host = new FabricHost(fabric, new FabricPorts { Kernel = kernelPort?.Invoke(Kernel) ?? Kernel, EventFds = Kernel });
        Triggers = [.. Enumerable.Range(0, virqs).Select(_ => Kernel.CreateEventFd())];
        Virqs = [.. Enumerable.Range(0, virqs).Select(Register)];
    }

    internal LockedKernel Kernel { get; }
    internal FabricHost Host { get; }
    internal EventFd[] Triggers { get; }
    internal Virq[] Virqs { get; }

    /// <summary>How many interrupts the kernel delivered, by a route or by a message.</summary>
    internal long Delivered => Kernel.Do(kernel => kernel.Figures.Injections + kernel.Figures.MessagesSignalled);

    /// <summary>Whether the vector of a virq is in IRR.</summary>
    internal bool IsRequested(int virq)
    {
        int vector = FirstVector + virq;
        return Kernel.Do(kernel => (kernel.ReadApic(0, ApicRegister.Request + (uint)(vector / 32) * 0x10) >> vector % 32 & 1) != 0);
    }

    /// <summary>The device writes its eventfd.</summary>
    internal void Interrupt(int virq) => Kernel.WriteByDevice(Triggers[virq]);

    /// <summary>What the thread of a poll does: it fetches a notification, and acts on it.</summary>
    internal void Poll(int times)
    {
        for (int i = 0; i < times && Kernel.WaitReadable(0, out int token); i++)
            Host.EventArrived(token);
    }

    /// <summary>Runs bodies, each on a thread of its own, to their end.</summary>
    internal static void Together(params Action[] bodies)
    {
        Thread[] threads = [.. bodies.Select(body => new Thread(() => body()))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
    }

    /// <summary>Every interrupt that was made is delivered, and none twice.</summary>
    internal void ExpectEach()
    {
        foreach (Virq virq in Virqs)
            virq.Unmask();
        Poll(Virqs.Length * 2);
        Host.Do(_ => { });
        for (int virq = 0; virq < Virqs.Length; virq++)
            Expect(IsRequested(virq), $"lost: virq {virq} was never delivered");
        Expect(Delivered == Virqs.Length, $"repeated: {Delivered} deliveries of {Virqs.Length} interrupts");
    }

    internal static void Expect(bool isSo, string otherwise)
    {
        if (!isSo)
            throw new InvalidOperationException(otherwise);
    }

    private Virq Register(int index)
    {
        Virq virq = Host.Register($"virq {index}", requester: 0x10, Triggers[index]);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create((byte)(FirstVector + index), DeliveryMode.Fixed, destination: 0)));
        return virq;
    }
}
