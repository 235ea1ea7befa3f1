using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <content>What a device writes to its eventfd, or triggers by hand, is served, refused, or pending while the virq is
/// masked.</content>
internal sealed partial class NoLostEdge
{
    private readonly Block<VirqCounts> _virqs;
    private readonly Block<SlotsSeen> _virqsSeen;

    /// <summary>What an eventfd holds of a masked virq is not known, so it is not owed.</summary>
    internal override void Learn(Fabric machine)
    {
        if (machine.RouteCache is not { } virqs)
            return;
        for (int slot = 0; slot < virqs.Capacity; slot++)
        {
            if (!virqs.IsInUse(slot))
                continue;
            _virqsSeen.Value.See(slot);
            _virqs[slot] = new()
            {
                Programmed = virqs.IsProgrammed(slot) ? (byte)1 : (byte)0,
                Waits = virqs.IsLatched(virqs.HandleAt(slot)) ? (byte)1 : (byte)0,
            };
        }
    }

    private static void FollowVirq(in Event e, ref VirqCounts virq)
    {
        switch (e.Kind)
        {
            case EventKind.VirqRegistered or EventKind.VirqDisposed:
                virq = default;
                break;
            case EventKind.VirqSignalled or EventKind.VirqTriggered:
                virq.Waits = 1;
                break;
            case EventKind.VirqServed or EventKind.VirqAnswered:
                virq.Waits = 0;
                break;
            case EventKind.VirqMessageSet:
                // A message that is a write to memory has that as its answer; a line's virq has its line as its answer.
                virq.Programmed = 1;
                break;
        }
    }

    private void JudgeVirqs(in Event e)
    {
        for (int slot = 0; slot < _virqsSeen.Value.Count; slot++)
        {
            ref VirqCounts virq = ref _virqs[slot];
            if (_shadow.Virqs.Holds(slot))
                continue;
            if (virq is { Waits: not 0, Programmed: not 0 })
                Fail(VirqUnserved, e, (ulong)slot);
            virq.Waits = 0;
        }
    }

    private struct VirqCounts : IState
    {
        public byte Waits, Programmed;
    }
}
