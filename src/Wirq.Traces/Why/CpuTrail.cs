using Wirq.Events;

namespace Wirq.Traces.Why;

/// <summary>The known facts about one CPU and its local APIC.</summary>
internal sealed class CpuTrail
{
    private const int Entries = (int)LocalVector.Error + 1;
    private const byte ClassMask = 0xF0, ClassZero = 0x0F;

    private readonly bool _qemu, _kvm;
    private readonly LocalVectorEntry[] _entries = new LocalVectorEntry[Entries];
    private readonly Mark[] _entriesSince = new Mark[Entries];

    public CpuTrail(int cpu, LocalApicOptions options)
    {
        Cpu = cpu;
        InitialId = options.Ids?[cpu] ?? (uint)cpu;
        _qemu = options.Profile == Profile.Qemu;
        _kvm = options.Profile == Profile.Kvm;
        Base = ApicBase.Reset(bootstrap: cpu == 0);
        XApicId = XApicId.For((byte)InitialId);
        ClearRegisters(default);
    }

    public int Cpu { get; }
    public uint InitialId { get; }
    public VectorTable Pending { get; } = new();
    public VectorTable InService { get; } = new();

    public ApicBase Base { get; private set; }
    public Mark BaseSince { get; private set; }
    public SpuriousVector Spurious { get; private set; }
    public Mark SpuriousSince { get; private set; }
    public XApicId XApicId { get; private set; }
    public LogicalDestination Logical { get; private set; }
    public DestinationFormat Format { get; private set; }
    /// <summary>The last write of the id, LDR, DFR or mode.</summary>
    public Mark IdentitySince { get; private set; }
    public byte TaskPriority { get; private set; }
    public Mark TaskPrioritySince { get; private set; }

    /// <summary>The initial count of its timer, and when it was written.</summary>
    public uint Count { get; private set; }
    public Mark CountSince { get; private set; }

    /// <summary>The last interrupt that it took.</summary>
    public Mark LastTaken { get; set; }
    /// <summary>The last register that it wrote, by memory, port or MSR.</summary>
    public Mark LastWrite { get; set; }
    /// <summary>The last register that it read.</summary>
    public Mark LastRead { get; set; }
    /// <summary>When it was last sent an INIT or a start-up.</summary>
    public Mark? LastInit { get; set; }
    public Mark? LastStartUp { get; set; }

    /// <summary>The last time of any action that the log shows.</summary>
    public Mark LastSign => LastTaken.Event > LastWrite.Event ? LastTaken : LastWrite;

    public LocalVectorEntry Entry(LocalVector entry) => _entries[(int)entry];
    public Mark EntrySince(LocalVector entry) => _entriesSince[(int)entry];

    /// <summary>Whether INTR of the 8259 gets through LINT0.</summary>
    public bool PassesIntr => Base.Enabled
        ? Entry(LocalVector.Lint0) is { Masked: false, Mode: DeliveryMode.ExtInt }
        : Cpu == 0;

    /// <summary>The page of its registers; QEMU maps it once, at its first address.</summary>
    public bool Maps(ulong address, out uint offset) => _qemu
        ? ApicBase.Reset(bootstrap: false).Covers(address, out offset)
        : Base.Covers(address, out offset) && Base.Mode == ApicMode.XApic;

    /// <summary>What keeps the CPU from taking a pending vector.</summary>
    public Held GateOf(byte vector)
    {
        // QEMU's local APIC still delivers it, once SVR enables it.
        if (!Base.Enabled && !_qemu)
            return new(Gate.HardwareDisabled, BaseSince, Cpu);
        if (!Spurious.Enabled && _qemu)
            return new(Gate.SoftwareDisabled, SpuriousSince, Cpu);
        int serving = InService.Highest;
        int mine = vector & ClassMask;
        // QEMU lets vectors 1 to 15 through where no priority stands, and what is in service below 16 makes none.
        if (_qemu && vector == 0)
            return new(Gate.NullVector, default, Cpu);
        if (_qemu && mine == 0 && serving <= ClassZero && TaskPriority == 0)
            return new(Gate.CpuUnknown, default, Cpu);
        if (serving >= 0 && mine <= (serving & ClassMask) && (serving & ClassMask) >= (TaskPriority & ClassMask))
            return new(Gate.VectorInService, InService[serving]!.Taken ?? default, Cpu, serving);
        if (mine <= (TaskPriority & ClassMask))
            return new(Gate.TaskPriority, TaskPrioritySince, Cpu, TaskPriority);
        return new(Gate.CpuUnknown, default, Cpu);
    }

