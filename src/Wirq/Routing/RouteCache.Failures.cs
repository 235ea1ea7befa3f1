using Wirq.Events;
using Wirq.State;

namespace Wirq.Routing;

/// <content>What becomes of virqs where the host refuses: userspace serves them, and nothing is lost.</content>
public sealed partial class RouteCache
{
    /// <summary>Whether a binding that was appended earlier is still wanted.</summary>
    internal bool MayBind(in Event bound)
    {
        ref VirqSlot virq = ref _virqs[bound.Unit];
        return virq.State == VirqState.Hot && virq.Gsi == bound.Gsi
            && new OwnedEventFd(virq.Trigger, virq.Owner) == VirqBound.Of(bound).Trigger;
    }

    /// <summary>A binding failed. Its virq may be gone, and its slot another's, as the kernel was asked.</summary>
    internal void BindFailed(in Event bound)
    {
        int slot = bound.Unit;
        OwnedEventFd asked = VirqBound.Of(bound).Trigger;
        if (!IsCurrent(new VirqHandle(slot, asked.Owner)))
            return;
        ref VirqSlot virq = ref _virqs[slot];
        if (virq.Trigger != asked.EventFd)
            return;
        virq.Add(VirqFlags.Unbindable);
        if (virq.State == VirqState.Hot)
            Reclaim(slot);
        // Nobody here can drive a line that is the kernel's.
        if (OnKernelLine(virq))
            virq.Gsi = VirqSlot.NoGsi;
    }

    /// <summary>A commit failed. Nobody knows what the kernel's table holds, so nobody stays bound; the next batch, or
    /// a pin's next message, commits again.</summary>
    internal void CommitFailed()
    {
        S.Committing--;
        S.Dirty = 1;
        foreach (ref GsiRow row in _rows.Span)
        {
            row.Committed = 0;
            if (row.Owner != VirqSlot.None)
                Reclaim(row.Owner);
        }
    }
}
