using System.Collections.Concurrent;
using Wirq.Host;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Linux.Tests.Machines;

/// <summary>A fabric whose local APICs are in KVM, with its polling thread. No vCPU runs: delivered vectors stay in
/// IRR.</summary>
internal sealed class KvmMachine : IKernelPort, IDisposable
{
    internal const int ReservedGsis = 48;

    private readonly KvmVm _vm;
    private readonly KvmKernelPort _port;
    private readonly EpollLoop _loop;
    private readonly List<EventFdHandle> _eventFds = [];
    private int _wakeUps;

    /// <param name="system">The host's KVM.</param>
    /// <param name="limits">The limits of the kernel as the fabric gets them.</param>
    /// <param name="remapped">Whether a unit remaps.</param>
    internal KvmMachine(KvmSystem system, Func<KernelLimits, KernelLimits>? limits = null, bool remapped = false)
    {
        _vm = system.CreateVm();
        _vm.CreateSplitIrqChip(ReservedGsis);
        Cpu = KvmHost.Enabled(_vm, 0);
        _port = new KvmKernelPort(_vm);
        Limits = limits is null ? _port.Limits : limits(_port.Limits);
        var memory = new SmallMemory(RemappedGuest.MemoryBytes);
        Host = null!;
        _loop = new EpollLoop(Told, new() { EdgeTriggered = Limits.ConsumesFirst });
        Host = new FabricHost(new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 64, BatchCount = 1, BatchDelay = 0, Kernel = Limits },
            Vtd = remapped ? new VtdOptions() : null,
            Pic = null,
        })
        { Memory = memory }, new FabricPorts { Kernel = this, EventFds = _loop });
        Guest = remapped ? new RemappedGuest(memory, Host) : null!;
    }

    internal FabricHost Host { get; }
    internal RemappedGuest Guest { get; }
    internal KvmVcpu Cpu { get; }

    /// <summary>The fabric's calls to the kernel.</summary>
    internal ConcurrentQueue<string> Calls { get; } = [];

    /// <summary>The number of reports of the poll.</summary>
    internal int WakeUps => Volatile.Read(ref _wakeUps);

    public KernelLimits Limits { get; }

    /// <summary>Runs a test on such a machine, where the host has KVM.</summary>
    internal static void Run(Action<KvmMachine> test, Func<KernelLimits, KernelLimits>? limits = null, bool remapped = false) =>
        KvmHost.Run(system =>
        {
            using var machine = new KvmMachine(system, limits, remapped);
            test(machine);
        });

    internal EventFdHandle EventFd()
    {
        EventFdHandle fd = EventFdHandle.Create();
        _eventFds.Add(fd);
        return fd;
    }

    /// <summary>A device with a message of its own.</summary>
    internal Virq Device(byte vector, EventFd? trigger = null)
    {
        Virq virq = Host.Register($"device 0x{vector:x2}", RemappedGuest.Requester, trigger);
        virq.SetMessage(MessageOf(vector));
        return virq;
    }

    /// <summary>A device whose message an entry remaps.</summary>
    internal Virq Remapped(int entry, EventFd? trigger = null)
    {
        Virq virq = Host.Register($"device {entry}", RemappedGuest.Requester, trigger);
        virq.SetMessage(RemappedGuest.Handle(entry));
        return virq;
    }

    internal static Msi MessageOf(byte vector) => Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0));

    /// <summary>The vectors that come, awaited until there are as many.</summary>
    internal int[] Came(int vectors = 1)
    {
        KvmHost.Soon(() => Cpu.Irr().Length >= vectors);
        int[] came = Cpu.Irr();
        Cpu.ClearIrr();
        return came;
    }

    /// <summary>No more vectors arrive after all threads are at rest.</summary>
    internal void AssertSilent()
    {
        Rest();
        Assert.Empty(Cpu.Irr());
    }

    /// <summary>Everything appended so far has been carried out, what that appended too, and a deferred injection had
    /// its time.</summary>
    internal void Rest()
    {
        Thread.Sleep(20);
        for (int i = 0; i < 4; i++)
            Host.Do(_ => { });
    }

    /// <summary>Writes an eventfd until the virq that has it is hot.</summary>
    internal void MakeHot(Virq virq, EventFdHandle trigger)
    {
        trigger.Write();
        Assert.True(KvmHost.Soon(() => virq.State == VirqState.Hot), $"{virq} is {virq.State}");
        Host.Do(_ => { });
        Came();
    }

    internal string[] TakeCalls()
    {
        string[] calls = [.. Calls];
        Calls.Clear();
        return calls;
    }

    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        Calls.Enqueue($"commit {routes.Length}");
        _port.Commit(routes);
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample)
    {
        Calls.Enqueue($"bind {gsi}");
        _port.Bind(gsi, trigger, resample);
    }

    public void Unbind(int gsi, EventFd trigger)
    {
        Calls.Enqueue($"unbind {gsi}");
        _port.Unbind(gsi, trigger);
    }

    public bool Signal(InterruptMessage message)
    {
        Calls.Enqueue($"signal 0x{message.Vector:x2}");
        return _port.Signal(message);
    }

    public void SetLine(int gsi, bool asserted) => _port.SetLine(gsi, asserted);

    public void RaiseExtInt(int cpu, byte vector) => _port.RaiseExtInt(cpu, vector);

    public void Dispose()
    {
        _loop.Dispose();
        _port.Dispose();
        foreach (EventFdHandle fd in _eventFds)
            fd.Dispose();
        _vm.Dispose();
    }

    private void Told(int token)
    {
        Interlocked.Increment(ref _wakeUps);
        Host.EventArrived(token);
    }
}
