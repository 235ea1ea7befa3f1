using System.Diagnostics;
using System.Globalization;
using Wirq.Board.Bus;
using Wirq.Board.Cpus;
using Wirq.Board.Mailbox;
using Wirq.Lab.Kernels;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Linux;
using Wirq.Linux.Files;
using Wirq.Routing;

namespace Wirq.Board.Twins;

/// <summary>A machine of KVM with a split or a full irqchip beside the simulated kernel of a world. Its CPUs run the mailbox guest,
/// with their local APICs in KVM; its eventfds, routes and irqfds are real.</summary>
/// <remarks>KVM carries out what it defers in its own time. So what differs is looked at again until it agrees, or
/// <see cref="Patience"/> is over.</remarks>
internal sealed class TwinMachine : IKernelTwin
{
    /// <summary>How long KVM may take for what it defers to its work queue.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Those of a runtime and of its command, and of an old machine beside a new one.
    private const int FewDescriptors = 200;

    private readonly MailboxHost _host;
    private readonly Fabric _fabric;
    private readonly MachineSpec _machine;
    private readonly SimulatedKernel _kernel;
    private readonly TwinEventFds _eventFds;
    private readonly Func<IKernelPort, IKernelPort>? _wrap;
    private readonly ulong _address;
    private readonly TwinCpus _cpus;
    private Parts _parts;
    private Saved? _saved;
    private readonly bool _isFull;
    private bool _changed = true;

    /// <param name="host">The host.</param>
    /// <param name="fabric">The interrupt system.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="virqs">The simulated kernel and its eventfds; it gets the port to both kernels.</param>
    /// <param name="wrap">Puts something between the scenario and KVM; null for nothing.</param>
    /// <exception cref="HostLacksException">The host has no room for it.</exception>
    internal TwinMachine(MailboxHost host, Fabric fabric, MachineSpec machine, VirqHost virqs, Func<IKernelPort, IKernelPort>? wrap = null)
    {
        (_host, _fabric, _machine, _kernel, _wrap) = (host, fabric, machine, virqs.Kernel!, wrap);
        long needs = machine.Devices.Sum(device => device.Vectors * ((device.HasEventFd ? 1L : 0) + (device.Resamples ? 1 : 0))) + machine.Cpus + FewDescriptors;
        if (DescriptorLimit.Raise() is var most && (ulong)needs > most)
            throw new HostLacksException(string.Create(CultureInfo.InvariantCulture, $"{needs} descriptors: RLIMIT_NOFILE is {most}"));
        _address = MailboxPlace.For(machine, MailboxMode.Long);
        _isFull = machine.Kernel == KernelModel.Full;
        _eventFds = new TwinEventFds(virqs.EventFds);
        _parts = Build(null, null);
        if (_parts.Kvm.Limits.ConsumesFirst != _kernel.Limits.ConsumesFirst)
        {
            _parts.Dispose();
            throw new TwinException($"it {(_kernel.Limits.ConsumesFirst ? "leaves the count of a bound eventfd" : "consumes a bound eventfd")}");
        }
        _cpus = new TwinCpus(this, fabric, _kernel, new MailboxWindow(MailboxMode.Long, machine.Cpus, host.PhysicalAddressBits));
        virqs.EventFds.Twin = _eventFds;
        virqs.Port = new TwinPort(virqs.Port!, () => _parts.Port, _eventFds, Changed);
    }

    public IGuestCpus Cpus => _cpus;

    internal MailboxGuest Guest => _parts.Guest;

    internal TwinVcpu Handler(int cpu) => _parts.Handlers[cpu];

    /// <summary>Something may have changed the state of the local APICs.</summary>
    internal void Changed() => _changed = true;

    /// <summary>Compares, if something was done since the last time.</summary>
    internal void CompareChanged()
    {
        if (_changed)
            Compare();
    }

