using Wirq.Events;
using Wirq.Events.Shadows;

namespace Wirq.Traces.Why;

/// <summary>What came to one CPU and its local APIC, and since when they are what they are. What they are, their shadow
/// says.</summary>
internal sealed class CpuTrail
{
    private const byte ClassMask = 0xF0, ClassZero = 0x0F;

    private readonly CpuShadow _shadow;
    private readonly ApicQuirks _quirks;
    private readonly Mark[] _entriesSince = new Mark[CpuEntries.Count];
    private readonly Held _unknown;
    // What the last event told, to see what the next one changes.
    private CpuEntries _entries;
    private bool _enabled;
    private int _priority;

    public CpuTrail(int cpu, LocalApicOptions options, CpuShadow shadow)
    {
        Cpu = cpu;
        _shadow = shadow;
        _unknown = new(Gate.CpuUnknown, default, cpu);
        Note();
        _quirks = LocalApicProfile.Quirks(options.Profile);
    }

    public int Cpu { get; }
    /// <summary>The vectors that wait for the CPU, each with how it came.</summary>
    public VectorTable Pending { get; } = new();
    public VectorTable InService { get; } = new();

    private ref readonly CpuFacts Facts => ref _shadow[Cpu];

    public ApicBase Base => Facts.Base;
    public Mark BaseSince { get; private set; }
    public SpuriousVector Spurious => Facts.Spurious;
    public Mark SpuriousSince { get; private set; }
    public XApicId XApicId => Facts.XApicId;
    public LogicalDestination Logical => Facts.Logical;
    public DestinationFormat Format => Facts.Format;
    /// <summary>The last write of the id, LDR, DFR or mode.</summary>
    public Mark IdentitySince { get; private set; }
    /// <summary>Whether an event reported its id, LDR, DFR or mode.</summary>
    public bool KnowsIdentity => Facts.IsTold(CpuRegisters.Identity);
    public Mark TaskPrioritySince { get; private set; }

    /// <summary>The initial count of its timer, and when it was written.</summary>
    public uint Count => Facts.Count;
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

    public LocalVectorEntry Entry(LocalVector entry) => Facts.Entry(entry);
    /// <summary>Whether an event reported an entry.</summary>
    public bool KnowsEntry(LocalVector entry) => Facts.IsTold(entry);
    public Mark EntrySince(LocalVector entry) => _entriesSince[(int)entry];

    /// <summary>Whether INTR of the 8259 gets through LINT0.</summary>
    public bool PassesIntr => Base.Enabled
        ? Entry(LocalVector.Lint0) is { Masked: false, Mode: DeliveryMode.ExtInt }
        : Cpu == 0;

    /// <summary>What keeps the CPU from taking a pending vector.</summary>
    public Held GateOf(byte vector)
    {
        // QEMU's local APIC still delivers it, once SVR enables it.
        if (!Base.Enabled && !_quirks.DisabledStaysOnBus)
            return new(Gate.HardwareDisabled, BaseSince, Cpu);
        if (!Spurious.Enabled && _quirks.HoldsWhileDisabled)
            return new(Gate.SoftwareDisabled, SpuriousSince, Cpu);
        int serving = Facts.InService.Highest;
        int mine = vector & ClassMask, priority = Facts.TaskPriority;
        // QEMU lets vectors 1 to 15 through where no priority stands, and what is in service below 16 makes none.
        if (_quirks.LowVectorsTaken && vector == 0)
            return new(Gate.NullVector, default, Cpu);
        if (_quirks.LowVectorsTaken && mine == 0 && serving <= ClassZero && priority == 0)
            return _unknown;
        if (serving >= 0 && mine <= (serving & ClassMask) && (serving & ClassMask) >= (priority & ClassMask))
            return new(Gate.VectorInService, InService[serving]?.Taken ?? default, Cpu, serving);
        if (mine <= (priority & ClassMask))
            return new(Gate.TaskPriority, TaskPrioritySince, Cpu, priority);
        return _unknown;
    }

    /// <summary>Processes the next event of this CPU: the shadow learns it, and what it changes holds since
    /// then.</summary>
    /// <returns>The registers that it reports.</returns>
    public CpuRegisters Observe(in Event e, Mark at)
    {
        CpuRegisters told = _shadow.Observe(e);
        if (told == CpuRegisters.None)
            return told;
        bool reset = told == CpuRegisters.Reset;
        if ((told & CpuRegisters.Identity) != 0)
            IdentitySince = at;
        if ((told & CpuRegisters.Base) != 0)
            BaseSince = at;
        if ((told & CpuRegisters.Count) != 0)
            CountSince = at;
        if (reset || Spurious.Enabled != _enabled)
            SpuriousSince = at;
        if (reset || Facts.TaskPriority != _priority)
            TaskPrioritySince = at;
        for (var entry = LocalVector.Cmci; entry <= LocalVector.Error; entry++)
        {
            LocalVectorEntry old = _entries[(int)entry], now = Entry(entry);
            if (reset || now.Masked != old.Masked || now.Mode != old.Mode)
                _entriesSince[(int)entry] = at;
        }
        Note();
        return told;
    }

    private void Note() => (_entries, _enabled, _priority) = (Facts.Entries, Spurious.Enabled, Facts.TaskPriority);

    /// <summary>A reset of the local APIC takes what was pending and in service.</summary>
    /// <param name="cause">By what.</param>
    /// <param name="at">Where.</param>
    public void Reset(ApicResetCause cause, Mark at)
    {
        Pending.Drop(at);
        InService.Drop(at);
        if (cause == ApicResetCause.Init)
            LastInit = at;
    }

    /// <summary>What names it on the bus, in words.</summary>
    public string Identity => Base.Mode switch
    {
        ApicMode.Disabled when !_quirks.DisabledStaysOnBus => $"cpu{Cpu} is hardware-disabled",
        ApicMode.X2Apic => $"cpu{Cpu} has x2APIC id 0x{_shadow.InitialId(Cpu):x}, logical id "
            + $"0x{LogicalDestination.Derived(_shadow.InitialId(Cpu)).Bits:x}",
        _ => $"cpu{Cpu} has id {XApicId.Id}, LDR 0x{Logical.Id:x2}, DFR "
            + (Format == DestinationFormat.Flat ? "flat" : Format == DestinationFormat.Cluster ? "cluster"
                : $"0x{Format.Bits:x8}"),
    };
}
