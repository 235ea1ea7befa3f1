using System.Globalization;
using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Kernels;
using Wirq.Routing;
using Wirq.State;
using Wirq.Vfio;

namespace Wirq.Benchmarks;

/// <summary>Interrupts of a host's devices, from VFIO's hard handler to the IRR of the guest's local APIC and to the guest's EOI:
/// messages through a hot virq, and INTx through userspace; beside a message in the same run.</summary>
internal static class HostNumbers
{
    private const string MessageRow = "host-beside-msi-irr-take-eoi";
    private const byte Vector = 0x41;

    internal static void Measure(TextWriter output)
    {
        var message = new PathMachine();
        double beside = Quick.Measure(output, MessageRow, "ns", () => message.Message());
        var hot = new HotMessage();
        double forwarded = Quick.Measure(output, "host-msi-to-irr-take-eoi", "ns", hot.Interrupt);
        Quick.Print(output, "host-msi-to-msi", forwarded / beside, "times", "0.00");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"host-msi-wakes {hot.Wakes}"));
        foreach ((string name, VfioDeviceOptions device) in new[]
        {
            ("pci23", new VfioDeviceOptions { Name = "device" }),
            ("legacy", new VfioDeviceOptions { Name = "device", HasIntxDisable = false }),
            ("oneshot", new VfioDeviceOptions { Name = "device", Bus = VfioBus.Platform, Mode = ForwardMode.Oneshot }),
        })
        {
            var line = new ForwardedLine(device);
            double taken = Quick.Measure(output, $"host-intx-{name}-to-irr-take-eoi-unmask", "ns", line.Interrupt);
            Quick.Print(output, $"host-intx-{name}-to-msi", taken / beside, "times", "0.00");
        }
    }

    private static VfioIrqSet Trigger(VfioIrqIndex index) =>
        new(VfioIrqSet.Size + sizeof(int), VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionTrigger, (uint)index, 0, 1);

    private static void Demand(bool holds, string what)
    {
        if (!holds)
            throw new InvalidOperationException(what);
    }

    /// <summary>A device with MSI whose eventfd is bound to an irqfd of a simulated kernel.</summary>
    private sealed class HotMessage
    {
        private const int Routes = 64, Reserved = 48;

        private readonly SimulatedEventFds _eventFds;
        private readonly SimulatedKernel _kernel;
        private readonly VfioHost _host;

        internal HotMessage()
        {
            var arena = new StateArena();
            _eventFds = new SimulatedEventFds(8, arena);
            _kernel = new SimulatedKernel(new SimulatedKernelOptions { Routes = Routes, ReservedGsis = Reserved }, _eventFds, arena);
            _kernel.EnableApic(0);
            var fabric = new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 4, BatchDelay = 0, Kernel = _kernel.Limits } });
            var ports = new FabricPorts { Kernel = _kernel, EventFds = _eventFds };
            EventFd trigger = _eventFds.Create();
            RouteCache virqs = fabric.RouteCache!;
            VirqHandle virq = virqs.Register("device", requester: 8);
            virqs.Attach(virq, trigger);
            virqs.SetMessage(virq, Msi.Encode(InterruptMessage.Create(Vector, DeliveryMode.Fixed, destination: 0)));
            // The first one is served in userspace, and makes it hot.
            virqs.Trigger(virq);
            fabric.Drain(ports);
            Demand(_kernel.Take(0) == Vector, "the virq reaches no CPU");
            _kernel.Eoi(0);
            _host = new VfioHost(new() { Devices = [new() { Name = "device", MsiVectors = 1 }] }, new Descriptors());
            Demand(_host.SetIrqs(0, Trigger(VfioIrqIndex.Msi), BitConverter.GetBytes(trigger.Number)) == 0, "MSI cannot be enabled");
        }

        /// <summary>How often userspace was woken.</summary>
        internal long Wakes => _eventFds.Notifications;

        internal void Interrupt()
        {
            _host.SendMessage(0, 0);
            while (_host.Events.TryTake(out Event effect))
                _eventFds.Write(new EventFd(VfioSignalled.Of(effect).EventFd));
            Demand(_kernel.Take(0) == Vector, "the message reaches no CPU");
            _kernel.Eoi(0);
        }
    }

    /// <summary>A device with INTx: its process raises the line of its guest's I/OAPIC, and the acknowledge unmasks.</summary>
    private sealed class ForwardedLine : IAckPort
    {
        private const int Trigger = 3;
        private readonly PathMachine _machine = new();
        private readonly VfioHost _host;
        private readonly VfioWayBack _process;
        private readonly FabricPorts _ports;

        internal ForwardedLine(VfioDeviceOptions device)
        {
            _host = new VfioHost(new() { Devices = [device] }, new Descriptors());
            Demand(_host.SetIrqs(0, HostNumbers.Trigger(VfioIrqIndex.Intx), BitConverter.GetBytes(Trigger)) == 0, "INTx cannot be enabled");
            _process = new VfioWayBack(_host, 0);
            _ports = new FabricPorts { Acks = this };
        }

        internal void Interrupt()
        {
            _host.SetLevel(0, true);
            Run();
            Demand(_process.IsAsserted, "the process has no event");
            _machine.Source.Raise();
            _machine.Fabric.Drain(_ports);
            Demand(_machine.Fabric.Take(0) >= 0, "the line reaches no CPU");
            // The driver serves the device.
            _host.SetLevel(0, false);
            _machine.Eoi();
            _machine.Fabric.Drain(_ports);
            Demand(!_host.IsMasked(0) && !_host.IsWaiting(0), "the device is not unmasked");
        }

        public void Acknowledged(int source, uint generation)
        {
            _process.Acknowledged();
            _machine.Source.Lower();
            Run();
        }

        private void Run()
        {
            do
            {
                while (_host.Events.TryTake(out Event effect))
                {
                    if (effect.Kind == EventKind.VfioSignalled)
                        _process.Signalled();
                    else
                        Demand(_host.Carry(effect), "an effect of nobody");
                }
            }
            while (_host.Irqs.Deliver(0));
        }
    }

    /// <summary>The kernel's own: each number is one.</summary>
    private sealed class Descriptors : IVfioEventFds
    {
        public bool Exists(int fd) => true;

        public bool IsReadable(int fd) => false;

        public void Drain(int fd)
        {
        }
    }
}
