using Wirq.Events;

namespace Wirq.Host;

/// <summary>Several observers of one machine, in their order.</summary>
internal sealed class ObserverSet(IEventObserver[] observers) : IEventObserver
{
    public bool Observes(in Event happened)
    {
        foreach (IEventObserver observer in observers)
        {
            if (observer.Observes(happened))
                return true;
        }
        return false;
    }

    /// <summary>Each hears what it observes, and what another threw does not keep it from that.</summary>
    public void Observe(in Event happened)
    {
        Exception? first = null;
        foreach (IEventObserver observer in observers)
        {
            try
            {
                if (observer.Observes(happened))
                    observer.Observe(happened);
            }
            catch (Exception failure)
            {
                first ??= failure;
            }
        }
        if (first is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
    }
}
