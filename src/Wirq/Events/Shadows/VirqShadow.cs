using Wirq.Routing;
using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>The known facts about one virq.</summary>
internal struct VirqFact : IState
{
    public Fact Masked;
    /// <summary>Whether the slot had another owner since rest.</summary>
    public byte Former;
    public byte Bound;
    public byte Reserved;
    /// <summary>The GSI by which the kernel serves its eventfd.</summary>
    public ushort Gsi;

    /// <summary>Whether the kernel serves its eventfd.</summary>
    public readonly bool IsBound => Bound != 0;
}

/// <summary>What concerns all virqs: whether any slot has changed hands since rest.</summary>
internal struct AnyFormer : IState
{
    public ushort Any;
    /// <summary>1 while nobody reads an eventfd.</summary>
    public ushort Suspended;
}

/// <summary>The virqs, reconstructed from the events.</summary>
internal sealed class VirqShadow(FabricOptions options, StateArena arena)
{
    private readonly Block<VirqFact> _virqs = arena.Reserve<VirqFact>(options.Routing?.Virqs ?? 1);
    private readonly Block<AnyFormer> _former = arena.Reserve<AnyFormer>();

    /// <summary>How many there can be, at least 1.</summary>
    internal int Count => _virqs.Count;

    internal ref readonly VirqFact this[int slot] => ref _virqs[slot];

    internal bool IsMasked(int slot) => _virqs[slot].Masked.IsYes;

    /// <summary>Whether a <see cref="EventKind.VirqServed"/> may be of the slot's former owner. The kernel serves an
    /// eventfd until its unbind is carried out, and reports it behind everything that waits by then, such as the
    /// registration and the binding of the next owner. At rest nothing of a former owner is left.</summary>
    internal bool MayBeFormers(in Event served) => _virqs[served.Unit] is { Former: not 0, Masked.IsKnown: true };

    /// <summary>Learns which virqs of a machine are masked or bound. Of a slot without a virq there is nothing to
    /// know.</summary>
    internal void Learn(Fabric machine)
    {
        if (machine.RouteCache is not { } virqs)
            return;
        Suspend(virqs.IsSuspended);
        for (int slot = 0; slot < virqs.Capacity; slot++)
        {
            if (!virqs.IsInUse(slot))
                continue;
            VirqHandle virq = virqs.HandleAt(slot);
            VirqState state = virqs.StateOf(virq);
            _virqs[slot].Masked = Facts.Of(state is VirqState.Masked or VirqState.Parked);
            if (state == VirqState.Hot && !virqs.IsSuspended && virqs.TriggerOf(virq).Exists)
                (_virqs[slot].Bound, _virqs[slot].Gsi) = (1, (ushort)virqs.GsiOf(virq));
        }
    }

    /// <summary>Everything has come to rest: nothing is left of former owners.</summary>
    internal void Rest()
    {
        if (_former.Value.Any == 0)
            return;
        foreach (ref VirqFact virq in _virqs.Span)
            virq.Former = 0;
        _former.Value.Any = 0;
    }

    /// <summary>Nobody reads an eventfd from now on, or somebody does again.</summary>
    internal void Suspend(bool suspended) => _former.Value.Suspended = suspended ? (ushort)1 : (ushort)0;

    /// <summary>Whether an interrupt of a virq stays pending now: it is masked, or nobody reads its eventfd.</summary>
    internal bool Holds(int slot) => IsMasked(slot) || _former.Value.Suspended != 0;

    internal void Observe(in Event e)
    {
        if (e.Unit >= _virqs.Count)
            return;
        ref VirqFact virq = ref _virqs[e.Unit];
        switch (e.Kind)
        {
            case EventKind.VirqMasked:
                virq.Masked = Fact.Yes;
                break;
            case EventKind.VirqUnmasked:
                virq.Masked = Fact.No;
                break;
            case EventKind.VirqBound:
                (virq.Bound, virq.Gsi) = (1, (ushort)e.Gsi);
                break;
            case EventKind.VirqUnbound:
                (virq.Bound, virq.Gsi) = (0, 0);
                break;
            case EventKind.VirqRegistered:
                virq = new() { Masked = Fact.No, Former = virq.Former };
                break;
            case EventKind.VirqDisposed:
                virq = new() { Former = 1 };
                _former.Value.Any = 1;
                break;
        }
    }
}
