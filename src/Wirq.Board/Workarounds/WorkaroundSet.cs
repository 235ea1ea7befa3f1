using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Workarounds;

/// <summary>The work-arounds of one vCPU.</summary>
internal sealed class WorkaroundSet
{
    private readonly Workaround[] _all;

    private WorkaroundSet(Workaround[] all) => _all = all;

    /// <summary>The work-arounds that a host needs.</summary>
    /// <param name="needed">The work-arounds, as the probes found (<see cref="HostReport.Workarounds"/>).</param>
    /// <exception cref="ArgumentException">There is no work-around with that name.</exception>
    public static WorkaroundSet For(IEnumerable<HostWorkaround> needed)
    {
        ArgumentNullException.ThrowIfNull(needed);
        string[] names = [.. needed.Select(each => each.Name)];
        var all = new List<Workaround>();
        foreach (string name in names)
        {
            switch (name)
            {
                case StepToWindow.Word:
                    all.Add(new StepToWindow(emulatesIret: names.Contains(StepToWindow.IretWord)));
                    break;
                case StepToWindow.IretWord:
                    break;
                case SkipVmcall.Word:
                    all.Add(new SkipVmcall());
                    break;
                case DeliverSoftInterrupt.Word:
                    all.Add(new DeliverSoftInterrupt());
                    break;
                default:
                    throw new ArgumentException($"there is no work-around {name}", nameof(needed));
            }
        }
        return new([.. all]);
    }

    /// <summary>None: for a KVM without deviations.</summary>
    public static WorkaroundSet None => new([]);

    /// <summary>Whether the vCPU must be kicked regularly, with the period <see cref="SkipVmcall.Period"/>.</summary>
    public bool WantsKicks => _all.Any(each => each is SkipVmcall);

    internal WorkaroundResult BeforeEntry(GuestView view, bool interruptWaits, Action finish)
    {
        WorkaroundResult result = WorkaroundResult.GoOn;
        foreach (Workaround each in _all)
        {
            if (each.BeforeEntry(view, interruptWaits, finish) == WorkaroundResult.LookAgain)
                result = WorkaroundResult.LookAgain;
        }
        return result;
    }

    internal void Injecting(GuestView view, Action finish)
    {
        foreach (Workaround each in _all)
            each.Injecting(view, finish);
    }

    internal bool Exited(GuestView view, KvmExit exit)
    {
        foreach (Workaround each in _all)
        {
            if (each.Exited(view, exit))
                return true;
        }
        return false;
    }

    internal void Forget(GuestView view)
    {
        foreach (Workaround each in _all)
            each.Forget(view);
    }
}
