using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>Userspace does not touch what a kernel serves.</summary>
/// <remarks>A virq is hot from the moment when its eventfd is bound to the moment when it is unbound. A decision that
/// is not carried out yet does not count. A call of the trigger method is always userspace's.</remarks>
internal sealed class HotStaysInKernel : Law
{
    private readonly Block<Binding> _virqs;

    internal HotStaysInKernel(MachineShadow shadow, StateArena arena) : base(arena) =>
        _virqs = arena.Reserve<Binding>(shadow.Virqs.Count);

    public override string Name => nameof(HotStaysInKernel);

    public override string Says => "an interrupt of a hot virq does not enter userspace";

    internal override void Learn(Fabric machine)
    {
        if (machine.RouteCache is not { } virqs)
            return;
        for (int slot = 0; slot < virqs.Capacity; slot++)
        {
            VirqHandle virq = virqs.HandleAt(slot);
            if (virqs.StateOf(virq) == VirqState.Hot && virqs.TriggerOf(virq).Exists)
                _virqs[slot] = new Binding { Bound = 1, Gsi = (ushort)virqs.GsiOf(virq) };
        }
    }

    protected internal override void Observe(in Event e)
    {
        if (e.Unit >= _virqs.Count)
            return;
        switch (e.Kind)
        {
            case EventKind.VirqBound:
                _virqs[e.Unit] = new Binding { Bound = 1, Gsi = (ushort)e.Gsi };
                break;
            case EventKind.VirqUnbound or EventKind.VirqDisposed or EventKind.VirqRegistered:
                _virqs[e.Unit] = default;
                break;
            case EventKind.VirqTriggered when VirqTriggered.Of(e).ByEventFd && _virqs[e.Unit].Bound != 0:
                Fail(1, e, _virqs[e.Unit].Gsi);
                break;
        }
    }

    protected override string Explain(in LawBreak first) =>
        $"userspace read the eventfd of virq {first.Event.Unit}, which the kernel served at GSI {first.First}";

    private struct Binding : IState
    {
        public ushort Bound, Gsi;
    }
}
