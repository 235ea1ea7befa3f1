using Wirq.Events;
using Wirq.State;

namespace Wirq.Remapping.VtD;

/// <summary>A VT-d remapping unit (DMAR unit), only for interrupt remapping.</summary>
/// <remarks>
/// A write changes the registers and leaves pending work: a command, descriptors in the queue. The owner then calls
/// <see cref="TryStep"/> until it returns false. After each step it drops the cached translations of the entries that
/// the step invalidated. So when a guest sees a command completed, or the status of a wait descriptor, no old
/// translation is used any more.
/// <para>The unit caches nothing: every <see cref="Translate"/> reads the table. The owner caches routes, each under a
/// <see cref="RouteCookie"/>. A message that no entry translated (remapping off, or compatibility format that passes)
/// has the cookie with the key <see cref="RouteCookie.MaxKey"/>. That key lies in no run of entries, but an
/// invalidation of the whole unit affects it.</para>
/// <para>Not modelled: address translation (CAP_REG.SAGAW is zero; root table pointer and translation enable are
/// accepted and mirrored in the status; context and IOTLB invalidations complete at once, so a driver that polls for
/// them continues); posted interrupts; scalable mode, PASIDs and page requests, and with them 256-bit descriptors;
/// advanced fault logging; protected memory; device TLBs that answer late or wrongly, and with them ICE and ITE. Faults
/// are not compressed: each blocked attempt is recorded.</para>
/// <para>Source: Intel Virtualization Technology for Directed I/O, architecture specification, revision 3.0 and later,
/// here "the VT-d specification".</para>
/// </remarks>
internal sealed partial class VtdUnit : IRemapper
{
    /// <summary>Bytes that the registers take.</summary>
    public const uint PageSize = 0x1000;
    /// <summary>Offset of the first fault recording register (CAP_REG.FRO).</summary>
    public const uint FaultRecordOffset = 0x220;
    /// <summary>Offset of the IOTLB registers (ECAP_REG.IRO).</summary>
    public const uint IotlbOffset = 0xF0;

    private readonly VtdProfile _profile;
    private readonly ulong[] _writable;
    private readonly ulong _addressMask;
    private readonly ushort _unit;
    private readonly Block<VtdState> _state;
    private readonly Block<RegisterWord> _registers;
    private readonly Block<FaultRecord> _records;

    /// <summary>Builds a unit with its state in <paramref name="arena"/>.</summary>
    /// <param name="options">How it is built.</param>
    /// <param name="arena">Where its state goes.</param>
    /// <param name="unit">Its number in the machine, 0 to 254, which its events and cookies carry.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option or the number is out of its range.</exception>
    public VtdUnit(VtdOptions options, StateArena arena, int unit = 0)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfNegative(unit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(unit, RouteCookie.MaxUnit);
        options.Validate();
        Options = options;
        _profile = VtdProfile.Of(options.Profile);
        _unit = (ushort)unit;
        _addressMask = VtdCapabilities.AddressMask(options);
        _writable = [.. VtdRegisters.Rows.Select(row => row.WritableIn(options))];
        _state = arena.Reserve<VtdState>();
        _registers = arena.Reserve<RegisterWord>(VtdRegisters.Rows.Length);
        _records = arena.Reserve<FaultRecord>(options.FaultRecords);
        Reset();
    }

    /// <summary>How it was built.</summary>
    public VtdOptions Options { get; }

    /// <summary>Whether interrupt remapping is on (GSTS_REG.IRES).</summary>
    public bool RemappingEnabled => Status.Has(GlobalCommand.Remapping);

    /// <summary>The first VT-d unit of a machine; null for none.</summary>
    public static VtdUnit? Of(Fabric machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return machine.Remappers.OfType<VtdUnit>().FirstOrDefault();
    }

    /// <inheritdoc/>
    public IReadOnlyList<RegisterValue> Describe() =>
    [
        new("GSTS_REG", Word(VtdRegister.GlobalStatus)), new("IRTA_REG, in use", S.Table.Bits), new("FSTS_REG", Word(VtdRegister.FaultStatus)),
        new("FECTL_REG", Word(VtdRegister.FaultControl)), new("IQA_REG, in use", S.Queue.Bits), new("IQH_REG", Word(VtdRegister.QueueHead)),
        new("IQT_REG", Word(VtdRegister.QueueTail)), new("ICS_REG", Word(VtdRegister.CompletionStatus)), new("IECTL_REG", Word(VtdRegister.CompletionControl)),
    ];

    private ref VtdState S => ref _state.Value;
    private GlobalCommand Status => new(Word(VtdRegister.GlobalStatus));

    /// <inheritdoc/>
    public void Reset(EventBuffer events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (events.Observing && RemappingEnabled)
            events.Observe(new RemapSwitched(_unit, On: false).ToEvent());
        Reset();
    }

    /// <summary>Power-on state: everything off, no table, no queue, no fault.</summary>
    private void Reset()
    {
        S = default;
        _records.Span.Clear();
        foreach (VtdRegisterRow row in VtdRegisters.Rows)
            Word(row.Register) = row.Reset;
        Word(VtdRegister.Capability) = VtdCapabilities.Basic(Options);
        Word(VtdRegister.ExtendedCapability) = VtdCapabilities.More(Options);
    }

    private ref ulong Word(VtdRegister register) => ref _registers[(int)register].Bits;
}
