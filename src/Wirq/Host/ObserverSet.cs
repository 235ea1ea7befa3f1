using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>Several observers of one machine, in their order.</summary>
internal sealed class ObserverSet(IEventObserver[] observers) : IEventObserver
{
    internal IReadOnlyList<IEventObserver> All => observers;

    public bool Observes(in Event happened)
    {
        foreach (IEventObserver observer in observers)
        {
            if (observer.Observes(happened))
                return true;
        }
        return false;
    }

    /// <summary>Calls each observer that observes the event. If one throws, the others are still called; then the first
    /// exception is thrown.</summary>
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
        Throw(first);
    }

    public void Failed(KernelException refusal)
    {
        Exception? first = null;
        foreach (IEventObserver observer in observers)
        {
            try
            {
                observer.Failed(refusal);
            }
            catch (Exception failure)
            {
                first ??= failure;
            }
        }
        Throw(first);
    }

    private static void Throw(Exception? first)
    {
        if (first is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
    }
}
