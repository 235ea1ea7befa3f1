using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <content>Driving the carrier: what it asks for is done outside the lock.</content>
public sealed partial class FabricHost : IAckPort
{
    // Who hears the acknowledge that is under way; only whoever drains touches it.
    private ILineHolder? _hearer;

    /// <summary>Carries the oldest event out. An exception that a port throws, and that is no failure of the host, is thrown
    /// when the step is complete.</summary>
    private void Step()
    {
        Exception? thrown = null;
        if (_ports.Observes && _carrier.TryPeek(out Event next))
            Observe(next, ref thrown);
        for (bool due = _carrier.Begin(out HostCall call); due;)
            due = _carrier.Complete(Make(call, ref thrown), out call);
        if (thrown is not null)
            ExceptionDispatchInfo.Throw(thrown);
    }

    /// <summary>Nobody but whoever drains takes events, so the one that is told of is still the next when the lock is
    /// back.</summary>
    private void Observe(in Event happened, ref Exception? thrown)
    {
        Debug.Assert(Monitor.IsEntered(_lock));
        Monitor.Exit(_lock);
        try
        {
            _ports.Observe(happened);
        }
        catch (Exception failure)
        {
            thrown ??= failure;
        }
        finally
        {
            Monitor.Enter(_lock);
        }
    }

    private HostAnswer Make(in HostCall call, ref Exception? thrown)
    {
        Debug.Assert(Monitor.IsEntered(_lock));
        // Looked up before the lock is left: when it is told, its slot may be another's.
        _hearer = call.Kind == HostCallKind.Acknowledge ? _holders.Find(call.Effect.Source, call.Generation) : null;
        ReadOnlySpan<KernelRoute> routes = _carrier.Routes;
        HostAnswer answer = HostAnswer.Refused;
        Monitor.Exit(_lock);
        try
        {
            answer = _ports.Make(call, routes);
        }
        catch (Exception failure)
        {
            thrown ??= failure;
        }
        finally
        {
            Monitor.Enter(_lock);
        }
        if (answer.Failure is not null)
            _failure ??= answer.Failure;
        return answer;
    }

    void IAckPort.Acknowledged(int source, uint generation)
    {
        if (_hearer is not null)
            _hearer.Acknowledged();
        else
            _acks?.Acknowledged(source, generation);
    }
}
