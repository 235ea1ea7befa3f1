using System.Diagnostics;
using System.Runtime.InteropServices;
using Wirq.Board.Mailbox;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Routing;

namespace Wirq.Board.Tests.Updates;

/// <summary>One side of a live update on KVM: a board with a mailbox guest that takes interrupts. It is driven on one
/// thread.</summary>
internal sealed class GuestMachine : IDisposable
{
    internal const int MemoryBytes = 4 << 20, LineDevice = PerDevice.Count - 1;
    internal const string MemoryName = "memory", CpuName = "cpu 0";

    private const int LinePin = 20, KickMilliseconds = 50, MaskPeriod = 50, StepsMasked = 40;
    private const byte FirstVector = 0x31, VectorStep = 0x10;
    private const uint LocalApic = 0xFEE00000, IoApic = 0xFEC00000, SpuriousOffset = 0xF0, EoiOffset = 0xB0;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly BoardMemory _memory;
    private readonly MailboxGuest _guest;
    private readonly MailboxCode _code = MailboxCode.Of(MailboxMode.Long);
    private readonly Timer _kicks;
    private readonly FileDescriptor _memoryFile;
    private IReadOnlyCollection<EventFdHandle> _eventFds = [];
    private LiveUpdateReceipt? _receipt;
    private long _steps;
    private Virq[] _virqs = [];

    /// <param name="system">The host's KVM.</param>
    /// <param name="configuration">Whose the local APICs are.</param>
    /// <param name="memory">Guest memory.</param>
    /// <param name="workarounds">What this host needs.</param>
    internal GuestMachine(KvmSystem system, DeliveryConfiguration configuration, FileDescriptor memory, IReadOnlyList<HostWorkaround> workarounds)
    {
        _memoryFile = memory;
        _memory = new BoardMemory(Mapping.Shared(memory, MemoryBytes));
        Board = new Board.Machine.Board(system, new BoardOptions { Configuration = configuration, Workarounds = workarounds }, _memory);
        _guest = new MailboxGuest(Board);
        // A guest that loops inside KVM comes back.
        _kicks = new Timer(_ => Board.Vm.Vcpus[0].Kick(), null, KickMilliseconds, KickMilliseconds);
    }

    internal Board.Machine.Board Board { get; }
    internal ref GuestAccount Account => ref GuestAccount.In(_memory.AsSpan(0, MemoryBytes));

    private KvmVcpu Cpu => Board.Vm.Vcpus[0];
    private HandlerStage Stage
    {
        get => (HandlerStage)Account.Stage;
        set => Account.Stage = (long)value;
    }

    /// <summary>The guest's and the devices' drivers set everything up.</summary>
    internal void SetUp(IReadOnlyList<EventFdHandle> devices, EventFdHandle line, EventFdHandle resample)
    {
        foreach (ushort port in (ReadOnlySpan<ushort>)[0x21, 0xA1])
            Do(new MailboxOrder(MailboxOperation.Out1, port, 0xFF));
        Do(new MailboxOrder(MailboxOperation.Write4, LocalApic + SpuriousOffset, 0x1FF));
        var entry = RedirectionEntry.Create(VectorOf(LineDevice), 0, level: true);
        Do(new MailboxOrder(MailboxOperation.Write4, IoApic, 0x10 + LinePin * 2));
        Do(new MailboxOrder(MailboxOperation.Write4, IoApic + 0x10, entry.Low));
        Do(new MailboxOrder(MailboxOperation.Sti));
        for (int i = 0; i < devices.Count; i++)
        {
            Virq virq = Board.Host.Register($"device {i}", requester: 8, devices[i].EventFd);
            virq.SetMessage(new Msi(LocalApic, VectorOf(i)));
        }
        _eventFds = [.. devices, line, resample];
        Board.Host.RegisterOnLine("line", LinePin, VirqKind.Level, line.EventFd, resample.EventFd);
        FindVirqs(devices.Count);
    }

    /// <summary>Runs the guest until its next exit, and has its handler go on. Now and then the driver of a device masks or
    /// unmasks its interrupt.</summary>
    internal void Step()
    {
        Virq virq = _virqs[_steps / MaskPeriod % _virqs.Length];
        if (_steps % MaskPeriod == 0)
            virq.Mask();
        else if (_steps % MaskPeriod == StepsMasked)
            virq.Unmask();
        _steps++;
        RunOnce();
        ref MailboxBlock block = ref _guest.Block(0);
        if (block.Done != block.Sequence)
            return;
        if (block.Fault != 0)
            throw new InvalidOperationException($"the guest took exception {block.Fault - 1}");
        if (Stage == HandlerStage.Eoi)
        {
            Stage = HandlerStage.Iret;
            Give(new MailboxOrder(MailboxOperation.Iret));
        }
        else if (block.Taken != (uint)Account.Begun)
        {
            Account.Begun++;
            Serve((byte)_guest.LastTaken(0).Vector);
            Stage = HandlerStage.Eoi;
            Give(new MailboxOrder(MailboxOperation.Write4, LocalApic + EoiOffset));
        }
        else
        {
            Stage = HandlerStage.None;
        }
    }

