using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <content>A masked virq sends nothing. Until its mask has completed, the kernel may still serve an earlier
/// interrupt.</content>
internal sealed partial class MaskedIsSilent
{
    private readonly Block<VirqMask> _virqs;
    private readonly Block<SlotsSeen> _virqsSeen;

    internal override void Learn(Fabric machine)
    {
        for (int slot = 0; slot < (machine.RouteCache?.Capacity ?? 0); slot++)
        {
            if (_shadow.Virqs.IsMasked(slot))
                _virqsSeen.Value.See(slot);
        }
    }

    private void FollowVirq(in Event e, ref VirqMask virq)
    {
        switch (e.Kind)
        {
            case EventKind.VirqRegistered or EventKind.VirqUnmasked or EventKind.VirqDisposed:
                virq = default;
                break;
            case EventKind.VirqSignalled or EventKind.VirqTriggered when _shadow.Virqs.IsMasked(e.Unit):
                NoteJudged();
                break;
            case EventKind.VirqMasked:
                _virqsSeen.Value.See(e.Unit);
                break;
            case EventKind.VirqInjected when _shadow.Virqs.IsMasked(e.Unit):
            case EventKind.VirqServed when virq.Complete != 0:
                Fail(VirqSent, e);
                break;
        }
    }

    private void CompleteMasks()
    {
        for (int slot = 0; slot < _virqsSeen.Value.Count; slot++)
            _virqs[slot].Complete = _shadow.Virqs.IsMasked(slot) ? (byte)1 : (byte)0;
    }

    private struct VirqMask : IState
    {
        /// <summary>Whether its mask has completed.</summary>
        public byte Complete;
    }
}
