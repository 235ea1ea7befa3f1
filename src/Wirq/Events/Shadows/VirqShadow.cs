using Wirq.Routing;
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

    /// <summary>Learns which virqs of a machine are masked.</summary>
    internal void Learn(Fabric machine)
    {
        if (machine.RouteCache is not { } virqs)
            return;
        for (int slot = 0; slot < virqs.Capacity; slot++)
        {
            bool masked = virqs.StateOf(virqs.HandleAt(slot)) is VirqState.Masked or VirqState.Parked;
            _virqs[slot].Masked = masked ? (byte)1 : (byte)0;
        }
    }

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
