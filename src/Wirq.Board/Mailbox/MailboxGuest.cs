using System.Diagnostics;
using Wirq.Board.Bus;
using Wirq.Board.Cpus;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Routing;

namespace Wirq.Board.Mailbox;

/// <summary>A KVM machine whose CPUs run the mailbox guest: each executes its orders, on the calling thread, and
/// reports the result.</summary>
/// <remarks>Not thread-safe. An order ends when the guest rings its doorbell with the order done. If a guest does not
/// do so within <see cref="Patience"/>, a <see cref="MailboxException"/> is thrown: the guest is kicked regularly, so
/// this works wherever it is. The time alone is not enough, because a busy host may have run neither guest nor host:
/// the guest must also have been kicked, or have rung without result, a number of times.</remarks>
internal sealed class MailboxGuest : IDisposable
{
    /// <summary>The time limit of an order.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const int KicksOfPatience = 20, FewestVain = 10;
    private const ulong ReservedFlag = 2;
    // Its address in a board's memory.
    private const uint InBoard = 0x100000;

    private readonly MailboxMode _mode;
    private readonly MailboxCode _code;
    private readonly MailboxMemory _memory;
    private readonly KvmVcpu[] _vcpus;
    private readonly IVcpuHandler[] _handlers;
    private readonly IDisposable _owner;
    private readonly Timer _timer;
    private readonly TimeSpan _patience;
    private readonly Doorbell _bell = new();
    private KvmVcpu? _running;
    private string? _end;

    /// <summary>Creates a machine whose CPUs have no order yet.</summary>
    /// <param name="host">The host.</param>
    /// <param name="mode">The mode in which the guest runs.</param>
    /// <param name="address">The address of its memory; see <see cref="MailboxLayout"/>.</param>
    /// <param name="cpus">How many CPUs.</param>
    /// <param name="bus">The interrupt system.</param>
    /// <param name="devices">All other devices.</param>
    /// <param name="patience">The time limit of an order; <see cref="Patience"/> if omitted.</param>
    internal MailboxGuest(MailboxHost host, MailboxMode mode, ulong address, int cpus, MailboxBus bus, DeviceBus devices,
        TimeSpan? patience = null)
    {
        _mode = mode;
        _patience = patience ?? Patience;
        _code = MailboxCode.Of(mode);
        _memory = new MailboxMemory(mode, address, cpus);
        _handlers = new IVcpuHandler[cpus];
        KvmVm vm = host.System.CreateVm();
        _owner = vm;
        try
        {
            vm.SetTssAddress();
            UserVcpu.Prepare(vm);
            vm.MapMemory(0, address, _memory.Mapping);
            for (int cpu = 0; cpu < cpus; cpu++)
                _handlers[cpu] = MakeCpu(vm, cpu, host, bus, devices);
            _vcpus = [.. vm.Vcpus];
            _timer = Begin(devices);
        }
        catch
        {
            vm.Dispose();
            _memory.Dispose();
            throw;
        }
    }

    /// <summary>Puts the guest into the memory of a board, in 64-bit mode. The board must not be started, because its
    /// vCPUs are run here.</summary>
    /// <param name="board">The board; this object takes it over.</param>
    internal MailboxGuest(Machine.Board board)
    {
        _mode = MailboxMode.Long;
        _patience = Patience;
        _code = MailboxCode.Of(_mode);
        _memory = new MailboxMemory(_mode, InBoard, board.Options.Cpus, board.Memory.Ranges[0].Memory, InBoard);
        _owner = board;
        _vcpus = [.. board.Vm.Vcpus];
        _handlers = [.. board.Handlers];
        foreach (IVcpuHandler handler in _handlers)
            (handler as UserVcpu)?.StartHere();
        // KVM makes all vCPUs except the first wait for INIT and SIPI.
        for (int cpu = 1; cpu < _vcpus.Length && board.Vm.IrqChip != KvmIrqChip.None; cpu++)
            _vcpus[cpu].MpState = KvmMpState.Runnable;
        _timer = Begin(board.Devices);
    }

    /// <summary>Puts the guest into a machine whose vCPUs exist, in 64-bit mode.</summary>
    /// <param name="vm">The machine; this object takes it over.</param>
    /// <param name="memory">The guest, which the machine maps; this object takes it over.</param>
    /// <param name="handlers">What runs each vCPU.</param>
    /// <param name="devices">The devices that the handlers serve.</param>
    internal MailboxGuest(KvmVm vm, MailboxMemory memory, IReadOnlyList<IVcpuHandler> handlers, DeviceBus devices)
    {
        _mode = MailboxMode.Long;
        _patience = Patience;
        _code = MailboxCode.Of(_mode);
        _memory = memory;
        _owner = vm;
        _vcpus = [.. vm.Vcpus];
        _handlers = [.. handlers];
        _timer = Begin(devices);
    }

