using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Embedder.Tests;

/// <summary>A machine with a VT-d unit and one of an embedder's own, and all laws.</summary>
internal sealed class TwoUnits : IEventObserver
{
    /// <summary>In the scope of the table, and the only devices there.</summary>
    internal const ushort Nic = 0x0418, Disk = 0x0420;
    /// <summary>The number of the embedder's unit: VT-d's is 0.</summary>
    internal const int Table = 1;

    private readonly FabricPorts _ports;
    private readonly LawSet _laws;
    private int _eventFds;

    internal TwoUnits(bool kernel = true, ushort pins = 0xFF00) : this(new Fabric(OptionsOf(kernel, pins))
    {
        Memory = new SmallMemory(RemappedGuest.MemoryBytes, shared: false),
    }, forked: false) =>
        Guest = new RemappedGuest((SmallMemory)Machine.Memory, Machine.Options.Vtd!.Address, Write);

    private TwoUnits(Fabric machine, bool forked)
    {
        Machine = machine;
        _laws = forked ? machine.Laws[0] : new LawSet(machine.Options, machine.Gsis, machine.Arena);
        Kernel = new SmallKernel(machine);
        _ports = machine.Options.Routing?.Kernel is null ? new() { Observer = this }
            : new() { Observer = this, Kernel = Kernel, EventFds = Kernel };
    }

    internal Fabric Machine { get; }
    internal SmallKernel Kernel { get; }
    internal RemappedGuest? Guest { get; }
    internal List<Event> Seen { get; } = [];
    internal TableRemapper Unit => (TableRemapper)Machine.Remappers[Table];
    internal TableRemapperOptions UnitOptions => (TableRemapperOptions)Machine.Options.Remappers[0];

    internal ulong Faults
    {
        get
        {
            Assert.True(Machine.TryRead(0, UnitOptions.Address + TableRemapper.Faults, 8, out ulong faults));
            return faults;
        }
    }

    internal static FabricOptions OptionsOf(bool kernel, ushort pins) => FabricOptions.Pc(cpus: 2) with
    {
        IoApics = [new() { Requester = pins }],
        Vtd = new VtdOptions(),
        Remappers = [new TableRemapperOptions { Scope = [new(0x0400, 0x04FF)] }],
        Routing = new() { Virqs = 16, BatchCount = 1, Kernel = kernel ? new() { ReservedGsis = 48 } : null },
    };

    /// <summary>A fork of the machine, with its own ports.</summary>
    internal TwoUnits Fork() => new(Machine.Fork(), forked: true);

    internal void Put(int row, byte vector, uint cpu, bool present = true) =>
        Write(UnitOptions.Address + (ulong)row * 8, 8, (present ? 1ul << 63 : 0) | (ulong)cpu << 8 | vector);

    internal void Forget(ushort requester, int row) =>
        Write(UnitOptions.Address + TableRemapper.Forget, 8, (ulong)TableRemapper.KeyOf(requester, (uint)row));

    internal void ForgetAll() => Write(UnitOptions.Address + TableRemapper.Forget, 8, TableRemapper.All);

    internal void Write(ulong address, int size, ulong value)
    {
        Assert.True(Machine.TryWrite(0, address, size, value));
        Drain();
    }

    /// <summary>A virq with an eventfd.</summary>
    internal VirqHandle Register(ushort requester, Msi message, bool prefault = false)
    {
        VirqHandle virq = Machine.RouteCache!.Register($"device {requester:x4}", requester, prefault);
        Machine.RouteCache.SetMessage(virq, message);
        Machine.RouteCache.Attach(virq, new EventFd(100 + _eventFds++));
        Drain();
        return virq;
    }

    /// <summary>What an embedder's table reads: the low four bits name the row.</summary>
    internal static Msi Row(int row) => new(0xFEE00000, (uint)row);

    /// <summary>The device writes its eventfd.</summary>
    /// <returns>What was injected.</returns>
    internal InterruptMessage? Signal(VirqHandle virq)
    {
        int before = Kernel.Injected.Count;
        Kernel.Signal(virq);
        Drain();
        return Kernel.Injected.Count == before ? null : Kernel.Injected[before];
    }

    internal VirqState StateOf(VirqHandle virq) => Machine.RouteCache!.StateOf(virq);

    internal void Drain() => Machine.Drain(_ports);

    internal static InterruptMessage To(uint cpu, byte vector) => InterruptMessage.Create(vector, DeliveryMode.Fixed, cpu);

    internal void LawsHold() => Assert.All(_laws.Laws, law => Assert.True(law.Break is null, law.Describe()));

    void IEventObserver.Observe(in Event happened)
    {
        _laws.Observe(happened);
        Seen.Add(happened);
    }
}
