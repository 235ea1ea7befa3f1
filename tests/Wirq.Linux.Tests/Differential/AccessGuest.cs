using System.Buffers.Binary;
using Iced.Intel;
using Wirq.Linux.Probes;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Tests.Differential;

/// <summary>The guest of a machine. Its CPUs, in real mode, make one access of a port or of memory at a time, or take one
/// interrupt, as the host requests. All other time their interrupts are off.</summary>
/// <remarks><code>
/// 0x00000  vector table: vector n to 0x4000 + 16 n
/// 0x04000  handlers: each leaves its number in the mailbox of its CPU
/// 0x10000 (n + 1)  CPU n: mailbox at 0x600, code at 0x1000, stack below 0xF000
/// </code></remarks>
internal sealed class AccessGuest : IDisposable
{
    private const int MemoryBytes = 0x100000, Slice = 0x10000, Handlers = 0x4000, HandlerBytes = 16, Vectors = 256;
    private const int Order = 0x600, Value = 0x604, Address = 0x608, Answer = 0x60C, Taken = 0x610, Code = 0x1000, StackTop = 0xF000;
    private const byte Ready = 0x80;
    private const ulong Reserved = 2, InterruptsOn = 0x200;

    private enum Access : byte
    {
        WritePort = 1,
        ReadPort = 2,
        WriteMemory = 3,
        ReadMemory = 4,
    }

    private readonly Mapping _memory = Mapping.Anonymous(MemoryBytes);
    private readonly Timer _late;
    private readonly ulong[] _openings;
    private readonly List<(int Cpu, byte Vector)> _ended = [];

    /// <summary>A guest of a new machine with a full irqchip.</summary>
    internal AccessGuest(KvmSystem system, int cpus) : this(system, MachineOf(system, cpus), TimeSpan.FromSeconds(5) + Differential<int>.Bound)
    {
    }

    /// <summary>A guest of a machine that has its CPUs, none of which has run. The machine is disposed with it.</summary>
    /// <param name="system">The host's KVM.</param>
    /// <param name="vm">The machine.</param>
    /// <param name="limit">How long it may live: later it is kicked out, and its orders fail.</param>
    internal AccessGuest(KvmSystem system, KvmVm vm, TimeSpan limit)
    {
        Vm = vm;
        Vm.SetTssAddress();
        Vm.MapMemory(0, 0, _memory);
        _openings = new ulong[vm.Vcpus.Count];
        for (int cpu = 0; cpu < _openings.Length; cpu++)
            Load(system, cpu);
        for (int vector = 0; vector < Vectors; vector++)
            LoadHandler((byte)vector);
        _late = new Timer(static guest => ((AccessGuest)guest!).Kick(), this, limit, TimeSpan.FromSeconds(1));
        for (int cpu = 0; cpu < _openings.Length; cpu++)
            RunToOrder(cpu);
    }

    /// <summary>Its machine.</summary>
    internal KvmVm Vm { get; }

    internal void WritePort(ushort port, byte value, int cpu = 0) => Do(cpu, Access.WritePort, port, value);
    internal byte ReadPort(ushort port, int cpu = 0) => (byte)Do(cpu, Access.ReadPort, port, 0);
    internal void WriteMemory(uint address, uint value, int cpu = 0) => Do(cpu, Access.WriteMemory, address, value);
    internal uint ReadMemory(uint address, int cpu = 0) => Do(cpu, Access.ReadMemory, address, 0);

    /// <summary>Runs every CPU for a moment, so that it processes the requests of KVM.</summary>
    internal void Settle()
    {
        for (int cpu = 0; cpu < Vm.Vcpus.Count; cpu++)
            ReadMemory(0, cpu);
    }

    /// <summary>Makes a CPU take an interrupt, if one is pending.</summary>
    /// <returns>Its vector; -1 for none.</returns>
    internal int TakeInterrupt(int cpu = 0)
    {
        Write(cpu, Taken, uint.MaxValue);
        Vm.Vcpus[cpu].Registers = new KvmRegisters { Rip = _openings[cpu], Rsp = StackTop, Rflags = Reserved | InterruptsOn };
        RunToOrder(cpu);
        return (int)Read(cpu, Taken);
    }

    /// <summary>Takes an EOI that a CPU left its guest for.</summary>
    /// <returns>Its vector; -1 for none.</returns>
    internal int TakeEoiExit(int cpu)
    {
        // A KVM that emulates in batches may exit for an earlier EOI only at the next entry.
        ReadMemory(0, cpu);
        int index = _ended.FindIndex(each => each.Cpu == cpu);
        if (index < 0)
            return -1;
        byte vector = _ended[index].Vector;
        _ended.RemoveAt(index);
        return vector;
    }

    public void Dispose()
    {
        _late.DisposeAndWait();
        Vm.Dispose();
        _memory.Dispose();
    }

