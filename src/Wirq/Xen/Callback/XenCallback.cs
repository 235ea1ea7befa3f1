using Wirq.Events;
using Wirq.Host;
using Wirq.State;

namespace Wirq.Xen;

/// <summary>What a callback remembers.</summary>
internal struct CallbackState : IState
{
    public ulong Via;
    /// <summary>1 while it asserts its line: an event of ours set the flag of vCPU 0.</summary>
    public uint Asserted;
    /// <summary>The slot of its source on its line plus 1; 0 for none.</summary>
    public ushort LineAndOne;
    /// <summary>The slot of its source on the line of its link plus 1; 0 for none.</summary>
    public ushort LinkAndOne;
}

/// <summary>The vector of a vCPU; 0 for none.</summary>
internal struct UpcallVector : IState
{
    public byte Vector;
}

/// <summary>How the vCPUs of an HVM domain hear of <see cref="XenUpcall"/>: by a vector of the vCPU's own, by the global
/// vector, or by a line. The machine of the domain is a <see cref="Fabric"/>.</summary>
/// <remarks>
/// <para>A vector of its own is an edge into the vCPU's local APIC, with an EOI. The global vector is in no local APIC: it is
/// offered at each entry while the flag is set, whoever set it. The line is one more source on its line, so it neither
/// drops another holder nor is dropped by one. It rises when <em>we</em> set the flag of vCPU 0.</para>
/// <para>Its owner calls <see cref="Upcall"/> for each <see cref="XenUpcall"/>, <see cref="Enter"/> at each entry of a vCPU
/// (with <see cref="CallbackPolicy.Poll"/>, and needless else), passes it acknowledges, and takes interrupts from it instead
/// of from the fabric. Everything only queues in the fabric. Not thread-safe.</para>
/// </remarks>
public sealed partial class XenCallback : IAckPort
{
    /// <summary>The lowest vector of a vCPU.</summary>
    public const byte LowestVector = 0x10;

    private readonly Fabric _fabric;
    private readonly EventChannels _channels;
    private readonly ushort _domain;
    private readonly CallbackPolicy _policy;
    private readonly Block<CallbackState> _state;
    private readonly Block<UpcallVector> _vectors;

    /// <summary>Makes a callback that comes in no way.</summary>
    /// <param name="fabric">The machine of the domain, with its local APICs.</param>
    /// <param name="channels">The event channels.</param>
    /// <param name="domain">The domain's id; an HVM domain with a vCPU for each CPU of the machine.</param>
    /// <param name="lines">The PCI lines of the domain; null for a machine without, which has no callback by INTx.</param>
    /// <param name="policy">When its line is looked at.</param>
    /// <param name="arena">Where the state goes; not the fabric's, which has a callback of its own by <see
    /// cref="FabricOptions.Xen"/>.</param>
    /// <exception cref="ArgumentException">The domain and the machine do not fit.</exception>
    public XenCallback(Fabric fabric, EventChannels channels, ushort domain, XenPciLines? lines, CallbackPolicy policy, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(fabric);
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentNullException.ThrowIfNull(arena);
        XenDomainOptions its = channels.Options.Domains.FirstOrDefault(each => each.Id == domain)
            ?? throw new ArgumentException($"there is no domain {domain}", nameof(domain));
        if (!its.IsHvm || fabric.LocalApics is null || fabric.LocalApics.Count < its.Vcpus)
            throw new ArgumentException($"domain {domain} has {its.Vcpus} vCPUs; it must be HVM, and the machine must have that many local APICs", nameof(fabric));
        (_fabric, _channels, _domain, _policy, Lines) = (fabric, channels, domain, policy, lines);
        _state = arena == fabric.Arena ? arena.Reserve<CallbackState>(1, MakeCanonical) : arena.Reserve<CallbackState>();
        _vectors = arena.Reserve<UpcallVector>(its.Vcpus);
        if (lines is not null)
            lines.Moved = LinkMoved;
    }

    /// <summary>The PCI lines of the domain; null for none.</summary>
    public XenPciLines? Lines { get; }

    /// <summary>Whose hypervisor it is: with <see cref="CallbackPolicy.Poll"/>, Xen looks at the flag when any vCPU enters,
    /// and QEMU when vCPU 0 does.</summary>
    public XenProfile Profile { get; init; }

    /// <summary>How the callback comes.</summary>
    public CallbackVia Via => new(_state.Value.Via);

    /// <summary>Whether the callback asserts: an event of ours set the flag of vCPU 0, and it was not yet found
    /// clear.</summary>
    public bool IsAsserted => _state.Value.Asserted != 0;

    /// <summary>The slots of its sources, which acknowledges name; -1 for none.</summary>
    public (int Line, int Link) Slots => (_state.Value.LineAndOne - 1, _state.Value.LinkAndOne - 1);

