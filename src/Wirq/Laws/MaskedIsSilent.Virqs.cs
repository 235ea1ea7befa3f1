using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <content>A masked virq sends nothing. Until its mask has completed, the kernel may still serve what came
/// before.</content>
internal sealed partial class MaskedIsSilent
{
    private readonly Block<VirqMask> _virqs;
    private readonly Block<SlotsSeen> _virqsSeen;

    private void FollowVirq(in Event e, ref VirqMask virq)
    {
        switch (e.Kind)
        {
            case EventKind.VirqRegistered or EventKind.VirqUnmasked or EventKind.VirqDisposed:
                virq = default;
                break;
            case EventKind.VirqMasked:
                _virqsSeen.Value.See(e.Unit);
                virq.Masked = 1;
                break;
            case EventKind.VirqInjected when virq.Masked != 0:
            case EventKind.VirqServed when virq.Complete != 0:
                Fail(VirqSent, e);
                break;
        }
    }

    private void CompleteMasks()
    {
        foreach (ref VirqMask virq in _virqs.Span[.._virqsSeen.Value.Count])
            virq.Complete = virq.Masked;
    }

    private struct VirqMask : IState
    {
        public byte Masked, Complete;
    }
}
