using System.Diagnostics;
using System.Runtime.InteropServices;
using Wirq.Routing;

namespace Wirq.Linux.Probes;

/// <summary>A machine with one vCPU and 2 MiB. Its guest is a few instructions in real mode or in 64-bit mode at CPL 0.
/// It runs on the calling thread, up to a time limit.</summary>
/// <remarks><code>
/// 0x00000  vector table of real mode
/// 0x01000  page tables: 4 GiB one to one, so that the local APIC is reachable
/// 0x07000  descriptor table: 0x08 code, 0x10 data
/// 0x08000  interrupt gates
/// 0x0F000  top of the stack
/// 0x10000  code (in real mode segment 0x1000)
/// 0x20000  data
/// </code></remarks>
internal sealed class ProbeGuest : IDisposable
{
    /// <summary>The address of the guest's data; real mode uses a segment to reach it.</summary>
    internal const int Data = 0x20000;
    /// <summary>The address of the code.</summary>
    internal const int Code = 0x10000;

    private const int MemoryBytes = 0x200000, Tables = 0x1000, Gdt = 0x7000, Idt = 0x8000, StackTop = 0xF000, VectorBytes = 4;
    private const ushort RealModeSegment = Code / 16;
    private const ulong ReservedFlag = 2;
    private static readonly TimeSpan s_kickAgain = TimeSpan.FromMilliseconds(5);

    private readonly Mapping _memory;
    private readonly ProbeDeadline _deadline;
    private readonly Timer _timer;

