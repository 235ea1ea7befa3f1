using System.Diagnostics;
using System.Runtime.Versioning;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Benchmarks;

/// <summary>A fabric over KVM with many remapped virqs, each with an eventfd, and one vCPU that never runs. It has no
/// I/OAPIC, so every GSI is for virqs.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KvmBenchMachine : IEventPort, IDisposable
{
    /// <summary>The number of routes of Linux.</summary>
    internal const int Routes = 4096;

    private const byte FirstVector = 0x20;
    private const int Vectors = 200;

    private readonly KvmVm _vm;
    private readonly KvmVcpu _vcpu;
    private readonly KvmKernelPort _port;
    private readonly EpollLoop _loop;
    private readonly FabricHost _host;
    private readonly EventFdHandle[] _triggers;
    private readonly Virq[] _virqs;
    private readonly bool _polls;
    private readonly KernelRoute[] _table;
    private int _wakeUps, _rows;

    internal KvmBenchMachine(KvmSystem system, int count, RoutingOptions? routing = null, bool polls = false)
    {
        _polls = polls;
        _vm = system.CreateVm();
        _vm.CreateSplitIrqChip(reservedGsis: 0);
        _vcpu = _vm.CreateVcpu(0);
        _vcpu.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        _port = new KvmKernelPort(_vm);
        Port = new CountingPort(_port);
        _loop = new EpollLoop(Told, new() { EdgeTriggered = _port.Limits.ConsumesFirst });
        var memory = new SmallMemory(RemappedGuest.MemoryBytes);
        _host = new FabricHost(new Fabric(FabricOptions.Pc() with
        {
            IoApics = [],
            IsaOverrides = new Dictionary<int, int>(),
            Pic = null,
            Vtd = new VtdOptions(),
            Routing = (routing ?? new RoutingOptions()) with { Kernel = _port.Limits },
        })
        { Memory = memory }, new FabricPorts { Kernel = Port, EventFds = this });
        Guest = new RemappedGuest(memory, _host);
        Count = Math.Min(count, _port.Limits.Routes);
        _table = new KernelRoute[_port.Limits.Routes];
        _triggers = new EventFdHandle[Count];
        _virqs = new Virq[Count];
        for (int i = 0; i < Count; i++)
        {
            _triggers[i] = EventFdHandle.Create();
            Guest.Put(i, (byte)(FirstVector + i % Vectors), cpu: 0);
            _virqs[i] = _host.Register($"virq {i}", RemappedGuest.Requester, _triggers[i].EventFd);
            _virqs[i].SetMessage(RemappedGuest.Handle(i));
        }
    }

    internal int Count { get; }
    internal CountingPort Port { get; }
    internal RemappedGuest Guest { get; }
    internal int WakeUps => Volatile.Read(ref _wakeUps);

    /// <summary>Each virq interrupts once. This is a miss, and gives it a route.</summary>
    internal void BringUp()
    {
        for (int i = 0; i < Count; i++)
            Miss(i);
        _host.Do(fabric => fabric.RouteCache!.PromoteAll());
        if (_virqs.Any(virq => virq.State != VirqState.Hot))
            throw new InvalidOperationException("not every virq is hot");
        _rows = 0;
        foreach (VirqReport virq in _host.Explain().Where(virq => virq.Gsi >= 0).OrderBy(virq => virq.Gsi))
            _table[_rows++] = new KernelRoute(virq.Gsi, virq.Translation!.Value);
    }

    /// <summary>A virq that was invalidated interrupts, and gets a route again.</summary>
    internal void Reheat(int virq)
    {
        Miss(virq);
        _host.Do(fabric => fabric.RouteCache!.PromoteAll());
    }

    /// <summary>The guest masks all virqs from a given one on.</summary>
    internal void MaskFrom(int first)
    {
        for (int i = first; i < Count; i++)
            _virqs[i].Mask();
    }

    /// <summary>The work of a host that has only the table, and no cache.</summary>
    internal void RewriteTable() => _port.Commit(_table.AsSpan(0, _rows));

    /// <summary>The first device interrupts this number of times, until the last interrupt is in IRR.</summary>
    internal void Interrupt(int times)
    {
        ClearRequests();
        EventFdHandle trigger = _triggers[0];
        for (int i = 0; i < times; i++)
            trigger.Write();
        _vcpu.GetLapic(out LapicState state);
        if (!state.Has(ApicRegister.Request, FirstVector))
            throw new InvalidOperationException("the interrupt is not in IRR");
    }

    void IEventPort.Watch(EventFd trigger, int token)
    {
        if (_polls)
            _loop.Watch(trigger, token);
    }

    void IEventPort.Unwatch(EventFd trigger)
    {
        if (_polls)
            _loop.Unwatch(trigger);
    }

    bool IEventPort.Read(EventFd trigger) => _loop.Read(trigger);
    bool IEventPort.IsReadable(EventFd trigger) => _loop.IsReadable(trigger);
    void IEventPort.Write(EventFd fd) => _loop.Write(fd);

    public void Dispose()
    {
        _loop.Dispose();
        _port.Dispose();
        foreach (EventFdHandle trigger in _triggers)
            trigger?.Dispose();
        _vm.Dispose();
    }

    private void Miss(int virq)
    {
        _triggers[virq].Write();
        if (!_polls)
        {
            _host.EventArrived(_virqs[virq].Handle.Slot);
            return;
        }
        if (!SpinWait.SpinUntil(() => _virqs[virq].State != VirqState.Cold, TimeSpan.FromSeconds(5)))
            throw new InvalidOperationException("the poll has reported nothing");
    }

    private void ClearRequests()
    {
        _vcpu.GetLapic(out LapicState state);
        state.Set(ApicRegister.Request, FirstVector, false);
        _vcpu.SetLapic(state);
    }

    private void Told(int token)
    {
        Interlocked.Increment(ref _wakeUps);
        _host.EventArrived(token);
    }
}

/// <summary>Counts and times the fabric's calls to the kernel.</summary>
[SupportedOSPlatform("linux")]
internal sealed class CountingPort(IKernelPort kernel) : IKernelPort
{
    private long _commitTicks, _unbindTicks;

    internal long Calls { get; private set; }
    internal long Commits { get; private set; }
    internal int Unbinds { get; private set; }
    internal double CommitNanoseconds => Stopwatch.GetElapsedTime(0, _commitTicks).TotalNanoseconds;

    internal double UnbindNanoseconds => Stopwatch.GetElapsedTime(0, _unbindTicks).TotalNanoseconds;

    public KernelLimits Limits => kernel.Limits;

    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        (Calls, Commits) = (Calls + 1, Commits + 1);
        long start = Stopwatch.GetTimestamp();
        kernel.Commit(routes);
        _commitTicks += Stopwatch.GetTimestamp() - start;
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample)
    {
        Calls++;
        kernel.Bind(gsi, trigger, resample);
    }

    public void Unbind(int gsi, EventFd trigger)
    {
        (Calls, Unbinds) = (Calls + 1, Unbinds + 1);
        long start = Stopwatch.GetTimestamp();
        kernel.Unbind(gsi, trigger);
        _unbindTicks += Stopwatch.GetTimestamp() - start;
    }

    public bool Signal(InterruptMessage message)
    {
        Calls++;
        return kernel.Signal(message);
    }

    public void SetLine(int gsi, bool asserted)
    {
        Calls++;
        kernel.SetLine(gsi, asserted);
    }

    public void RaiseExtInt(int cpu, byte vector)
    {
        Calls++;
        kernel.RaiseExtInt(cpu, vector);
    }
}
