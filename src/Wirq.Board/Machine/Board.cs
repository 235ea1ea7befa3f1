using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Wirq.Board.Bus;
using Wirq.Board.Cpus;
using Wirq.Board.Historic;
using Wirq.Board.Memory;
using Wirq.Board.Workarounds;
using Wirq.Board.Xen;
using Wirq.Events;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Remapping.VtD;
using Wirq.Routing;

namespace Wirq.Board.Machine;

/// <summary>A small PC around a fabric, on KVM: memory, vCPUs on their own threads, a clock, and a bus for devices. It
/// is created without devices; <see cref="Pc"/> adds them.</summary>
/// <remarks>
/// <para>Build it, set the registers of the first vCPU, call <see cref="Run"/>, and dispose of it. All members may be
/// called from any thread.</para>
/// <para>If the host fails during a run, the run ends with the error of the host
/// (<see cref="GuestEndKind.HostCannot"/>).</para>
/// </remarks>
public sealed class Board : IDisposable
{
    // The bus clock is 100 MHz. A faster clock makes the 32-bit count wrap while a guest measures microseconds with its
    // timer.
    private const long BusHz = 100_000_000;

    private readonly ManualResetEventSlim _over = new();
    private readonly KvmKernelPort? _kernelPort;
    private readonly EpollLoop _loop;
    private readonly VcpuThread[] _threads;
    private readonly IVcpuHandler[] _handlers;
    private readonly Timer? _kicks;
    private readonly XenHypervisor? _xen;
    private readonly ServiceBeforeRoute? _design;
    private GuestEnd? _end;
    private int _started;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Builds a board.</summary>
    /// <param name="system">The host's KVM.</param>
    /// <param name="options">How it is built.</param>
    /// <param name="memory">Its memory, which must outlive it.</param>
    /// <exception cref="KernelException">The host lacks a feature or a resource.</exception>
    public Board(KvmSystem system, BoardOptions options, BoardMemory memory)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        Memory = memory;
        Vm = system.CreateVm();
        try
        {
            ChooseChips();
            Vm.SetTssAddress();
            for (int slot = 0; slot < memory.Ranges.Count; slot++)
                Vm.MapMemory(slot, memory.Ranges[slot].Address, memory.Ranges[slot].Memory);
            _xen = Options.Xen is { } xen ? new XenHypervisor(xen, Options.Cpus, memory, Vm, Clock) : null;
            _kernelPort = MakeKernelPort();
            KvmCpuidLeaf[] supported = system.GetSupportedCpuid();
            for (int cpu = 0; cpu < Options.Cpus; cpu++)
            {
                KvmVcpu vcpu = Vm.CreateVcpu(cpu);
                KvmCpuidLeaf[] leaves = GuestCpuid.Of(supported, cpu, Options.Cpus, Options.X2Apic, Vm.IrqChip != KvmIrqChip.None);
                vcpu.SetCpuid(_xen is null ? leaves : _xen.CpuidOf(leaves, cpu, vcpu.TscHz));
            }
            var fabric = new Fabric(FabricOf(supported)) { Memory = memory };
            if (_xen is not null)
                fabric.XenPages = _xen.Pages;
            Action<Event>? observer = Options.Observe?.Invoke(fabric);
            _design = Options.Design == BoardDesign.ServiceBeforeRoute
                ? new ServiceBeforeRoute(_kernelPort!, fabric.Options.IoApics.Sum(chip => chip.Pins), observer) : null;
            var port = new BoardPort(observer, _design);
            // A KVM vCPU gets INTR through the observer.
            fabric.Events.Observing = Options.Observe is not null || _kernelPort is not null;
            // The handler needs the host. No eventfd is watched before the host exists, two lines below.
            _loop = new EpollLoop(token => Host!.EventArrived(token),
                new EpollOptions { DeadlineReached = _ => Clock.Reached(), HandlerFailed = Fail, EdgeTriggered = true });
            Host = new FabricHost(fabric, new FabricPorts { Kernel = (IKernelPort?)_design ?? _kernelPort, EventFds = _loop, Cpus = port, Observer = port, Xen = _xen });
            var chips = new BoardChips(Host, Clock, Vm.Vcpus);
            Clock.Add(chips);
            _xen?.Connect(Host, chips, port);
            _threads = new VcpuThread[Options.Cpus];
            _handlers = new IVcpuHandler[Options.Cpus];
            var signals = new VcpuSignals[_kernelPort is null ? Options.Cpus : 0];
            Action<bool>? intr = null;
            bool wantsKicks = false;
            for (int cpu = 0; cpu < Options.Cpus; cpu++)
            {
                WorkaroundSet workarounds = WorkaroundSet.For(Options.Workarounds);
                wantsKicks |= workarounds.WantsKicks;
                KvmVcpu vcpu = Vm.Vcpus[cpu];
                if (_kernelPort is null)
                {
                    var user = new UserVcpu(vcpu, cpu, chips, chips, Devices, memory, workarounds, End, _xen);
                    signals[cpu] = user.Signals;
                    _handlers[cpu] = user;
                }
                else
                {
                    var kernel = new KernelVcpu(vcpu, cpu, Host, chips, Devices, memory, workarounds, End);
                    // The 8259s are wired to the first CPU (MultiProcessor Specification 1.4, 3.6.2.2).
                    if (cpu == 0 && Vm.IrqChip == KvmIrqChip.Split)
                        intr = high => ShowIntr(kernel, port, high);
                    _handlers[cpu] = kernel;
                }
                _threads[cpu] = new VcpuThread(vcpu, _handlers[cpu], new VcpuThreadOptions { Ended = ThreadEnded });
            }
            port.Connect(_threads, signals, chips, intr);
            if (wantsKicks)
                _kicks = new Timer(_ => KickAll(), null, Timeout.Infinite, Timeout.Infinite);
        }
        catch
        {
            _loop?.Dispose();
            _kernelPort?.Dispose();
            Vm.Dispose();
            _xen?.Dispose();
            throw;
        }
    }

    /// <summary>How it is built.</summary>
    public BoardOptions Options { get; }

    /// <summary>Its memory.</summary>
    public BoardMemory Memory { get; }

    /// <summary>The machine of KVM.</summary>
    public KvmVm Vm { get; }

    /// <summary>Its interrupt system.</summary>
    public FabricHost Host { get; }

    /// <summary>Its devices.</summary>
    public DeviceBus Devices { get; } = new();

    /// <summary>Its time.</summary>
    public BoardClock Clock { get; } = new();

    /// <summary>With <see cref="BoardDesign.ServiceBeforeRoute"/>, how many interrupts of pins went where an older entry led; 0
    /// otherwise.</summary>
    public long Misrouted => _design?.Misrouted ?? 0;

    /// <summary>The hypervisor of its guest; null for none.</summary>
    internal XenHypervisor? Xen => _xen;

    /// <summary>The exit handler of each vCPU.</summary>
    internal IReadOnlyList<IVcpuHandler> Handlers => _handlers;

    /// <summary>How often the lock of the interrupt system was taken.</summary>
    internal long LockAcquisitions => Host.Lock.Acquisitions;

    /// <summary>The thread of each vCPU.</summary>
    internal IReadOnlyList<VcpuThread> Threads => _threads;

    /// <summary>The port that polls its eventfds.</summary>
    public IEventPort Events => _loop;

    /// <summary>Starts the vCPUs and waits for the end.</summary>
    /// <param name="patience">The time limit, from before the first of them starts;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
    /// <returns>How the run ended; null if it has not ended.</returns>
    /// <exception cref="InvalidOperationException">The vCPUs were started before; they continue.</exception>
    /// <exception cref="KernelException">The host has no thread left for one of them.</exception>
    public GuestEnd? Run(TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan Left() => patience == Timeout.InfiniteTimeSpan ? patience
            : patience > Stopwatch.GetElapsedTime(start) ? patience - Stopwatch.GetElapsedTime(start) : TimeSpan.Zero;
        Start(() => Left() == TimeSpan.Zero);
        return Wait(Left());
    }

    /// <summary>Starts the vCPUs.</summary>
    /// <inheritdoc cref="Run" path="/exception"/>
    public void Start() => Start(static () => false);

    /// <summary>Ends the run. Only the first call determines how it ended.</summary>
    public void End(GuestEnd end)
    {
        ArgumentNullException.ThrowIfNull(end);
        Interlocked.CompareExchange(ref _end, end, null);
        _over.Set();
    }

    /// <summary>Waits for the end.</summary>
    /// <param name="patience">The time limit; <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
    /// <returns>How the run ended; null if it has not ended.</returns>
    public GuestEnd? Wait(TimeSpan patience)
    {
        bool over = _over.Wait(patience);
        Volatile.Read(ref _failure)?.Throw();
        return over ? _end : null;
    }

    /// <summary>Stops the vCPUs between two instructions, and disposes of the machine.</summary>
    public void Dispose()
    {
        End(new GuestEnd(GuestEndKind.Stopped));
        _kicks?.DisposeAndWait();
        foreach (VcpuThread thread in _threads)
            thread.Stop();
        Clock.Stop();
        foreach (VcpuThread thread in _threads)
            DisposeQuietly(thread);
        DisposeQuietly(_loop);
        _kernelPort?.Dispose();
        Vm.Dispose();
        _xen?.Dispose();
        _over.Dispose();
    }

    private void Start(Func<bool> late)
    {
        // This check comes first: the pause below would stop a guest that runs.
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new InvalidOperationException("the vCPUs of this board were started before");
        Clock.Start(_loop);
        if (_kicks is not null)
            HostThread.Start(() => _kicks.Change(SkipVmcall.Period, SkipVmcall.Period), "the timer of a work-around");
        // No vCPU enters the guest before all threads have started. Otherwise each start would compete for the host's
        // CPUs with vCPUs that spin.
        foreach (VcpuThread thread in _threads)
            thread.Pause();
        foreach (VcpuThread thread in _threads)
        {
            if (_over.IsSet || late())
                return;
            thread.Start();
        }
        // The bootstrap processor is last, because it wakes the others.
        for (int cpu = _threads.Length - 1; cpu >= 0; cpu--)
            _threads[cpu].Resume();
    }

    private void ChooseChips()
    {
        switch (Options.Configuration)
        {
            case DeliveryConfiguration.Split:
                // Two for each pin of the I/OAPIC: the current route, and the route by which its last interrupt was
                // sent.
                Vm.CreateSplitIrqChip(2 * new IoApicOptions().Pins);
                break;
            case DeliveryConfiguration.Kernel:
                Vm.CreateIrqChip();
                break;
            default:
                UserVcpu.Prepare(Vm, Options.Xen is { } xen ? XenCpuid.MsrOf(xen.Viridian) : null);
                break;
        }
    }

    private KvmKernelPort? MakeKernelPort()
    {
        if (Vm.IrqChip == KvmIrqChip.None)
            return null;
        if (Vm.IrqChip == KvmIrqChip.Split)
            return new KvmKernelPort(Vm);
        var port = new KvmKernelPort(Vm, KvmRoutingEntry.PinsOf(new Fabric(FabricOptions.Pc(Options.Cpus)).Gsis));
        // KVM initially routes IRQ 0 to pin 0 of its I/OAPIC.
        port.Commit([]);
        return port;
    }

    private FabricOptions FabricOf(ReadOnlySpan<KvmCpuidLeaf> supported) => FabricOptions.Pc(Options.Cpus,
        ack: Options.Design == BoardDesign.AckAtEoi ? AckPolicy.Eoi : AckPolicy.Done) with
    {
        LocalApics = new LocalApicOptions
        {
            Count = Options.Cpus,
            X2Apic = Options.X2Apic,
            BusHz = BusHz,
            TscHz = Vm.Vcpus[0].TscHz,
            PhysicalAddressBits = GuestCpuid.AddressBitsOf(supported),
        },
        Routing = new RoutingOptions { Kernel = _kernelPort?.Limits, BatchDelay = 0 },
        Vtd = Options.Vtd ? new VtdOptions { AddressWidth = GuestCpuid.AddressBitsOf(supported), ExtendedInterruptMode = Options.X2Apic } : null,
        Xen = _xen?.Machine,
    };

    private static void ShowIntr(KernelVcpu vcpu, BoardPort port, bool high)
    {
        vcpu.SetIntr(high);
        if (high)
            port.Kick(0);
    }

    private void KickAll()
    {
        try
        {
            foreach (VcpuThread thread in _threads)
                thread.Kick();
        }
        // An exception on a thread of the timer would end the process. The timer fires again.
        catch (KernelException)
        {
        }
    }

    private void ThreadEnded(VcpuThread thread)
    {
        if (thread.Failure is { } failure)
            Fail(failure);
    }

    /// <summary>A refusal of the host ends the run. Any other exception is a defect of Wirq, and is thrown to the
    /// caller that waits.</summary>
    private void Fail(Exception failure)
    {
        if (failure is not KernelException)
            Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(failure));
        End(new GuestEnd(GuestEndKind.HostCannot, Detail: failure.Message));
    }

    /// <summary><see cref="Fail"/> has already reported the failure that ended the part early.</summary>
    private static void DisposeQuietly(IDisposable part)
    {
        try
        {
            part.Dispose();
        }
        catch (Exception told) when (told is not TimeoutException)
        {
        }
    }
}