    private ProbeGuest(KvmSystem system, ProbeDeadline deadline, KvmIrqChip chip, Action<KvmVm>? prepare)
    {
        _deadline = deadline;
        _memory = Mapping.Anonymous(MemoryBytes);
        Vm = system.CreateVm();
        try
        {
            if (chip == KvmIrqChip.Split)
                Vm.CreateSplitIrqChip();
            else if (chip == KvmIrqChip.Full)
                Vm.CreateIrqChip();
            Vm.SetTssAddress();
            Vm.MapMemory(0, 0, _memory);
            prepare?.Invoke(Vm);
            Vcpu = Vm.CreateVcpu(0);
            Vcpu.SetCpuid(system.GetSupportedCpuid());
            if (chip != KvmIrqChip.None)
                Vcpu.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        }
        catch
        {
            Vm.Dispose();
            _memory.Dispose();
            throw;
        }
        _timer = new Timer(static guest => ((ProbeGuest)guest!).Kick(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>Its machine.</summary>
    internal KvmVm Vm { get; }
    /// <summary>Its vCPU.</summary>
    internal KvmVcpu Vcpu { get; }

    /// <summary>A guest in real mode.</summary>
    /// <param name="system">The host's KVM.</param>
    /// <param name="deadline">The latest end of the probe.</param>
    /// <param name="chip">The irqchip in the kernel.</param>
    /// <param name="write">Writes the code.</param>
    /// <param name="prepare">Prepares the machine, before it has a vCPU.</param>
    internal static ProbeGuest RealMode(KvmSystem system, ProbeDeadline deadline, KvmIrqChip chip, Action<GuestCode> write,
        Action<KvmVm>? prepare = null)
    {
        var guest = new ProbeGuest(system, deadline, chip, prepare);
        guest.Load(16, 0, write, (vector, handler) => MemoryMarshal.Write(
            guest._memory.AsSpan((nuint)(vector * VectorBytes), VectorBytes), new RealModeVector(RealModeSegment, (ushort)handler)));
        KvmSystemRegisters system16 = guest.Vcpu.SystemRegisters;
        (system16.Cs.Selector, system16.Cs.Base) = (RealModeSegment, Code);
        guest.Enter(system16, 0);
        return guest;
    }

    /// <summary>A guest in 64-bit mode.</summary>
    /// <inheritdoc cref="RealMode"/>
    internal static ProbeGuest LongMode(KvmSystem system, ProbeDeadline deadline, KvmIrqChip chip, Action<GuestCode> write,
        Action<KvmVm>? prepare = null)
    {
        var guest = new ProbeGuest(system, deadline, chip, prepare);
        guest.WriteTables();
        guest.Load(64, Code, write, (vector, handler) => MemoryMarshal.Write(
            guest._memory.AsSpan((nuint)(Idt + vector * Mode64.GateBytes), Mode64.GateBytes),
            InterruptGate.To(handler, Mode64.CodeSelector)));
        guest.Enter(Mode64.Enter(guest.Vcpu.SystemRegisters, Tables, Gdt, Idt), Code);
        return guest;
    }

    /// <summary>A word of the guest's memory.</summary>
    /// <param name="address">Its address.</param>
    internal ref uint Word(int address) =>
        ref MemoryMarshal.Cast<byte, uint>(_memory.AsSpan((nuint)address, sizeof(uint)))[0];

    /// <summary>Runs the guest until it exits, or until a time limit.</summary>
    /// <param name="limit">The time limit.</param>
    /// <returns><see cref="KvmExitReason.Interrupted"/>: the limit has passed.</returns>
    /// <exception cref="TimeoutException">The deadline of the probe has passed.</exception>
    internal KvmExitReason Run(TimeSpan limit)
    {
        _deadline.ThrowIfPassed();
        TimeSpan left = limit < _deadline.Left ? limit : _deadline.Left;
        long start = Stopwatch.GetTimestamp();
        HostThread.Start(() => _timer.Change(left, s_kickAgain), "the timer that kicks a probe's guest");
        try
        {
            while (true)
            {
                KvmExitReason reason = Vcpu.Run();
                if (reason != KvmExitReason.Interrupted || Stopwatch.GetElapsedTime(start) >= left)
                    return reason;
            }
        }
        finally
        {
            _timer.Change(Timeout.Infinite, Timeout.Infinite);
        }
    }

    /// <summary>Runs the guest up to a mark.</summary>
    /// <param name="port">The port of the mark.</param>
    /// <param name="limit">The time limit.</param>
    /// <param name="instead">The exit that came instead; empty if the mark came.</param>
    internal bool RunTo(ushort port, TimeSpan limit, out string instead)
    {
        KvmExitReason reason = Run(limit);
        bool reached = reason == KvmExitReason.Port && Vcpu.Exit.Port is { IsWrite: true } exit && exit.Port == port;
        instead = reached ? "" : reason == KvmExitReason.Interrupted
            ? $"nothing within {limit.TotalMilliseconds:0} ms" : Vcpu.Exit.ToString();
        return reached;
    }

    /// <summary>Runs the guest up to a mark. Any other exit ends the probe.</summary>
    /// <exception cref="ProbeException">Another exit came.</exception>
    internal void Expect(ushort port, TimeSpan limit, string what)
    {
        if (!RunTo(port, limit, out string instead))
            throw new ProbeException($"{what}: {instead}");
    }

    /// <summary>Sets the next instruction, and RFLAGS.</summary>
    internal void Enter(in KvmSystemRegisters system, ulong rip)
    {
        Vcpu.SystemRegisters = system;
        Vcpu.Registers = new KvmRegisters { Rip = rip, Rsp = StackTop, Rflags = ReservedFlag };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A kick that has begun must end before its vCPU is disposed.
        _timer.DisposeAndWait();
        Vm.Dispose();
        _memory.Dispose();
    }

    private void Kick()
    {
        try
        {
            Vcpu.Kick();
        }
        // An exception on a thread of the timer would end the process. The timer fires again.
        catch (KernelException)
        {
        }
    }

    private void Load(int bits, ulong address, Action<GuestCode> write, Action<byte, ulong> install)
    {
        var code = new GuestCode(bits);
        write(code);
        (byte[] bytes, (byte Vector, ulong Address)[] handlers) = code.Assemble(address);
        bytes.CopyTo(_memory.AsSpan(Code, Data - Code));
        foreach ((byte vector, ulong handler) in handlers)
            install(vector, handler);
    }

    private void WriteTables()
    {
        Mode64.WriteTables(
            MemoryMarshal.Cast<byte, PageEntry>(_memory.AsSpan(Tables, Mode64.TableEntries * sizeof(ulong))), Tables);
        Mode64.WriteDescriptors(MemoryMarshal.Cast<byte, ulong>(_memory.AsSpan(Gdt, Mode64.Descriptors * sizeof(ulong))));
    }
}
