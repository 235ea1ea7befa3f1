using Wirq.Routing;

namespace Wirq.Traces.Tests.Why;

/// <summary>A kernel whose local APICs accept every message.</summary>
internal sealed class AcceptingKernel : IKernelPort
{
    public KernelLimits Limits { get; } = new() { ReservedGsis = 48 };
    public void Commit(ReadOnlySpan<KernelRoute> routes) { }
    public void Bind(int gsi, EventFd trigger, EventFd resample) { }
    public void Unbind(int gsi, EventFd trigger) { }
    public bool Signal(InterruptMessage message) => true;
    public void SetLine(int gsi, bool asserted) { }
    public void RaiseExtInt(int cpu, byte vector) { }
}
