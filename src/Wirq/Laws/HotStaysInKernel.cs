using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>Userspace does not touch what a kernel serves.</summary>
/// <remarks>A virq is hot from the moment when its eventfd is bound to the moment when it is unbound. A decision that
/// is not carried out yet does not count. A call of the trigger method is always userspace's.</remarks>
internal sealed class HotStaysInKernel : Law
{
    private readonly VirqShadow _virqs;

    internal HotStaysInKernel(MachineShadow shadow, StateArena arena) : base(arena) => _virqs = shadow.Virqs;

    public override string Name => nameof(HotStaysInKernel);

    public override string Says => "an interrupt of a hot virq does not enter userspace";

    protected internal override void Observe(in Event e)
    {
        if (e.Kind == EventKind.VirqServed)
            NoteJudged();
        if (e.Kind == EventKind.VirqTriggered && e.Unit < _virqs.Count && VirqTriggered.Of(e).ByEventFd && _virqs[e.Unit].IsBound)
            Fail(1, e, _virqs[e.Unit].Gsi);
    }

    protected override string Explain(in LawBreak first) =>
        $"userspace read the eventfd of virq {first.Event.Unit}, which the kernel served at GSI {first.First}";
}