    public void Compare()
    {
        // What the simulation has yet to inject, KVM may have injected already.
        if (_kernel.PendingWork > 0)
            return;
        _changed = false;
        long start = Stopwatch.GetTimestamp();
        SpinWait spin = default;
        while (Differs() is { } what)
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
                throw new TwinException(what);
            spin.SpinOnce();
        }
        for (int cpu = 0; cpu < _machine.Cpus; cpu++)
            CompareSignals(cpu);
    }

    public void ExitTaken(int cpu, byte vector)
    {
        int found = Handler(cpu).TakeExit();
        if (found != vector)
            throw new TwinException($"the EOI of 0x{vector:x2} on cpu{cpu} was not reported{(found < 0 ? "" : $", but that of 0x{found:x2}")}");
    }

    public void Save()
    {
        KvmVcpu[] vcpus = [.. _parts.Vm.Vcpus];
        for (int cpu = 0; cpu < vcpus.Length; cpu++)
            Handler(cpu).Finish(vcpus[cpu]);
        _saved = new Saved([.. vcpus.Select(vcpu => new VcpuState(vcpu))], [.. _parts.Handlers.Select(handler => handler.Exit)]);
    }

    public void Replace()
    {
        Parts old = _parts;
        // As the simulated one lets go of its irqfds before the new one is there.
        old.Kvm.Dispose();
        _parts = Build(old.Guest.Memory, _saved);
        old.Dispose();
        _saved = null;
        Changed();
    }

    public void Dispose()
    {
        _parts.Dispose();
        _eventFds.Dispose();
    }

    /// <summary>Builds a machine; after an update it goes on from what was saved.</summary>
    private Parts Build(MailboxMemory? from, Saved? saved)
    {
        SimulatedKernelOptions options = _kernel.Options;
        var memory = new MailboxMemory(MailboxMode.Long, _address, _machine.Cpus);
        KvmVm vm = _host.System.CreateVm();
        KvmKernelPort? kvm = null;
        try
        {
            if (from is not null)
                memory.CopyFrom(from);
            vm.SetTssAddress();
            if (_isFull)
                vm.CreateIrqChip();
            else
                vm.CreateSplitIrqChip(options.ReservedGsis);
            if (options.X2ApicApi != 0)
                vm.EnableX2ApicApi((X2ApicApi)options.X2ApicApi);
            vm.MapMemory(0, _address, memory.Mapping);
            for (int cpu = 0; cpu < _machine.Cpus; cpu++)
            {
                int id = options.ApicIds is { } ids ? (int)ids[cpu] : cpu;
                vm.CreateVcpu(id).SetCpuid(_host.CpuidOf(id, _machine.Cpus, kernelApic: true));
            }
            kvm = _isFull ? new KvmKernelPort(vm, KvmRoutingEntry.PinsOf(_fabric.Gsis)) : new KvmKernelPort(vm);
            if (_isFull)
                kvm.Commit([]);
            IKernelPort port = _wrap?.Invoke(kvm) ?? kvm;
            var devices = new DeviceBus();
            if (_machine.MemoryBytes > 0)
                devices.MapMemory(0, (ulong)_machine.MemoryBytes, new ScenarioMemory(_fabric.Memory));
            var chips = new MailboxBus(_fabric);
            TwinVcpu[] handlers = [.. Enumerable.Range(0, _machine.Cpus).Select(cpu =>
                new TwinVcpu(cpu, _fabric, new AccessExits(cpu, chips, devices), port) { Exit = saved?.Exits[cpu] ?? -1 })];
            var guest = new MailboxGuest(vm, memory, handlers, devices);
            for (int cpu = 0; cpu < _machine.Cpus; cpu++)
            {
                // KVM makes all vCPUs except the first wait for INIT and SIPI.
                vm.Vcpus[cpu].MpState = KvmMpState.Runnable;
                saved?.Cpus[cpu].GiveTo(vm.Vcpus[cpu]);
            }
            return new Parts(vm, kvm, port, handlers, guest);
        }
        catch
        {
            kvm?.Dispose();
            vm.Dispose();
            memory.Dispose();
            throw;
        }
    }

    private string? Differs()
    {
        for (int cpu = 0; cpu < _machine.Cpus; cpu++)
        {
            if (LapicComparison.Differs(cpu, _parts.Vm.Vcpus[cpu], _kernel) is { } what)
                return what;
            if (Handler(cpu).Exit >= 0 && !(_kernel.TryFindExit(cpu, out int told) && told == cpu))
                return $"it reports the EOI of 0x{Handler(cpu).Exit:x2} on cpu{cpu}";
        }
        return _isFull ? ChipComparison.Differs(_parts.Vm, _kernel) ?? _eventFds.Differs() : _eventFds.Differs();
    }

    /// <summary>What a CPU of a scenario gets besides vectors. An NMI is taken by the guest's handler.</summary>
    private void CompareSignals(int cpu)
    {
        CpuSignals signals = _kernel.TakeSignals(cpu);
        if ((signals & (CpuSignals.Init | CpuSignals.StartUp)) != 0)
            throw new HostLacksException("a guest that goes on after an INIT or a start-up IPI, which a local APIC in the kernel carries out");
        if ((signals & CpuSignals.Nmi) == 0)
            return;
        uint before = Guest.Block(cpu).Nmis;
        Guest.DoWhole(cpu, new MailboxOrder(MailboxOperation.Nop));
        if (Guest.Block(cpu).Nmis == before)
            throw new TwinException($"cpu{cpu} took no NMI");
    }

    /// <summary>One machine of KVM.</summary>
    private sealed record Parts(KvmVm Vm, KvmKernelPort Kvm, IKernelPort Port, TwinVcpu[] Handlers, MailboxGuest Guest) : IDisposable
    {
        public void Dispose()
        {
            Kvm.Dispose();
            // And with it the machine.
            Guest.Dispose();
        }
    }

    /// <summary>CPUs that were saved, and the EOIs that they had reported.</summary>
    private sealed record Saved(VcpuState[] Cpus, int[] Exits);
}
