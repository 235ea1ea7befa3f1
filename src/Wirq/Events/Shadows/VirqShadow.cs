using Wirq.Routing;
using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>The known facts about one virq.</summary>
internal struct VirqFact : IState
{
    public Fact Masked;
}

/// <summary>The virqs, reconstructed from the events.</summary>
internal sealed class VirqShadow(FabricOptions options, StateArena arena)
{
    private readonly Block<VirqFact> _virqs = arena.Reserve<VirqFact>(options.Routing?.Virqs ?? 1);

    /// <summary>How many there can be, at least 1.</summary>
    internal int Count => _virqs.Count;

    internal bool IsMasked(int slot) => _virqs[slot].Masked.IsYes;

    /// <summary>Learns which virqs of a machine are masked. Of a slot without a virq there is nothing to know.</summary>
    internal void Learn(Fabric machine)
    {
        if (machine.RouteCache is not { } virqs)
            return;
        for (int slot = 0; slot < virqs.Capacity; slot++)
        {
            if (virqs.IsInUse(slot))
                _virqs[slot].Masked = Facts.Of(virqs.StateOf(virqs.HandleAt(slot)) is VirqState.Masked or VirqState.Parked);
        }
    }

    internal void Observe(in Event e)
    {
        if (e.Unit >= _virqs.Count)
            return;
        switch (e.Kind)
        {
            case EventKind.VirqMasked:
                _virqs[e.Unit].Masked = Fact.Yes;
                break;
            case EventKind.VirqRegistered or EventKind.VirqUnmasked:
                _virqs[e.Unit].Masked = Fact.No;
                break;
            case EventKind.VirqDisposed:
                _virqs[e.Unit].Masked = Fact.Unknown;
                break;
        }
    }
}