    /// <summary>Whether somebody reads the eventfd of a device.</summary>
    internal bool IsRead(int device) => _virqs[device].State is not (VirqState.Masked or VirqState.Parked);

    /// <summary>Suspends and saves: the order is the contract.</summary>
    internal LiveUpdateParcel Save(Action? wrongly = null)
    {
        // The wrong order: CPUs and fabric are saved while eventfds are bound.
        byte[]? early = wrongly is null ? null : SaveCpu(), earlySnapshot = wrongly is null ? null : Board.Host.Save();
        wrongly?.Invoke();
        while (Cpu.Complete() != KvmExitReason.Interrupted)
            Board.Handlers[0].Exited(Cpu, Cpu.Exit);
        Board.Host.Suspend();
        return new LiveUpdateParcel
        {
            Snapshot = earlySnapshot ?? Board.Host.Save(),
            EventFds = _eventFds,
            Descriptors = new Dictionary<string, FileDescriptor> { [MemoryName] = _memoryFile },
            States = new Dictionary<string, ReadOnlyMemory<byte>> { [CpuName] = early ?? SaveCpu() },
        };
    }

    /// <summary>Restores what an old side handed over. From here on the machine owns the receipt.</summary>
    internal void Restore(LiveUpdateReceipt receipt)
    {
        _receipt = receipt;
        // Their numbers are those of this side: what it hands over in its turn.
        _eventFds = [.. receipt.EventFds.Values];
        Board.Host.Restore(receipt.Snapshot.Span, receipt.EventFdOf);
        CpuState state = MemoryMarshal.Read<CpuState>(receipt.States[CpuName]);
        Cpu.SystemRegisters = state.System;
        Cpu.Registers = state.Registers;
        if (Board.Vm.IrqChip != KvmIrqChip.None)
        {
            Cpu.SetLapic(state.Lapic);
            Cpu.MpState = state.MpState;
        }
        Cpu.Events = state.Events;
        FindVirqs(receipt.EventFds.Count - 2);
    }

    public void Dispose()
    {
        _kicks.DisposeAndWait();
        _guest.Dispose();
        _memory.Dispose();
        _receipt?.Dispose();
    }

    private static byte VectorOf(int device) => (byte)(FirstVector + device * VectorStep);

    private void FindVirqs(int devices) => _virqs = [.. Enumerable.Range(0, devices).Select(slot => Board.Host.VirqAt(slot))];

    private void RunOnce()
    {
        VcpuNext next = Board.Handlers[0].BeforeEntry(Cpu);
        if (next != VcpuNext.Enter)
            throw new InvalidOperationException($"the guest does not run: {next}");
        if (Cpu.Run() != KvmExitReason.Interrupted && Board.Handlers[0].Exited(Cpu, Cpu.Exit) == VcpuNext.Stop)
            throw new InvalidOperationException($"the guest has ended: {Cpu.Exit.Reason}");
    }

    private void Serve(byte vector)
    {
        int device = (vector - FirstVector) / VectorStep;
        ref GuestAccount account = ref Account;
        long published = Volatile.Read(ref account.Published[device]);
        if (account.Served[device] == published)
            account.Repeated++;
        Volatile.Write(ref account.Served[device], published);
        Volatile.Write(ref account.Interrupts, account.Interrupts + 1);
    }

    private void Give(MailboxOrder order)
    {
        ref MailboxBlock block = ref _guest.Block(0);
        if (!_code.TryFind(order.Operation, out ulong routine))
            throw new InvalidOperationException($"no {order}");
        (block.Routine, block.Address, block.Value) = (_guest.Memory.Address + routine, order.Address, order.Value);
        (block.Result, block.Fault) = (0, 0);
        block.Sequence++;
        block.Pending = 1;
    }

    private void Do(MailboxOrder order)
    {
        long start = Stopwatch.GetTimestamp();
        Give(order);
        while (_guest.Block(0).Done != _guest.Block(0).Sequence)
        {
            RunOnce();
            if (Stopwatch.GetElapsedTime(start) > s_patience)
                throw new InvalidOperationException($"the guest does not carry out {order}");
        }
    }

    private byte[] SaveCpu()
    {
        var state = new CpuState { Registers = Cpu.Registers, System = Cpu.SystemRegisters, Events = Cpu.Events };
        if (Board.Vm.IrqChip != KvmIrqChip.None)
        {
            state.MpState = Cpu.MpState;
            Cpu.GetLapic(out state.Lapic);
        }
        var bytes = new byte[Marshal.SizeOf<CpuState>()];
        MemoryMarshal.Write(bytes, state);
        return bytes;
    }

    private struct CpuState
    {
        public KvmRegisters Registers;
        public KvmSystemRegisters System;
        public KvmVcpuEvents Events;
        public KvmMpState MpState;
        public LapicState Lapic;
    }
}
