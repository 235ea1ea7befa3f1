using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <content>Driving the carrier: its host calls are made outside the lock.</content>
public sealed partial class FabricHost
{
    /// <summary>Carries out the oldest event. If a port throws an exception that is not a failure of the host, it is
    /// thrown when the step is complete.</summary>
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

    /// <summary>Only the thread with the drain token takes events. So the event that the observer sees is still the
    /// next one when the lock is taken again.</summary>
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

    /// <summary>Passes on acknowledges: to a holder that the host made, else to the embedder's port.</summary>
    private sealed class Acks(LineHolders holders, IAckPort? others) : IAckPort
    {
        // Used only by the thread with the drain token.
        private ILineHolder? _hearer;

        /// <summary>Finds the receiver before the lock is released: by the time of the call, its slot may have another
        /// owner.</summary>
        /// <returns>Whether there is a receiver.</returns>
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
