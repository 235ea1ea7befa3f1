using Wirq.Routing;

namespace Wirq.Linux.Tests.Kvm;

/// <summary>Waits for the work in KVM's work queue.</summary>
/// <remarks>KVM queues a deferred injection on the CPU that requested it, and the queue of a CPU starts its work in
/// order. An unbind waits for the injection of its own eventfd. So on each CPU in turn an eventfd with a pending count
/// is bound to a GSI without a route and unbound again: all earlier work on that CPU has then run.</remarks>
internal sealed class WorkQueue(KvmVm vm) : IDisposable
{
    private readonly EventFdHandle _last = EventFdHandle.Create();

    internal void Settle()
    {
        if (vm.IrqChip == KvmIrqChip.None)
            return;
        HostCalls.OnEachCpu(() =>
        {
            _last.Write();
            vm.AssignIrqfd(vm.RouteLimit - 1, _last, EventFd.None);
            vm.DeassignIrqfd(vm.RouteLimit - 1, _last);
        });
    }

    public void Dispose() => _last.Dispose();
}
