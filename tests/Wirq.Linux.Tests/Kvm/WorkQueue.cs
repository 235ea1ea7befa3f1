using Wirq.Routing;

namespace Wirq.Linux.Tests.Kvm;

/// <summary>Waits for what KVM leaves to the kernel's work queue.</summary>
/// <remarks>KVM queues a deferred injection on the CPU that asked for it, and the queue of a CPU begins its work in
/// order; an unbind waits for the injection of its own eventfd. So on each CPU in turn an eventfd with a pending count is
/// bound to a GSI that leads nowhere and unbound again: what was queued there before has been made then.</remarks>
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
