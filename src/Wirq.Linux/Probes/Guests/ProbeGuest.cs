using System.Diagnostics;
using System.Runtime.InteropServices;
using Wirq.Routing;

namespace Wirq.Linux.Probes;

/// <summary>A machine with one vCPU and 2 MiB, whose guest is a few instructions in real mode or in 64-bit mode at
/// CPL 0. It is run on the calling thread, for no longer than it is given.</summary>
/// <remarks><code>
/// 0x00000  vector table of real mode
/// 0x01000  page tables: 4 GiB, each address as it is, so that the local APIC is in reach
/// 0x07000  descriptor table: 0x08 code, 0x10 data
/// 0x08000  interrupt gates
/// 0x0F000  top of the stack
/// 0x10000  code (in real mode segment 0x1000)
/// 0x20000  data
/// </code></remarks>
internal sealed class ProbeGuest : IDisposable
{
    /// <summary>Where the guest's data begins; real mode has it through a segment.</summary>
    internal const int Data = 0x20000;
    /// <summary>Where the code begins.</summary>
    internal const int Code = 0x10000;
    /// <summary>Selectors of 64-bit mode.</summary>
    internal const ushort CodeSelector = 8, DataSelector = 16;

    private const int MemoryBytes = 0x200000, Tables = 0x1000, Table = 0x1000, Directories = 4, EntriesOfTable = 512;
    private const int Gdt = 0x7000, Idt = 0x8000, StackTop = 0xF000, GateBytes = 16, VectorBytes = 4, Vectors = 256;
    private const ushort RealModeSegment = Code / 16;
    private const ulong LargePageBytes = 0x200000;
    private const ulong ProtectedAndPaged = 0x80000031, PhysicalAddressExtension = 1 << 5, LongModeEnabledActive = 0x500;
    private const ulong FlatCode = 0x00AF9B000000FFFF, FlatData = 0x00CF93000000FFFF;
    private const uint TssAddress = 0xFFFBD000;
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
            Vm.SetTssAddress(TssAddress);
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
    /// <param name="deadline">When the probe must be over.</param>
    /// <param name="chip">What irqchip the kernel has.</param>
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
            guest._memory.AsSpan((nuint)(Idt + vector * GateBytes), GateBytes), InterruptGate.To(handler, CodeSelector)));
        guest.Enter(LongModeRegisters(guest.Vcpu.SystemRegisters), Code);
        return guest;
    }

    /// <summary>A word of the guest's memory.</summary>
    /// <param name="address">Its address.</param>
    internal ref uint Word(int address) =>
        ref MemoryMarshal.Cast<byte, uint>(_memory.AsSpan((nuint)address, sizeof(uint)))[0];

    /// <summary>Runs the guest until it exits, or for as long as it is given.</summary>
    /// <param name="limit">How long.</param>
    /// <returns><see cref="KvmExitReason.Interrupted"/>: the time has passed.</returns>
    /// <exception cref="TimeoutException">The probe's time has passed.</exception>
    internal KvmExitReason Run(TimeSpan limit)
    {
        _deadline.ThrowIfPassed();
        TimeSpan left = limit < _deadline.Left ? limit : _deadline.Left;
        long start = Stopwatch.GetTimestamp();
        _timer.Change(left, s_kickAgain);
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
    /// <param name="port">Of the mark.</param>
    /// <param name="limit">How long.</param>
    /// <param name="instead">What came instead; empty where the mark came.</param>
    internal bool RunTo(ushort port, TimeSpan limit, out string instead)
    {
        KvmExitReason reason = Run(limit);
        bool reached = reason == KvmExitReason.Port && Vcpu.Exit.Port is { IsWrite: true } exit && exit.Port == port;
        instead = reached ? "" : reason == KvmExitReason.Interrupted
            ? $"nothing within {limit.TotalMilliseconds:0} ms" : Vcpu.Exit.ToString();
        return reached;
    }

    /// <summary>Runs the guest up to a mark; what comes instead ends the probe.</summary>
    /// <exception cref="ProbeException">Something else came.</exception>
    internal void Expect(ushort port, TimeSpan limit, string what)
    {
        if (!RunTo(port, limit, out string instead))
            throw new ProbeException($"{what}: {instead}");
    }

    /// <summary>Sets where the guest goes on, and RFLAGS.</summary>
    internal void Enter(in KvmSystemRegisters system, ulong rip)
    {
        Vcpu.SystemRegisters = system;
        Vcpu.Registers = new KvmRegisters { Rip = rip, Rsp = StackTop, Rflags = ReservedFlag };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A kick that is under way must be over before its vCPU goes.
        using (var over = new ManualResetEvent(false))
        {
            if (_timer.Dispose(over))
                over.WaitOne();
        }
        Vm.Dispose();
        _memory.Dispose();
    }

    private void Kick()
    {
        try
        {
            Vcpu.Kick();
        }
        // Thrown on a thread of the timer's it would end the process; the timer comes again.
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
        Span<PageEntry> tables = MemoryMarshal.Cast<byte, PageEntry>(_memory.AsSpan(Tables, (2 + Directories) * Table));
        const int pointers = EntriesOfTable, directories = 2 * EntriesOfTable;
        tables[0] = PageEntry.Table(Tables + Table);
        for (int directory = 0; directory < Directories; directory++)
            tables[pointers + directory] = PageEntry.Table((ulong)(Tables + (2 + directory) * Table));
        for (int page = 0; page < Directories * EntriesOfTable; page++)
            tables[directories + page] = PageEntry.LargePage((ulong)page * LargePageBytes);
        Span<ulong> descriptors = MemoryMarshal.Cast<byte, ulong>(_memory.AsSpan(Gdt, 3 * sizeof(ulong)));
        (descriptors[1], descriptors[2]) = (FlatCode, FlatData);
    }

    private static KvmSystemRegisters LongModeRegisters(KvmSystemRegisters system)
    {
        var data = new KvmSegment
        {
            Limit = uint.MaxValue, Selector = DataSelector, Type = 3, Present = 1, DefaultSize = 1, CodeOrData = 1, Granularity = 1,
        };
        system.Cs = data with { Selector = CodeSelector, Type = 11, DefaultSize = 0, LongMode = 1 };
        (system.Ds, system.Es, system.Fs, system.Gs, system.Ss) = (data, data, data, data, data);
        (system.Gdt.Base, system.Gdt.Limit) = (Gdt, 3 * sizeof(ulong) - 1);
        (system.Idt.Base, system.Idt.Limit) = (Idt, Vectors * GateBytes - 1);
        (system.Cr0, system.Cr3, system.Cr4) = (ProtectedAndPaged, Tables, PhysicalAddressExtension);
        system.Efer = LongModeEnabledActive;
        return system;
    }
}
