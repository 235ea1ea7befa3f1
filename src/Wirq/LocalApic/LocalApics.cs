using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>The local APICs of a machine and the bus between them, to the Intel SDM vol. 3, chapter 11 (chapter 10
/// before December 2022).</summary>
/// <remarks>
/// <para>Time: the timer runs on <see cref="EventBuffer.Now"/>, which must not go back. An access to a timer register
/// first lets a timer expire that is due, so a late <see cref="Advance"/> loses nothing.</para>
/// <para>Wake-ups: <see cref="EventKind.CpuInterrupt"/> is emitted when <see cref="HasInterrupt"/> changes from false
/// to true (by acceptance, EOI, a lower TPR, …) and when an asserted INTR can reach the CPU; not again while it stays
/// true. The owner can check <see cref="HasInterrupt"/> at any time.</para>
/// <para>The caller decides whether a CPU takes an ExtINT before a fixed vector.</para>
/// <para>Not supported, as in processors since the Pentium 4: the three-wire bus and its errors, remote read, the
/// arbitration priority register (both read 0), focus processors, INIT level de-assert (without effect). Nor:
/// ExtINT on LINT1, level trigger on LINT1 (11.5.1: software should not use it; taken as edge), posted
/// interrupts.</para>
/// <para>Not thread-safe. A CPU number outside 0 to <see cref="Count"/> - 1 throws
/// <see cref="ArgumentOutOfRangeException"/>; nothing that a guest does throws.</para>
/// </remarks>
public sealed partial class LocalApics
{
    /// <summary>Bytes from one register to the next in the page; of each, the first 4 are the register.</summary>
    internal const uint RegisterStride = 0x10;

    private readonly LocalApicOptions _options;
    private readonly ApicQuirks _quirks;
    private readonly bool _hasX2Apic, _hasTscDeadline, _hasCmci, _suppressesEoi;
    private readonly uint[] _ids;
    private readonly Dictionary<uint, int>? _cpuOfId;
    private readonly Block<ApicState> _state;
    private readonly Block<ApicBusState> _bus;
    private readonly DeadlineTree _deadlines;

    /// <summary>Builds them with their state in <paramref name="arena"/>.</summary>
    /// <exception cref="ArgumentException">The options are invalid.</exception>
    internal LocalApics(LocalApicOptions options, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(arena);
        options.Validate();
        _options = options;
        ApicQuirks quirks = LocalApicProfile.Quirks(options.Profile);
        _quirks = quirks with
        {
            ByteBroadcastReachesX2Apic = quirks.ByteBroadcastReachesX2Apic && options.ByteBroadcastQuirk,
        };
        _hasX2Apic = options.X2Apic && !_quirks.NoX2Apic;
        _hasTscDeadline = options.TscDeadline && !_quirks.NoTscDeadline;
        _hasCmci = options.Cmci && !_quirks.NoCmci;
        _suppressesEoi = options.SuppressEoiBroadcast && !_quirks.NoEoiSuppression;
        _ids = new uint[options.Count];
        for (int cpu = 0; cpu < _ids.Length; cpu++)
            _ids[cpu] = options.Ids?[cpu] ?? (uint)cpu;
        if (options.Ids is not null)
            _cpuOfId = _ids.Index().ToDictionary(pair => pair.Item, pair => pair.Index);

        _state = arena.Reserve<ApicState>(options.Count, MakeRelative);
        _bus = arena.Reserve<ApicBusState>();
        _deadlines = new DeadlineTree(arena, options.Count);
        _bus.Value.LastWinner = options.Count - 1;
        for (int cpu = 0; cpu < Count; cpu++)
            PowerUp(cpu);
        RemakeTable();
    }

    /// <summary>Decides whether an EOI reaches the I/OAPICs; null if every broadcast does.</summary>
    internal EoiListeners? Listeners { get; set; }

    /// <summary>Whether the profile filters EOIs in this way.</summary>
    internal bool EoiByDestination => _quirks.EoiByDestination;

    /// <summary>Whether the profile accepts a message with reserved bits.</summary>
    internal bool FormatUnchecked => _quirks.FormatUnchecked;

    /// <summary>How many there are.</summary>
    public int Count => _ids.Length;

    /// <summary>The APIC id that a CPU was built with: its x2APIC id; the lower 8 bits are its xAPIC id after
    /// reset.</summary>
    public uint InitialId(int cpu) => _ids[cpu];

    /// <summary>IA32_APIC_BASE of a CPU.</summary>
    public ApicBase Base(int cpu) => _state[cpu].Base;

    /// <summary>Whether <paramref name="address"/> lies in the enabled xAPIC page of a CPU.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="address">Physical address, 64 bits.</param>
    /// <param name="offset">Offset in the page, 0 to 0xFFF, where the answer is true.</param>
    internal bool Maps(int cpu, ulong address, out uint offset)
    {
        ApicBase page = _state[cpu].Base;
        return _quirks.PageStays
            ? ApicBase.Reset(bootstrap: false).Covers(address, out offset)
            : page.Covers(address, out offset) && page.Mode == ApicMode.XApic;
    }

    /// <summary>Whether a vector is pending and its priority is above PPR.</summary>
    internal bool HasInterrupt(int cpu) => Deliverable(in _state[cpu]);

    /// <summary>Whether a CPU would run an INTA cycle to the 8259, INTR being at <paramref name="intr"/>: INTR is
    /// asserted, and either LINT0 passes it on (unmasked ExtINT), or an ExtINT message is pending, or the bootstrap
    /// processor is hardware-disabled, which makes LINT0 its INTR pin (Intel SDM vol. 3, 7.3.1 and 11.4.3).</summary>
    internal bool HasExtInt(int cpu, bool intr)
    {
        ref ApicState s = ref _state[cpu];
        return intr && (s.ExtIntPending != 0 || PassesIntr(cpu, in s));
    }

    /// <summary>The CPU takes its highest vector: IRR to ISR. If there is none to take, it gets the spurious vector,
    /// and no ISR bit is set (Intel SDM vol. 3, 11.9).</summary>
    internal byte Take(int cpu, EventBuffer events)
    {
        int vector = TryTake(cpu, events);
        if (vector >= 0)
            return (byte)vector;
        byte spurious = _state[cpu].Spurious.Vector;
        if (events.Observing)
            ObserveTaken(cpu, spurious, spurious: true, events);
        return spurious;
    }

    /// <summary>The CPU takes its highest vector, if there is one above PPR.</summary>
    /// <returns>The vector; -1 for none.</returns>
    internal int TryTake(int cpu, EventBuffer events)
    {
        ref ApicState s = ref _state[cpu];
        int vector = s.Irr.Highest;
        if (vector < 0 || !Passes(in s, vector))
            return -1;
        s.Irr.Remove(vector);
        s.Isr.Add(vector);
        // A vector above PPR is above TPR and above everything in service.
        s.Ppr = (byte)(vector & 0xF0);
        if (events.Observing)
            ObserveTaken(cpu, vector, spurious: false, events);
        return vector;
    }

    /// <summary>The CPU has run an INTA cycle: an ExtINT message is consumed.</summary>
    internal void ExtIntTaken(int cpu) => _state[cpu].ExtIntPending = 0;

    /// <summary>CR8: bits 7:4 of the TPR, 0 to 15. It works in every mode, hardware-disabled too.</summary>
    internal byte ReadCr8(int cpu) => TaskPriority.ToCr8(_state[cpu].Tpr);

    /// <summary>Writes CR8; false means <c>#GP(0)</c> (reserved bits 63:4; Intel SDM vol. 3, 11.8.6).</summary>
    internal bool TryWriteCr8(int cpu, ulong value, EventBuffer events)
    {
        if (!TaskPriority.TryFromCr8(value, out byte priority))
            return false;
        SetTaskPriority(cpu, ref _state[cpu], priority, events);
        return true;
    }

    /// <summary>Power-up or RESET of one local APIC (Intel SDM vol. 3, 11.4.7.1). Pins keep their levels.</summary>
    public void Reset(int cpu, EventBuffer events)
    {
        PowerUp(cpu);
        RemakeTable();
        ObserveReset(cpu, ApicResetCause.Reset, events);
        ReofferPins(cpu, events);
    }

    /// <summary>RESET of all local APICs and of the bus. <see cref="ReofferPins(EventBuffer)"/> comes after it.</summary>
    internal void Reset(EventBuffer events)
    {
        for (int cpu = 0; cpu < Count; cpu++)
            PowerUp(cpu);
        _bus.Value.LastWinner = Count - 1;
        RemakeTable();
        for (int cpu = 0; cpu < Count; cpu++)
            ObserveReset(cpu, ApicResetCause.Reset, events);
    }

    /// <summary>After a reset of all: pins that are still driven are sampled again.</summary>
    internal void ReofferPins(EventBuffer events)
    {
        for (int cpu = 0; cpu < Count; cpu++)
            ReofferPins(cpu, events);
    }

    /// <summary>INIT of one local APIC: as reset, but the APIC id and IA32_APIC_BASE stay (Intel SDM vol. 3, 11.4.7.3
    /// and 11.12.5).</summary>
    public void Init(int cpu, EventBuffer events)
    {
        InitBesidesTable(cpu, events);
        RemakeTable();
    }

    /// <summary>INIT of one of several local APICs. The caller rebuilds the table after the last one, because a rebuild
    /// for each would be quadratic. Nothing here uses the table.</summary>
    private void InitBesidesTable(int cpu, EventBuffer events)
    {
        ClearRegisters(cpu, ref _state[cpu]);
        ObserveReset(cpu, ApicResetCause.Init, events);
        ReofferPins(cpu, events);
    }

    /// <summary>The vector that <see cref="Take"/> would take; -1 if none is above PPR.</summary>
    internal int Takeable(int cpu)
    {
        ref ApicState s = ref _state[cpu];
        return Deliverable(in s) ? s.Irr.Highest : -1;
    }

    /// <summary>Reports that a CPU took a vector.</summary>
    internal static void ObserveTaken(int cpu, int vector, bool spurious, EventBuffer events) =>
        events.Observe(new VectorTaken(cpu, (byte)vector, spurious ? VectorGiver.Spurious : VectorGiver.LocalApic).ToEvent());

    private static void ObserveReset(int cpu, ApicResetCause cause, EventBuffer events)
    {
        if (events.Observing)
            events.Observe(new ApicReset(cpu, cause).ToEvent());
    }

    private void PowerUp(int cpu)
    {
        ref ApicState s = ref _state[cpu];
        Unlist(cpu, in s);
        s.Base = ApicBase.Reset(bootstrap: cpu == 0);
        s.Id = XApicId.For((byte)_ids[cpu]);
        List(cpu, in s);
        ClearRegisters(cpu, ref s);
    }

    /// <summary>Everything but the id, IA32_APIC_BASE and the levels of the pins.</summary>
    private void ClearRegisters(int cpu, ref ApicState s)
    {
        s.Irr = s.Isr = s.Tmr = default;
        s.Command = default;
        s.Spurious = SpuriousVector.Reset;
        s.Cmci = s.Timer = s.Thermal = s.Performance = s.Lint0 = s.Lint1 = s.Error = LocalVectorEntry.Reset;
        if (_quirks.Lint0OpenAtReset && cpu == 0)
            s.Lint0 = LocalVectorEntry.OpenExtInt;
        s.InitialCount = 0;
        s.LoadTime = 0;
        s.Logical = _quirks.X2ApicLdrStays && s.Base.Mode == ApicMode.X2Apic ? LogicalDestination.Derived(_ids[cpu]) : default;
        s.Format = DestinationFormat.Flat;
        s.Divide = default;
        s.Tpr = s.Ppr = 0;
        s.Recorded = s.Errors = default;
        s.ExtIntPending = s.RemoteVector = 0;
        Disarm(cpu, ref s);
    }

    private void SetTaskPriority(int cpu, ref ApicState s, byte value, EventBuffer events)
    {
        bool before = Deliverable(in s);
        s.Tpr = value;
        s.UpdatePriority();
        WakeIfNew(cpu, in s, before, events);
    }

    /// <summary>Whether a local APIC takes part in the bus: it is not hardware-disabled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsOnBus(in ApicState s) => s.Base.Enabled || _quirks.DisabledStaysOnBus;

    /// <summary>Whether a pending vector is above the processor priority (Intel SDM vol. 3, 11.8.3.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Passes(in ApicState s, int vector)
    {
        byte priority = s.Ppr;
        bool above = (vector & 0xF0) > (priority & 0xF0)
            || _quirks.LowVectorsTaken && vector is > 0 and < 16 && priority == 0;
        return above && IsOnBus(in s) && (s.Spurious.Enabled || !_quirks.HoldsWhileDisabled);
    }

    /// <summary>Which condition of <see cref="Passes"/> holds a pending vector; <see cref="Gate.CpuUnknown"/> where the CPU
    /// may take it: whether it will, its interrupt flag decides.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="vector">The vector.</param>
    /// <param name="by">The vector in service or the TPR that holds it; negative for neither.</param>
    internal Gate GateOf(int cpu, int vector, out int by)
    {
        ref readonly ApicState s = ref _state[cpu];
        by = -1;
        if (!IsOnBus(in s))
            return Gate.HardwareDisabled;
        if (!s.Spurious.Enabled && _quirks.HoldsWhileDisabled)
            return Gate.SoftwareDisabled;
        if (Passes(in s, vector))
            return Gate.CpuUnknown;
        int service = s.Isr.Highest;
        bool byTask = service < 0 || (s.Tpr & 0xF0) > (service & 0xF0);
        by = byTask ? s.Tpr : service;
        return byTask ? Gate.TaskPriority : Gate.VectorInService;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Deliverable(in ApicState s)
    {
        int highest = s.Irr.Highest;
        return highest >= 0 && Passes(in s, highest);
    }

    private void WakeIfNew(int cpu, in ApicState s, bool before, EventBuffer events)
    {
        if (!before && Deliverable(in s))
            Wake(cpu, events);
    }

    private static void Wake(int cpu, EventBuffer events)
    {
        if (events.WakeUps)
            events.Emit(new Event(EventKind.CpuInterrupt, (ushort)cpu));
    }
}
