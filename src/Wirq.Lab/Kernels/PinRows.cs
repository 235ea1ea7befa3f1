using Wirq.Routing;

namespace Wirq.Lab.Kernels;

/// <summary>The calls of a fabric to a simulated kernel that owns the I/OAPIC and the 8259s: the pins of these chips keep their
/// rows beside the routes of each commit.</summary>
internal sealed class PinRows : IKernelPort
{
    private const int PicInputs = 8;

    private readonly SimulatedKernel _kernel;
    private readonly SimulatedRoute[] _pins;

    /// <param name="kernel">The kernel. Its table is set to the rows of the pins.</param>
    /// <param name="gsis">Where the lines of the machine lead.</param>
    internal PinRows(SimulatedKernel kernel, GsiMap gsis)
    {
        _kernel = kernel;
        _pins = [.. Enumerable.Range(0, gsis.Count).SelectMany(gsi => RowsOf(gsi, gsis[gsi]))];
        Limits = kernel.Limits with { Routes = kernel.Limits.Routes - _pins.Length };
        Commit([]);
    }

    public KernelLimits Limits { get; }

    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        var rows = new List<SimulatedRoute>(_pins.Length + routes.Length);
        var taken = new HashSet<int>();
        foreach (KernelRoute route in routes)
        {
            taken.Add(route.Gsi);
            rows.Add(_kernel.RowOf(route));
        }
        // A route replaces the rows of its GSI.
        rows.AddRange(_pins.Where(pin => !taken.Contains(pin.Gsi)));
        _kernel.CommitTable([.. rows]);
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample) => _kernel.Bind(gsi, trigger, resample);
    public void Unbind(int gsi, EventFd trigger) => _kernel.Unbind(gsi, trigger);
    public bool Signal(InterruptMessage message) => _kernel.Signal(message);
    public void SetLine(int gsi, bool asserted) => _kernel.SetIrqLine(gsi, asserted);
    public void RaiseExtInt(int cpu, byte vector) => _kernel.RaiseExtInt(cpu, vector);

    private static IEnumerable<SimulatedRoute> RowsOf(int gsi, GsiTarget target)
    {
        if (target.IoApic == 0)
            yield return SimulatedRoute.ToPin(gsi, RouteTarget.IoApic, target.Pin);
        if (target.Irq >= 0)
            yield return SimulatedRoute.ToPin(gsi, target.Irq < PicInputs ? RouteTarget.PicMaster : RouteTarget.PicSlave, target.Irq % PicInputs);
    }
}
