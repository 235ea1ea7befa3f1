using System.Runtime.CompilerServices;
using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>Registers of a local APIC that an event may report.</summary>
[Flags]
internal enum CpuRegisters : ushort
{
    None = 0,
    /// <summary>The id, LDR or DFR.</summary>
    Identity = 1,
    Base = 2,
    Spurious = 4,
    TaskPriority = 8,
    /// <summary>The initial count of the timer.</summary>
    Count = 0x10,
    // The local vector table, in the order of LocalVector.
    Cmci = 0x20,
    Timer = 0x40,
    Thermal = 0x80,
    Performance = 0x100,
    Lint0 = 0x200,
    Lint1 = 0x400,
    Error = 0x800,
    Entries = Cmci | Timer | Thermal | Performance | Lint0 | Lint1 | Error,
    /// <summary>What a reset of a local APIC brings to its reset value.</summary>
    Reset = Identity | Spurious | TaskPriority | Count | Entries,
}

/// <summary>The known facts about one CPU and its local APIC.</summary>
internal struct CpuFacts : IState
{
    /// <summary>Vectors that its local APIC accepted and no CPU took: the IRR.</summary>
    public Vectors256 Pending;
    /// <summary>Vectors that it took and has not ended: the ISR.</summary>
    public Vectors256 InService;
    public ApicBase Base;
    public SpuriousVector Spurious;
    public XApicId XApicId;
    public LogicalDestination Logical;
    public DestinationFormat Format;
    public CpuEntries Entries;
    public uint Count;
    public ushort TaskPriority;
    /// <summary>Registers that an event reported. The others have the value that they have after a reset, which is a
    /// guess if the stream does not begin with one.</summary>
    public CpuRegisters Told;
    public uint Reserved;

    public readonly LocalVectorEntry Entry(LocalVector entry) => Entries[(int)entry];

    /// <summary>Whether an event reported a register.</summary>
    public readonly bool IsTold(CpuRegisters register) => (Told & register) != 0;
    /// <summary>Whether an event reported an entry.</summary>
    public readonly bool IsTold(LocalVector entry) => IsTold(CpuShadow.RegisterOf(entry));
}

/// <summary>The local vector table, in the order of <see cref="LocalVector"/>.</summary>
[InlineArray(Count)]
internal struct CpuEntries
{
    public const int Count = (int)LocalVector.Error + 1;
    private LocalVectorEntry _first;
}

/// <summary>The CPUs and their local APICs, reconstructed from the events: registers, pending and in-service vectors.
/// If a kernel owns the local APICs, no event reports them.</summary>
internal sealed class CpuShadow
{
    private const int ClassShift = 4, HighestClass = 15, WordBits = 64;

    private readonly LocalApicOptions _options;
    private readonly ApicQuirks _quirks;
    private readonly Block<CpuFacts> _cpus;

    internal CpuShadow(LocalApicOptions options, StateArena arena)
    {
        _options = options;
        _quirks = LocalApicProfile.Quirks(options.Profile);
        _cpus = arena.Reserve<CpuFacts>(options.Count);
        Forget();
    }

    internal int Count => _cpus.Count;
    internal ref readonly CpuFacts this[int cpu] => ref _cpus[cpu];

    /// <summary>The id that a CPU has after power-on, 32 bits.</summary>
    internal uint InitialId(int cpu) => _options.Ids?[cpu] ?? (uint)cpu;

    internal static CpuRegisters RegisterOf(LocalVector entry) => (CpuRegisters)((int)CpuRegisters.Cmci << (int)entry);

    /// <summary>The CPUs were reset, or were replaced: nothing is known about them.</summary>
    internal void Forget()
    {
        for (int cpu = 0; cpu < Count; cpu++)
        {
            _cpus[cpu] = new() { Base = ApicBase.Reset(bootstrap: cpu == 0), XApicId = XApicId.For((byte)InitialId(cpu)) };
            ClearRegisters(cpu, ref _cpus[cpu]);
        }
    }

    /// <summary>Processes the next event. Allocates nothing.</summary>
    /// <returns>The registers of the event's CPU that it reports.</returns>
    internal CpuRegisters Observe(in Event e)
    {
        if (e.Unit >= Count)
            return CpuRegisters.None;
        ref CpuFacts cpu = ref _cpus[e.Cpu];
        CpuRegisters told = e.Subsystem switch
        {
            Subsystem.Access => Access(e, ref cpu),
            Subsystem.LocalApic => Follow(e, ref cpu),
            Subsystem.Log when e.Kind == EventKind.LogVectorsLeft => Replace(LogVectorsLeft.Of(e), ref cpu),
            _ => CpuRegisters.None,
        };
        cpu.Told |= told;
        return told;
    }

    private CpuRegisters Access(in Event e, ref CpuFacts cpu)
    {
        switch (e.Kind)
        {
            case EventKind.MemoryMappedWrite when MemoryMappedAccess.Of(e) is var write && Maps(cpu, write.Address, out uint offset):
                bool whole = write.Size == sizeof(uint) && offset % LocalApics.RegisterStride == 0;
                return whole ? Write(ref cpu, (ApicRegister)offset, (uint)write.Value) : CpuRegisters.None;
            case EventKind.MsrWrite when MsrAccess.Of(e) is { Faulted: false, Msr: >= ApicMsr.FirstX2Apic and <= ApicMsr.LastX2Apic } write:
                return Write(ref cpu, ApicMsr.RegisterOf(write.Msr), (uint)write.Value);
            case EventKind.TaskPriorityWrite when TaskPriorityWrite.Of(e).Value is <= HighestClass and var priority:
                cpu.TaskPriority = (byte)(priority << ClassShift);
                return CpuRegisters.TaskPriority;
            default:
                return CpuRegisters.None;
        }
    }