    /// <summary>A register was written, at its offset in the page.</summary>
    public void Write(ApicRegister register, uint value, Mark at)
    {
        switch (register)
        {
            case ApicRegister.Id:
                (XApicId, IdentitySince) = (XApicId.Written(value), at);
                break;
            case ApicRegister.LogicalDestination:
                (Logical, IdentitySince) = (LogicalDestination.Written(value), at);
                break;
            case ApicRegister.DestinationFormat:
                (Format, IdentitySince) = (DestinationFormat.Written(value), at);
                break;
            case ApicRegister.TaskPriority:
                WriteTaskPriority((byte)value, at);
                break;
            case ApicRegister.InitialCount:
                (Count, CountSince) = (value, at);
                break;
            case ApicRegister.Cmci:
                WriteEntry(LocalVector.Cmci, value, at);
                break;
            case >= ApicRegister.Timer and <= ApicRegister.Error when (uint)register % 0x10 == 0:
                WriteEntry(LocalVector.Timer + (int)(register - ApicRegister.Timer) / 0x10, value, at);
                break;
        }
    }

    public void WriteTaskPriority(byte value, Mark at)
    {
        if (value != TaskPriority)
            TaskPrioritySince = at;
        TaskPriority = value;
    }

    public void ChangeSpurious(SpuriousVector value, Mark at)
    {
        if (value.Enabled != Spurious.Enabled)
            SpuriousSince = at;
        Spurious = value;
        // While software-disabled, mask bits are set and stay so (SDM vol. 3, 11.4.7.2); not in QEMU.
        if (value.Enabled || _qemu)
            return;
        for (var entry = LocalVector.Cmci; entry <= LocalVector.Error; entry++)
            SetEntry(entry, Entry(entry).WithMask(), at);
    }

    public void ChangeBase(ApicBase value, Mark at)
    {
        ApicBase old = Base;
        (Base, BaseSince, IdentitySince) = (value, at, at);
        if (_qemu)
        {
            if (old.Enabled && !value.Enabled)
                ChangeSpurious(Spurious.Disabled, at);
            return;
        }
        if (value.Mode != old.Mode)
            XApicId = XApicId.For((byte)InitialId);
        if (value.Mode == ApicMode.X2Apic && old.Mode == ApicMode.XApic)
            Logical = default;
    }

    /// <summary>A reset of the local APIC.</summary>
    /// <param name="cause">By what.</param>
    /// <param name="at">Where.</param>
    public void Reset(ApicResetCause cause, Mark at)
    {
        Pending.Drop(at);
        InService.Drop(at);
        ClearRegisters(at);
        if (cause == ApicResetCause.Init)
            LastInit = at;
    }

    /// <summary>What names it on the bus, in words.</summary>
    public string Identity => Base.Mode switch
    {
        ApicMode.Disabled when !_qemu => $"cpu{Cpu} is hardware-disabled",
        ApicMode.X2Apic => $"cpu{Cpu} has x2APIC id 0x{InitialId:x}, logical id "
            + $"0x{LogicalDestination.Derived(InitialId).Bits:x}",
        _ => $"cpu{Cpu} has id {XApicId.Id}, LDR 0x{Logical.Id:x2}, DFR "
            + (Format == DestinationFormat.Flat ? "flat" : Format == DestinationFormat.Cluster ? "cluster"
                : $"0x{Format.Bits:x8}"),
    };

    private void WriteEntry(LocalVector entry, uint value, Mark at)
    {
        var written = new LocalVectorEntry(value);
        SetEntry(entry, Spurious.Enabled || _qemu ? written : written.WithMask(), at);
    }

    private void SetEntry(LocalVector entry, LocalVectorEntry value, Mark at)
    {
        LocalVectorEntry old = Entry(entry);
        if (value.Masked != old.Masked || value.Mode != old.Mode)
            _entriesSince[(int)entry] = at;
        _entries[(int)entry] = value;
    }

    private void ClearRegisters(Mark at)
    {
        (Spurious, SpuriousSince) = (SpuriousVector.Reset, at);
        (Logical, Format, IdentitySince) = (default, DestinationFormat.Flat, at);
        (TaskPriority, TaskPrioritySince) = (0, at);
        (Count, CountSince) = (0, at);
        Array.Fill(_entries, LocalVectorEntry.Reset);
        if (_kvm && Cpu == 0)
            _entries[(int)LocalVector.Lint0] = LocalVectorEntry.OpenExtInt;
        Array.Fill(_entriesSince, at);
    }
}
