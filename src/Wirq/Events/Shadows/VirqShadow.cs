using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>The known facts about one virq.</summary>
internal struct VirqFact : IState
{
    public byte Masked;
}

/// <summary>The virqs, reconstructed from the events.</summary>
internal sealed class VirqShadow(FabricOptions options, StateArena arena)
{
    private readonly Block<VirqFact> _virqs = arena.Reserve<VirqFact>(options.Routing?.Virqs ?? 1);

    /// <summary>How many there can be, at least 1.</summary>
    internal int Count => _virqs.Count;

    internal bool IsMasked(int slot) => _virqs[slot].Masked != 0;

    internal void Observe(in Event e)
    {
        if (e.Unit >= _virqs.Count)
            return;
        if (e.Kind == EventKind.VirqMasked)
            _virqs[e.Unit].Masked = 1;
        else if (e.Kind is EventKind.VirqUnmasked or EventKind.VirqRegistered or EventKind.VirqDisposed)
            _virqs[e.Unit].Masked = 0;
    }
}