    private Timer Begin(DeviceBus devices)
    {
        devices.MapPorts(MailboxCode.Bell, 1, _bell);
        for (int cpu = 0; cpu < _vcpus.Length; cpu++)
            Enter(cpu);
        var kicks = new Timer(static guest => ((MailboxGuest)guest!).Kick(), this, Timeout.Infinite, Timeout.Infinite);
        HostThread.Start(() => kicks.Change(_patience / KicksOfPatience, _patience / KicksOfPatience), "the timer that kicks guests");
        return kicks;
    }

    /// <summary>The memory that contains the guest.</summary>
    internal MailboxMemory Memory => _memory;

    /// <summary>A CPU's mailbox.</summary>
    internal ref MailboxBlock Block(int cpu) => ref _memory.Block(cpu);

    /// <summary>The last interrupt that a CPU took.</summary>
    internal TakenInterrupt LastTaken(int cpu) => Block(cpu).Log[(int)((Block(cpu).Taken - 1) % MailboxBlock.LogEntries)];

    /// <summary>Whether RFLAGS.IF is set, as of the last exit.</summary>
    internal bool InterruptFlag(int cpu) => _vcpus[cpu].InterruptFlag;

    /// <summary>Whether a CPU has halted.</summary>
    internal bool IsHalted(int cpu) => _handlers[cpu] is UserVcpu { IsHalted: true };

    /// <summary>Maps 2 MiB into the window. After that, each CPU needs a
    /// <see cref="MailboxOperation.Invlpg"/>.</summary>
    internal void MoveWindow(ulong physical) => _memory.MoveWindow(physical);

    /// <summary>Executes an order.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="order">The order.</param>
    /// <param name="takes">Whether the CPU takes an interrupt right after the order, for example one that waits for an
    /// IRET.</param>
    /// <exception cref="MailboxException">The guest does not answer, or its mode does not support the
    /// order.</exception>
    internal MailboxAnswer Do(int cpu, MailboxOrder order, bool takes = false)
    {
        if (!_code.TryFind(order.Operation, out ulong routine))
            throw new MailboxException(cpu, order.ToString(), "has no such instruction in its mode");
        if (IsHalted(cpu))
            throw new MailboxException(cpu, order.ToString(), "has halted");
        ref MailboxBlock block = ref Block(cpu);
        uint sequence = Give(ref block, routine, order);
        if (!Run(cpu, order.ToString(), sequence, block.Taken + (takes ? 1u : 0)))
            return new MailboxAnswer(0, Halted: true);
        return new MailboxAnswer(block.Result, (int)block.Fault - 1);
    }

    /// <summary>Executes an order that raises no exception, or none but <c>#GP</c>.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="order">The order.</param>
    /// <param name="mayFault">Whether it may raise <c>#GP</c>.</param>
    /// <exception cref="MailboxException">It raised another one, or the guest does not answer.</exception>
    internal MailboxAnswer DoWhole(int cpu, MailboxOrder order, bool mayFault = false)
    {
        MailboxAnswer answer = Do(cpu, order);
        if (answer.Fault >= 0 && !(mayFault && answer.Faulted))
            throw new MailboxException(cpu, order.ToString(), $"took exception {answer.Fault}");
        return answer;
    }

    /// <summary>Opens the interrupt window of a CPU whose local APIC is in the kernel, and whose interrupts are off otherwise.</summary>
    /// <returns>The interrupt that it took; null for none.</returns>
    /// <exception cref="MailboxException">The guest does not answer.</exception>
    internal TakenInterrupt? OpenWindow(int cpu)
    {
        var order = new MailboxOrder(MailboxOperation.Window);
        ref MailboxBlock block = ref Block(cpu);
        if (!_code.TryFind(order.Operation, out ulong routine))
            throw new MailboxException(cpu, order.ToString(), "has no such instruction in its mode");
        uint before = block.Taken;
        block.Offered = 1;
        try
        {
            Run(cpu, "take an interrupt", Give(ref block, routine, order), taken: null);
        }
        finally
        {
            Block(cpu).Offered = 0;
        }
        return Block(cpu).Taken == before ? null : LastTaken(cpu);
    }

    private uint Give(ref MailboxBlock block, ulong routine, MailboxOrder order)
    {
        (block.Routine, block.Address, block.Value) = (Base + routine, order.Address, order.Value);
        (block.Result, block.Fault) = (0, 0);
        block.Pending = 1;
        return ++block.Sequence;
    }

    /// <summary>Makes a CPU take the interrupt that the bus offers.</summary>
    /// <exception cref="MailboxException">It takes none.</exception>
    internal TakenInterrupt Take(int cpu)
    {
        const string what = "take an interrupt";
        ref MailboxBlock block = ref Block(cpu);
        uint before = block.Taken;
        block.Offered = 1;
        try
        {
            Run(cpu, what, block.Done, before + 1);
        }
        finally
        {
            Block(cpu).Offered = 0;
        }
        return LastTaken(cpu);
    }