    private CpuRegisters Follow(in Event e, ref CpuFacts cpu)
    {
        switch (e.Kind)
        {
            case EventKind.VectorAccepted:
                cpu.Pending.Add(e.Vector);
                return CpuRegisters.None;
            case EventKind.VectorTaken when VectorTaken.Of(e).By == VectorGiver.LocalApic:
                cpu.Pending.Remove(e.Vector);
                cpu.InService.Add(e.Vector);
                return CpuRegisters.None;
            case EventKind.CpuEoi:
                cpu.InService.Remove(e.Vector);
                return CpuRegisters.None;
            case EventKind.ApicReset:
                (cpu.Pending, cpu.InService) = (default, default);
                ClearRegisters(e.Cpu, ref cpu);
                return CpuRegisters.Reset;
            case EventKind.ApicBaseChanged:
                return ChangeBase(e.Cpu, ref cpu, ApicBaseChanged.Of(e).Base);
            case EventKind.SpuriousVectorChanged:
                return ChangeSpurious(ref cpu, SpuriousVectorChanged.Of(e).Spurious);
            default:
                return CpuRegisters.None;
        }
    }

    private static CpuRegisters Replace(LogVectorsLeft left, ref CpuFacts cpu)
    {
        for (int bit = 0; bit < WordBits && left.Word < Vectors256.Words; bit++)
        {
            int vector = (int)left.Word * WordBits + bit;
            cpu.Pending.Assign(vector, (left.Pending >> bit & 1) != 0);
            cpu.InService.Assign(vector, (left.InService >> bit & 1) != 0);
        }
        return CpuRegisters.None;
    }

    private bool Maps(in CpuFacts cpu, ulong address, out uint offset) => _quirks.PageStays
        ? ApicBase.Reset(bootstrap: false).Covers(address, out offset)
        : cpu.Base.Covers(address, out offset) && cpu.Base.Mode == ApicMode.XApic;

    private CpuRegisters Write(ref CpuFacts cpu, ApicRegister register, uint value)
    {
        switch (register)
        {
            case ApicRegister.Id:
                cpu.XApicId = XApicId.Written(value);
                return CpuRegisters.Identity;
            case ApicRegister.LogicalDestination:
                cpu.Logical = LogicalDestination.Written(value);
                return CpuRegisters.Identity;
            case ApicRegister.DestinationFormat:
                cpu.Format = DestinationFormat.Written(value);
                return CpuRegisters.Identity;
            case ApicRegister.TaskPriority:
                cpu.TaskPriority = (byte)value;
                return CpuRegisters.TaskPriority;
            case ApicRegister.InitialCount:
                cpu.Count = value;
                return CpuRegisters.Count;
            case ApicRegister.Cmci:
                return WriteEntry(ref cpu, LocalVector.Cmci, value);
            case >= ApicRegister.Timer and <= ApicRegister.Error when (uint)register % LocalApics.RegisterStride == 0:
                return WriteEntry(ref cpu, LocalVector.Timer + (int)(register - ApicRegister.Timer) / (int)LocalApics.RegisterStride, value);
            default:
                return CpuRegisters.None;
        }
    }

    private CpuRegisters WriteEntry(ref CpuFacts cpu, LocalVector entry, uint value)
    {
        var written = new LocalVectorEntry(value);
        cpu.Entries[(int)entry] = cpu.Spurious.Enabled || _quirks.EntriesIgnoreDisable ? written : written.WithMask();
        return RegisterOf(entry);
    }

    private CpuRegisters ChangeSpurious(ref CpuFacts cpu, SpuriousVector value)
    {
        cpu.Spurious = value;
        // While software-disabled, mask bits are set and stay so (SDM vol. 3, 11.4.7.2).
        if (value.Enabled || _quirks.EntriesIgnoreDisable)
            return CpuRegisters.Spurious;
        for (int entry = 0; entry < CpuEntries.Count; entry++)
            cpu.Entries[entry] = cpu.Entries[entry].WithMask();
        return CpuRegisters.Spurious;
    }

    private CpuRegisters ChangeBase(int number, ref CpuFacts cpu, ApicBase value)
    {
        ApicBase old = cpu.Base;
        cpu.Base = value;
        const CpuRegisters told = CpuRegisters.Base | CpuRegisters.Identity;
        if (_quirks.DisableIsFinal)
            return old.Enabled && !value.Enabled ? told | ChangeSpurious(ref cpu, cpu.Spurious.Disabled) : told;
        if (value.Mode != old.Mode)
            cpu.XApicId = XApicId.For((byte)InitialId(number));
        if (value.Mode == ApicMode.X2Apic && old.Mode == ApicMode.XApic)
            cpu.Logical = LogicalAtReset(number, cpu);
        return told;
    }

    private void ClearRegisters(int number, ref CpuFacts cpu)
    {
        cpu.Spurious = SpuriousVector.Reset;
        (cpu.Logical, cpu.Format) = (LogicalAtReset(number, cpu), DestinationFormat.Flat);
        (cpu.TaskPriority, cpu.Count) = (0, 0);
        ((Span<LocalVectorEntry>)cpu.Entries).Fill(LocalVectorEntry.Reset);
        if (_quirks.Lint0OpenAtReset && number == 0)
            cpu.Entries[(int)LocalVector.Lint0] = LocalVectorEntry.OpenExtInt;
    }

    private LogicalDestination LogicalAtReset(int number, in CpuFacts cpu) =>
        _quirks.X2ApicLdrStays && cpu.Base.Mode == ApicMode.X2Apic ? LogicalDestination.Derived(InitialId(number)) : default;
}