    /// <summary>The hypervisor set the flag of a vCPU, which was clear.</summary>
    /// <param name="vcpu">The vCPU.</param>
    public void Upcall(int vcpu)
    {
        if (_vectors[vcpu].Vector is not 0 and var vector)
            _fabric.InjectVector(vcpu, vector);
        else if (Via.Kind == CallbackKind.Vector)
            _fabric.WakeCpu(vcpu);
        else if (vcpu == 0)
            LookAtFlag(XenLook.Upcall);
    }

    /// <summary>The guest sets HVM_PARAM_CALLBACK_IRQ. If the line is asserted, the old one loses it and the new one gets
    /// it. Then every vCPU is looked at as after an upcall; one with a vector of its own gets that, whatever its flag is
    /// (Xen, hvm_set_callback_via).</summary>
    /// <param name="via">The value; may be anything.</param>
    /// <exception cref="InvalidOperationException">All slots for sources are taken (<see cref="FabricOptions.Sources"/>), and
    /// the callback was built by itself. A machine with <see cref="FabricOptions.Xen"/> keeps slots free for it.</exception>
    public void SetVia(CallbackVia via)
    {
        Disconnect();
        // A GSI that the machine does not have is none.
        if (via.Kind == CallbackKind.Gsi && via.Gsi >= _fabric.Gsis.Count)
            via = default;
        _state.Value.Via = via.Bits;
        Connect(via);
        Note(Slots.Line, Slots.Link);
        if (IsAsserted)
            SetLines(true);
        for (int vcpu = 0; vcpu < _vectors.Count; vcpu++)
            Upcall(vcpu);
    }

    /// <summary>Its sources were lowered by somebody who knows nothing of it, as a restore does that has no levels.</summary>
    internal void LoseLevel() => _state.Value.Asserted = 0;

    /// <summary>The domain begins a new life: its callback comes in no way.</summary>
    internal void Reset()
    {
        Disconnect();
        _state.Value = default;
        _vectors.Span.Clear();
    }

    private void Note(int line, int link)
    {
        if (_fabric.Events.Observing)
            _fabric.Events.Observe(new XenCallbackMoved(_domain, Via, line, link).ToEvent());
    }

    /// <summary>The guest gives a vCPU a vector of its own (<c>HVMOP_set_evtchn_upcall_vector</c>), and it
    /// comes at once, whatever the vCPU's flag is (Xen, hvmop_set_evtchn_upcall_vector).</summary>
    /// <param name="vcpu">The vCPU; may be anything.</param>
    /// <param name="vector">The vector; may be anything.</param>
    public XenError SetVector(uint vcpu, byte vector)
    {
        if (vector < LowestVector)
            return XenError.Invalid;
        if (vcpu >= (uint)_vectors.Count)
            return XenError.NoSuchEntry;
        _vectors[(int)vcpu].Vector = vector;
        Upcall((int)vcpu);
        return XenError.None;
    }

    /// <summary>A vCPU is about to enter its guest: with <see cref="CallbackPolicy.Poll"/>, while the line is asserted, the
    /// flag of vCPU 0 is looked at, if <see cref="Profile"/> looks when this vCPU enters.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <returns>Whether the flag was looked at.</returns>
    public bool Enter(int vcpu)
    {
        if (!IsAsserted || _policy != CallbackPolicy.Poll || !Profile.LooksAtEntryOf(vcpu))
            return false;
        LookAtFlag(XenLook.Entry);
        return true;
    }

    /// <summary>A line was acknowledged. If it was the callback's, and the flag is still set, it rises again.</summary>
    /// <param name="source">The source's slot; any other is ignored.</param>
    /// <param name="generation">Which owner of the slot is meant.</param>
    public void Acknowledged(int source, uint generation) => TryAcknowledge(source, generation);

    /// <summary>As <see cref="Acknowledged"/>.</summary>
    /// <returns>Whether the source is the callback's.</returns>
    internal bool TryAcknowledge(int source, uint generation)
    {
        if ((source != Slots.Line && source != Slots.Link) || !_fabric.Lines.IsCurrent(source, generation))
            return false;
        // Another holder of the line is acknowledged too. A flag that the guest set itself is no reason to hold the line then.
        if (IsAsserted)
        {
            LookAtFlag(XenLook.Acknowledge);
            if (IsAsserted)
                SetLines(true);
        }
        return true;
    }

    private void LookAtFlag(XenLook why)
    {
        bool asserted = _channels.IsUpcallPending(_domain, 0);
        if (_fabric.Events.Observing)
            _fabric.Events.Observe(new XenFlagSeen(_domain, asserted, why).ToEvent());
        if (asserted == IsAsserted)
            return;
        _state.Value.Asserted = asserted ? 1u : 0;
        SetLines(asserted);
    }
}
