using Wirq.Routing;

namespace Wirq.Board.Tests.Twins;

/// <summary>A kernel port that passes everything on. Those below have one defect each.</summary>
internal class PassingPort(IKernelPort inner) : IKernelPort
{
    public KernelLimits Limits => inner.Limits;
    public virtual void Commit(ReadOnlySpan<KernelRoute> routes) => inner.Commit(routes);
    public virtual void Bind(int gsi, EventFd trigger, EventFd resample) => inner.Bind(gsi, trigger, resample);
    public virtual void Unbind(int gsi, EventFd trigger) => inner.Unbind(gsi, trigger);
    public bool Signal(InterruptMessage message) => inner.Signal(message);
    public void SetLine(int gsi, bool asserted) => inner.SetLine(gsi, asserted);
    public virtual void RaiseExtInt(int cpu, byte vector) => inner.RaiseExtInt(cpu, vector);
}

/// <summary>The route of a level pin is changed before the EOI: the table has no second row for the interrupt in service.</summary>
internal sealed class ChangesRouteBeforeEoi(IKernelPort inner) : PassingPort(inner)
{
    public override void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        int reserved = Limits.ReservedGsis;
        base.Commit([.. routes.ToArray().Where(route => route.Gsi < reserved / 2 || route.Gsi >= reserved)]);
    }
}

/// <summary>An unbind does not drain: what was pending as the eventfd was bound stays in its count, although the kernel has
/// injected it.</summary>
internal sealed class UnbindsWithoutDrain(IKernelPort inner) : PassingPort(inner)
{
    public override void Unbind(int gsi, EventFd trigger)
    {
        bool pending = Counts.IsReadable(trigger);
        base.Unbind(gsi, trigger);
        if (pending)
            Counts.Write(trigger);
    }
}

/// <summary>The vector of the 8259s is given while another one waits.</summary>
internal sealed class GivesExtIntWhileOneWaits(IKernelPort inner) : PassingPort(inner)
{
    public override void RaiseExtInt(int cpu, byte vector)
    {
        base.RaiseExtInt(cpu, vector);
        base.RaiseExtInt(cpu, vector);
    }
}