    private uint Do(int cpu, Access access, uint address, uint value)
    {
        Write(cpu, Order, (uint)access);
        Write(cpu, Value, value);
        Write(cpu, Address, address);
        Write(cpu, Answer, 0);
        RunToOrder(cpu);
        return Read(cpu, Answer);
    }

    private void RunToOrder(int cpu)
    {
        KvmVcpu vcpu = Vm.Vcpus[cpu];
        KvmExitReason reason;
        while ((reason = vcpu.Run()) == KvmExitReason.IoApicEoi)
            _ended.Add((cpu, vcpu.Exit.EoiVector));
        if (reason != KvmExitReason.Port || vcpu.Exit.Port.Port != Ready)
            throw new InvalidOperationException($"CPU {cpu} of the guest left its loop: {vcpu.Exit.ToString()}");
    }

    private void Kick()
    {
        foreach (KvmVcpu vcpu in Vm.Vcpus)
            vcpu.Kick();
    }

    private void Write(int cpu, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_memory.AsSpan((nuint)(Base(cpu) + offset), sizeof(uint)), value);

    private uint Read(int cpu, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(_memory.AsSpan((nuint)(Base(cpu) + offset), sizeof(uint)));

    private static int Base(int cpu) => Slice * (cpu + 1);

    private static KvmVm MachineOf(KvmSystem system, int cpus)
    {
        KvmVm vm = system.CreateVm();
        vm.CreateIrqChip();
        for (int cpu = 0; cpu < cpus; cpu++)
            vm.CreateVcpu(cpu);
        return vm;
    }

    private void Load(KvmSystem system, int cpu)
    {
        var code = new GuestCode(16);
        Assembler asm = code.Asm;
        Label next = asm.CreateLabel(), writePort = asm.CreateLabel(), readPort = asm.CreateLabel(), writeMemory = asm.CreateLabel();
        asm.Label(ref next);
        code.Mark(Ready);
        asm.mov(eax, __dword_ptr[Value]);
        asm.mov(ebx, __dword_ptr[Address]);
        asm.mov(cl, __byte_ptr[Order]);
        asm.mov(dx, bx);
        asm.dec(cl);
        asm.jz(writePort);
        asm.dec(cl);
        asm.jz(readPort);
        asm.dec(cl);
        asm.jz(writeMemory);
        asm.mov(eax, __dword_ptr.es[ebx]);
        asm.mov(__dword_ptr[Answer], eax);
        asm.jmp(next);
        asm.Label(ref writePort);
        asm.@out(dx, al);
        asm.jmp(next);
        asm.Label(ref readPort);
        asm.@in(al, dx);
        asm.mov(__byte_ptr[Answer], al);
        asm.jmp(next);
        asm.Label(ref writeMemory);
        asm.mov(__dword_ptr.es[ebx], eax);
        asm.jmp(next);
        // Entered here with interrupts on, one is taken before or behind the first instruction.
        code.Handler(0);
        asm.nop();
        asm.nop();
        asm.cli();
        asm.jmp(next);
        (byte[] bytes, (byte Vector, ulong Address)[] marks) = code.Assemble(Code);
        bytes.CopyTo(_memory.AsSpan((nuint)(Base(cpu) + Code), bytes.Length));
        _openings[cpu] = marks[0].Address;

        KvmVcpu vcpu = Vm.Vcpus[cpu];
        vcpu.SetCpuid(system.GetSupportedCpuid());
        KvmSystemRegisters registers = vcpu.SystemRegisters;
        KvmSegment own = registers.Ds;
        (own.Selector, own.Base) = ((ushort)(Base(cpu) / 16), (ulong)Base(cpu));
        registers.Ds = registers.Ss = own;
        (registers.Cs.Selector, registers.Cs.Base) = (own.Selector, own.Base);
        // All of memory through ES, as after a visit to protected mode.
        (registers.Es.Selector, registers.Es.Base, registers.Es.Limit, registers.Es.Granularity) = (0, 0, uint.MaxValue, 1);
        vcpu.SystemRegisters = registers;
        vcpu.Registers = new KvmRegisters { Rip = Code, Rsp = StackTop, Rflags = Reserved };
        vcpu.MpState = KvmMpState.Runnable;
    }

    /// <summary>A handler: it leaves its vector, and goes on with interrupts off.</summary>
    private void LoadHandler(byte vector)
    {
        int handler = Handlers + vector * HandlerBytes;
        var code = new GuestCode(16);
        code.Asm.mov(__dword_ptr[Taken], (uint)vector);
        code.Asm.db(0xEA, Code & 0xFF, Code >> 8, Slice / 16 & 0xFF, Slice / 16 >> 8);
        (byte[] bytes, _) = code.Assemble((ulong)handler);
        bytes.CopyTo(_memory.AsSpan((nuint)handler, HandlerBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(_memory.AsSpan((nuint)(vector * 4), sizeof(uint)), (uint)handler);
    }
}
