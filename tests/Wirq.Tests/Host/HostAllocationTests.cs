using Wirq.Host;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>The path of an interrupt does not allocate.</summary>
public sealed class HostAllocationTests
{
    private const int Rounds = 2000;
    private static readonly EventFd Trigger = new(7);

    [Fact]
    public void A_trigger_by_hand_allocates_nothing()
    {
        FabricHost host = Make(out _);
        using Virq virq = Message(host, null);
        AssertNothingAllocated(virq.Trigger);
    }

    [Fact]
    public void A_miss_a_promotion_and_an_invalidation_allocate_nothing()
    {
        FabricHost host = Make(out SilentKernel kernel);
        using Virq virq = Message(host, Trigger);
        int slot = virq.Handle.Slot;
        AssertNothingAllocated(() =>
        {
            kernel.Pending = true;
            host.EventArrived(slot);
            host.Do(static fabric => fabric.RouteCache!.Invalidate(CookieRange.AllOf(0)));
        });
        Assert.True(kernel.Signals >= Rounds);
        Assert.True(kernel.Bindings >= Rounds);
    }

    private static FabricHost Make(out SilentKernel kernel)
    {
        kernel = new SilentKernel();
        return new FabricHost(new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 16, BatchCount = 1, BatchDelay = 0, Kernel = kernel.Limits },
            Vtd = new VtdOptions(),
        }), PortsOf.One(kernel));
    }

    private static Virq Message(FabricHost host, EventFd? trigger)
    {
        Virq virq = host.Register("device", 0x10, trigger);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0)));
        return virq;
    }

    private static void AssertNothingAllocated(Action action) => Assert.Equal(0, Allocations.Of(Rounds, action));

    /// <summary>A kernel that only counts.</summary>
    private sealed class SilentKernel : IKernelPort, IEventPort
    {
        public KernelLimits Limits { get; } = new() { Routes = 64, ReservedGsis = 48 };
        internal bool Pending { get; set; }
        internal int Signals { get; private set; }
        internal int Bindings { get; private set; }

        public void Commit(ReadOnlySpan<KernelRoute> routes) { }
        public void Bind(int gsi, EventFd trigger, EventFd resample) => Bindings++;
        public void Unbind(int gsi, EventFd trigger) { }

        public bool Signal(InterruptMessage message)
        {
            Signals++;
            return true;
        }

        public void SetLine(int gsi, bool asserted) { }
        public void RaiseExtInt(int cpu, byte vector) { }
        public void Watch(EventFd trigger, int token) { }
        public void Unwatch(EventFd trigger) { }

        public bool Read(EventFd trigger)
        {
            bool pending = Pending;
            Pending = false;
            return pending;
        }

        public bool IsReadable(EventFd trigger) => Pending;
        public void Write(EventFd fd) { }
    }
}
