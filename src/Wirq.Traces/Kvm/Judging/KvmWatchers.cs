using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>Several watchers of one judge.</summary>
internal sealed class KvmWatchers(IReadOnlyList<IKvmWatcher> all) : IKvmWatcher
{
    /// <summary>One watcher for several; null for none.</summary>
    internal static IKvmWatcher? Of(params ReadOnlySpan<IKvmWatcher?> some)
    {
        var all = new List<IKvmWatcher>();
        foreach (IKvmWatcher? one in some)
        {
            if (one is not null)
                all.Add(one);
        }
        return all.Count switch { 0 => null, 1 => all[0], _ => new KvmWatchers(all) };
    }

    /// <inheritdoc/>
    public void Took(KvmRecord record, Mark at, VmTrail? vm, ThreadContext? context, int epoch)
    {
        foreach (IKvmWatcher one in all)
            one.Took(record, at, vm, context, epoch);
    }

    /// <inheritdoc/>
    public void Accepted(VmTrail vm, VcpuTrail vcpu, Accepted accepted, ThreadContext context, AcceptOutcome outcome)
    {
        foreach (IKvmWatcher one in all)
            one.Accepted(vm, vcpu, accepted, context, outcome);
    }

    /// <inheritdoc/>
    public void Unaccepted(VmTrail vm, in OpenMessage message, bool isIpi, int sender)
    {
        foreach (IKvmWatcher one in all)
            one.Unaccepted(vm, message, isIpi, sender);
    }
}
