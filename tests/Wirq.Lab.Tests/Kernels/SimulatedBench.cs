using Wirq.Lab.Kernels;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Shared.Kernels;

namespace Wirq.Lab.Tests.Kernels;

/// <summary>The simulated kernel as a bench.</summary>
internal sealed class SimulatedBench : IKernelBench
{
    private readonly SimulatedKernel _kernel;
    private long _ended;

    private readonly KernelVersion? _version;

    internal SimulatedBench(BenchMachine machine, KernelDefects defects, KernelVersion? version = null, SimulatedEventFds? host = null)
    {
        _version = version;
        var arena = new StateArena();
        _kernel = new SimulatedKernel(new SimulatedKernelOptions
        {
            Kind = machine.Chips switch
            {
                BenchChips.None => KernelKind.None,
                BenchChips.Full => KernelKind.Full,
                _ => KernelKind.Split,
            },
            Cpus = machine.Cpus,
            ApicIds = machine.ApicIds,
            ReservedGsis = machine.ReservedGsis,
            X2ApicApi = (SimulatedX2ApicApi)machine.X2ApicApi,
            Behaviour = KernelBehaviour.Of(VersionFor(machine, version)),
            Defects = defects,
        }, host ?? new SimulatedEventFds(64, arena), arena);
    }

    public KernelLimits Limits => _kernel.Limits;
    public ushort PicRequests => _kernel.PicRequests;

    private SimulatedEventFds Host => _kernel.EventFds;

    public IKernelBench OpenAnother(BenchMachine machine) =>
        new SimulatedBench(machine, _kernel.Options.Defects, _version, Host);

    public EventFd CreateEventFd(bool semaphore) => Host.Create(semaphore: semaphore);
    public EventFd Duplicate(EventFd fd) => Host.Duplicate(fd);
    public void Close(EventFd fd) => Host.Close(fd);
    public void Write(EventFd fd, ulong count) => Host.WriteByDevice(fd, count);
    public ulong Read(EventFd fd) => Host.TryRead(fd, out ulong value) ? value : 0;
    public bool IsReadable(EventFd fd) => _kernel.IsReadable(fd);
    public void Watch(EventFd fd, int token) => _kernel.Watch(fd, token);
    public void Unwatch(EventFd fd) => _kernel.Unwatch(fd);
    public int TakeReadable() => Host.TryTakeReadable(out int token) ? token : -1;

    public void Commit(params ReadOnlySpan<BenchRoute> routes)
    {
        var rows = new SimulatedRoute[routes.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            BenchRoute row = routes[i];
            rows[i] = row.Chip < 0 ? SimulatedRoute.ToMessage(row.Gsi, row.Message)
                : SimulatedRoute.ToPin(row.Gsi, RouteTarget.PicMaster + (byte)row.Chip, row.Pin);
        }
        _kernel.CommitTable(rows);
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample) => _kernel.Bind(gsi, trigger, resample);
    public void Unbind(int gsi, EventFd trigger) => _kernel.Unbind(gsi, trigger);
    public bool SignalMsi(Msi message) => _kernel.SignalMsi(message);
    public void SetIrqLine(int gsi, bool high) => _kernel.SetIrqLine(gsi, high);
    public void RaiseExtInt(int cpu, byte vector) => _kernel.RaiseExtInt(cpu, vector);
    public void Settle() => _kernel.Settle();

    public uint ReadApic(int cpu, ApicRegister register) => _kernel.ReadApic(cpu, register);
    public void WriteApic(int cpu, ApicRegister register, uint value) => _kernel.WriteApic(cpu, register, value);
    public void ClearRequests(int cpu) => _kernel.ClearRequests(cpu);

    public void EnterX2Apic(int cpu)
    {
        Assert.True(_kernel.TryReadMsr(cpu, 0x1B, out ulong apicBase));
        Assert.True(_kernel.TryWriteMsr(cpu, 0x1B, apicBase | 0xC00));
    }

    public RedirectionEntry IoApicEntry(int pin) => _kernel.IoApicEntry(pin);
    public void SetIoApicEntry(int pin, RedirectionEntry entry) => _kernel.SetIoApicEntry(pin, entry);
    public void GuestWritesEntry(int pin, RedirectionEntry entry) => _kernel.WriteIoApicEntry(pin, entry);

    public int Take(int cpu) => _kernel.Take(cpu);

    // The simulation looks at new routes at once.
    public void Enter(int cpu)
    {
    }

    public void Eoi(int cpu)
    {
        _ended = _kernel.Now;
        _kernel.Eoi(cpu);
    }

    public TimeSpan SinceEoi => TimeSpan.FromTicks((_kernel.Now - _ended) / TimeSpan.NanosecondsPerTick);

    public bool Wait()
    {
        long deadline = _kernel.NextDeadline;
        if (deadline == long.MaxValue)
            return false;
        _kernel.Advance(deadline);
        return true;
    }

    public void GuestWritesApic(int cpu, ApicRegister register, uint value) => _kernel.WriteApic(cpu, register, value);

    public int TakeExit(int cpu)
    {
        if (!_kernel.TryTakeExit(out int told, out byte vector))
            return -1;
        Assert.Equal(cpu, told);
        return vector;
    }

    public void Dispose() => _kernel.Release();

    /// <summary>The wanted version if the machine exists in it, else one in which it does.</summary>
    private static KernelVersion VersionFor(BenchMachine machine, KernelVersion? wanted)
    {
        if (wanted is { } version && !(machine.Since is { } from && !version.IsAtLeast(from.Major, from.Minor))
            && !(machine.Before is { } end && version.IsAtLeast(end.Major, end.Minor)))
        {
            return version;
        }
        if (machine.Since is { } since)
            return new KernelVersion(since.Major, since.Minor);
        return machine.Before is null ? KernelVersion.Newest : new KernelVersion(5, 4);
    }
}

/// <summary>The semantics over the simulated kernel.</summary>
public class SimulatedKernelSemantics : KernelSemantics
{
    /// <summary>The defects of the simulation, for controls.</summary>
    internal KernelDefects Defects { get; init; }

    /// <summary>The version whose behaviour it has where a test is not about another one; null for the newest.</summary>
    internal virtual KernelVersion? Version => null;

    protected override IKernelBench OpenBench(BenchMachine machine) => new SimulatedBench(machine, Defects, Version);
}

// The other versions that the tests were run on.
public sealed class SimulatedLinux5Point10Semantics : SimulatedKernelSemantics
{
    internal override KernelVersion? Version => new(5, 10);
}

public sealed class SimulatedLinux6Point1Semantics : SimulatedKernelSemantics
{
    internal override KernelVersion? Version => new(6, 1);
}

public sealed class SimulatedLinux6Point12Semantics : SimulatedKernelSemantics
{
    internal override KernelVersion? Version => new(6, 12);
}
