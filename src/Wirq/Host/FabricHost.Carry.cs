using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <content>Driving the carrier: what it asks for is done outside the lock.</content>
public sealed partial class FabricHost
{
    /// <summary>Carries the oldest event out. An exception that a port throws, and that is no failure of the host, is thrown
    /// when the step is complete.</summary>
    private void Step()
    {
        Exception? thrown = null;
        if (_ports.Observes && _carrier.TryPeek(out Event next) && _ports.IsObserved(next))
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
        Debug.Assert(_lock.IsHeld);
        _lock.Exit();
        try
        {
            _ports.Observe(happened);
        }
        catch (KernelException failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }
        catch (Exception failure)
        {
            thrown ??= failure;
        }
        finally
        {
            _lock.Enter();
        }
    }

    private HostAnswer Make(in HostCall call, ref Exception? thrown)
    {
        Debug.Assert(_lock.IsHeld);
        if (call.Kind == HostCallKind.Acknowledge ? !_acks.Prepare(call) : !_ports.Has(call.Kind))
            return HostAnswer.Nobody;
        ReadOnlySpan<KernelRoute> routes = _carrier.Routes;
        HostAnswer answer = HostAnswer.Refused;
        _lock.Exit();
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
            _lock.Enter();
        }
        if (answer.Failure is not null)
            _failure ??= answer.Failure;
        return answer;
    }

    /// <summary>Tells of acknowledges: a holder that the host made, or else whoever the embedder named.</summary>
    private sealed class Acks(LineHolders holders, IAckPort? others) : IAckPort
    {
        // Only whoever drains touches it.
        private ILineHolder? _hearer;

        /// <summary>Looks up who is to hear, before the lock is left: when it is told, its slot may be another's.</summary>
        /// <returns>Whether anybody is.</returns>
        internal bool Prepare(in HostCall call)
        {
            _hearer = holders.Find(call.Effect.Source, call.Generation);
            return _hearer is null ? others is not null : _hearer.Hears;
        }

        public void Acknowledged(int source, uint generation)
        {
            if (_hearer is null)
            {
                others!.Acknowledged(source, generation);
                return;
            }
            ILineHolder hearer = _hearer;
            _hearer = null;
            hearer.Acknowledged();
        }
    }
}
