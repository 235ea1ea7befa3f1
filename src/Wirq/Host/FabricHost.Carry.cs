using System.Diagnostics;
using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <content>How the carrier's ports are called: outside the lock.</content>
public sealed partial class FabricHost
{
    /// <summary>The ports, called outside the lock.</summary>
    private readonly struct Unlocked(FabricHost host) : ICallPorts
    {
        public bool Observes => host._ports.Observes;
        public bool Wants(EventKind effect) => host._ports.Wants(effect);

        /// <summary>Only the thread with the drain token takes events. So the event that the observer sees is still the
        /// next one when the lock is taken again.</summary>
        public void Observe(in Event next)
        {
            Debug.Assert(host._lock.IsHeld);
            if (!host._ports.IsObserved(next))
                return;
            host._lock.Exit();
            try
            {
                host._ports.Observe(next);
            }
            finally
            {
                host._lock.Enter();
            }
        }

        public HostAnswer Make(in HostCall call, ReadOnlySpan<KernelRoute> routes)
        {
            Debug.Assert(host._lock.IsHeld);
            if (call.Kind == HostCallKind.Acknowledge ? !host._acks.Prepare(call) : !host._ports.Has(call.Kind))
                return HostAnswer.Nobody;
            host._lock.Exit();
            try
            {
                return host._ports.Make(call, routes);
            }
            finally
            {
                host._lock.Enter();
            }
        }
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