    /// <summary>Makes a CPU take an NMI.</summary>
    /// <exception cref="MailboxException">It does not take it.</exception>
    internal void Nmi(int cpu)
    {
        uint before = Block(cpu).Nmis;
        if (_handlers[cpu] is UserVcpu user)
            user.Signals.Nmi();
        else
            _vcpus[cpu].Nmi();
        Do(cpu, new MailboxOrder(MailboxOperation.Nop));
        if (Block(cpu).Nmis != before + 1)
            throw new MailboxException(cpu, "take an NMI", $"took {Block(cpu).Nmis - before}");
    }

    public void Dispose()
    {
        // A kick that has begun must end before its vCPU is disposed.
        _timer.DisposeAndWait();
        _owner.Dispose();
        _memory.Dispose();
    }

    private ulong Base => _mode == MailboxMode.Long ? _memory.Address : 0;

    /// <summary>Runs a CPU until it rings, with this number of orders done and this number of interrupts
    /// taken, or with any number if it is null.</summary>
    /// <returns>False if it has halted.</returns>
    private bool Run(int cpu, string what, uint done, uint? taken)
    {
        KvmVcpu vcpu = _vcpus[cpu];
        IVcpuHandler handler = _handlers[cpu];
        long start = Stopwatch.GetTimestamp();
        int vain = 0;
        Volatile.Write(ref _running, vcpu);
        try
        {
            while (true)
            {
                if (handler.BeforeEntry(vcpu) == VcpuNext.Wait)
                    return false;
                _bell.Rang = false;
                bool interrupted = vcpu.Run() == KvmExitReason.Interrupted;
                if (!interrupted && handler.Exited(vcpu, vcpu.Exit) == VcpuNext.Stop)
                    throw new MailboxException(cpu, what, _end ?? "stopped");
                if (_bell.Rang && Block(cpu).Done == done && (taken is null || Block(cpu).Taken == taken))
                    return true;
                if (_bell.Rang && taken is { } expected && Block(cpu).Taken - expected is > 0 and <= int.MaxValue)
                    throw new MailboxException(cpu, what, $"took 0x{LastTaken(cpu).Vector:x2}, which nobody gave it");
                if ((interrupted || _bell.Rang) && ++vain >= FewestVain && Stopwatch.GetElapsedTime(start) > _patience)
                    throw new MailboxException(cpu, what, $"does not answer within {_patience.TotalSeconds} s");
            }
        }
        finally
        {
            Volatile.Write(ref _running, null);
        }
    }

    private void Kick()
    {
        try
        {
            Volatile.Read(ref _running)?.Kick();
        }
        // An exception on a thread of the timer would end the process. The timer fires again.
        catch (KernelException)
        {
        }
    }

    private UserVcpu MakeCpu(KvmVm vm, int cpu, MailboxHost host, MailboxBus bus, DeviceBus devices)
    {
        KvmVcpu vcpu = vm.CreateVcpu(cpu);
        vcpu.SetCpuid(host.CpuidOf(cpu, _handlers.Length));
        var handler = new UserVcpu(vcpu, cpu, bus, bus, devices, _memory, host.Workarounds(), end => _end = $"ended: {end.Kind} {end.Detail}");
        handler.StartHere();
        return handler;
    }

    private void Enter(int cpu)
    {
        KvmVcpu vcpu = _vcpus[cpu];
        bool isLong = _mode == MailboxMode.Long;
        vcpu.SystemRegisters = isLong
            ? Mode64.Enter(vcpu.SystemRegisters, Base + MailboxLayout.Tables, Base + MailboxLayout.Gdt, Base + MailboxLayout.Idt)
            : RealMode(vcpu.SystemRegisters);
        ulong block = Base + (ulong)_memory.OffsetOf(cpu);
        vcpu.Registers = new KvmRegisters
        {
            Rip = Base + (ulong)(isLong ? MailboxLayout.LongCode : MailboxLayout.RealCode),
            Rbx = block,
            Rsp = block + MailboxBlock.Bytes - sizeof(ulong) * 2,
            Rflags = ReservedFlag,
        };
    }

    private KvmSystemRegisters RealMode(KvmSystemRegisters system)
    {
        system.Cs.Selector = MailboxLayout.RealSegment;
        system.Cs.Base = _memory.Address;
        KvmSegment data = system.Ds with { Selector = MailboxLayout.RealSegment, Base = _memory.Address };
        (system.Ds, system.Es, system.Ss) = (data, data, data);
        // A limit of 4 GiB, as it remains after a descriptor of protected mode was loaded.
        system.Fs = system.Fs with { Selector = 0, Base = 0, Limit = uint.MaxValue, Granularity = 1 };
        (system.Idt.Base, system.Idt.Limit) = (_memory.Address, 256 * MailboxMemory.VectorBytes - 1);
        return system;
    }

    private sealed class Doorbell : IPortDevice
    {
        internal bool Rang { get; set; }

        public uint ReadPort(ushort port, int size) => uint.MaxValue;

        public void WritePort(ushort port, int size, uint value) => Rang = true;
    }
}
