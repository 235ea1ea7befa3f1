using System.Diagnostics;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>The real kernel behind a fabric: carries out the fabric's calls on a KVM machine.</summary>
/// <remarks>
/// <para>Messages are written in the format that the machine had when the port was created: choose the irqchip and the
/// x2APIC interface first. Create the port before routes are set; it tries an eventfd on the last GSI to learn
/// <see cref="KernelLimits.ConsumesFirst"/>.</para>
/// <para>A destination that the format cannot express matches no CPU of this machine. So its route is left out, and
/// <see cref="Signal"/> returns false. It may come from a guest, so it is not an error.</para>
/// <para>With a full irqchip the pins keep their rows next to the routes of a commit; a route replaces the pin rows of
/// its GSI.</para>
/// <para>All calls may come from any thread. The fabric must keep calls for one GSI, and commits, in order. No call
/// allocates after it has seen its largest case. Disposing of the port unbinds what is bound; the machine still belongs
/// to its owner.</para>
/// </remarks>
public sealed class KvmKernelPort : IKernelPort, IDisposable
{
    private readonly KvmVm _vm;
    private readonly MsiFormat _format;
    private readonly KvmRoutingEntry[] _pins;
    private readonly Lock _boundLock = new();
    // The GSI of each bound eventfd, for unbinding at the end. The eventfds are closed by other code.
    private readonly Dictionary<int, int> _bound = [];

    /// <summary>Creates a port to a machine.</summary>
    /// <param name="vm">The machine, with a split or a full irqchip.</param>
    /// <param name="pins">With a full irqchip, the rows of its pins; if omitted,
    /// <see cref="KvmRoutingEntry.DefaultPins"/>.</param>
    /// <exception cref="InvalidOperationException">The machine has no in-kernel irqchip.</exception>
    /// <exception cref="KernelException">The host refused the trial eventfd.</exception>
    public KvmKernelPort(KvmVm vm, IEnumerable<KvmRoutingEntry>? pins = null)
    {
        ArgumentNullException.ThrowIfNull(vm);
        if (vm.IrqChip == KvmIrqChip.None)
            throw new InvalidOperationException("the machine has no in-kernel irqchip, so a port cannot be used");
        _vm = vm;
        _format = vm.MsiFormat;
        bool full = vm.IrqChip == KvmIrqChip.Full;
        _pins = full ? [.. (pins ?? KvmRoutingEntry.DefaultPins()).OrderBy(row => row.Gsi)] : [];
        bool hasIrqfd = vm.CheckExtension(KvmCapability.Irqfd) != 0;
        Limits = new KernelLimits
        {
            Routes = vm.RouteLimit - _pins.Length,
            ReservedGsis = vm.ReservedGsis,
            HasIrqfd = hasIrqfd,
            OwnsIoApic = full,
            ConsumesFirst = hasIrqfd && ConsumesFirst(vm),
        };
    }

    /// <summary>The machine.</summary>
    public KvmVm Vm => _vm;

    /// <inheritdoc/>
    public KernelLimits Limits { get; }

    /// <inheritdoc/>
    public void Commit(ReadOnlySpan<KernelRoute> routes) =>
        _vm.SetGsiRouting(routes.Length + _pins.Length, new RouteSource(this, routes),
            static (source, rows) => source.Port.Write(source.Routes, rows));

    /// <inheritdoc/>
    public void Bind(int gsi, EventFd trigger, EventFd resample)
    {
        _vm.AssignIrqfd(gsi, trigger, resample);
        lock (_boundLock)
            _bound[trigger.Number] = gsi;
    }

    /// <inheritdoc/>
    public void Unbind(int gsi, EventFd trigger)
    {
        lock (_boundLock)
        {
            // A binding that was superseded before it was carried out, for example by a mask, does not exist.
            if (!_bound.Remove(trigger.Number, out int bound))
                return;
            // Measured: KVM reports no error if the GSI is not the one that was bound, and continues to consume.
            Debug.Assert(bound == gsi, $"{trigger} is not bound to GSI {gsi}");
        }
        _vm.DeassignIrqfd(gsi, trigger);
    }

    /// <inheritdoc/>
    public bool Signal(InterruptMessage message) =>
        CanName(message.Destination) && _vm.SignalMsi(Msi.Encode(message, _format));

    /// <inheritdoc/>
    public void SetLine(int gsi, bool asserted) => _vm.SetIrqLine(gsi, asserted);

    /// <inheritdoc/>
    /// <remarks>CPU n is the machine's n-th vCPU. Call it on the thread that runs this vCPU: on another thread it waits
    /// until the vCPU leaves the guest.</remarks>
    public void RaiseExtInt(int cpu, byte vector)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)cpu, (uint)_vm.Vcpus.Count, nameof(cpu));
        _vm.Vcpus[cpu].Interrupt(vector);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_boundLock)
        {
            // If the machine is closed, its irqfds no longer exist. Closing an eventfd also removed its irqfd, so KVM
            // has nothing to refuse.
            if (!_vm.IsDisposed)
            {
                foreach ((int trigger, int gsi) in _bound)
                    _vm.TryDeassignIrqfd(gsi, new EventFd(trigger));
            }
            _bound.Clear();
        }
    }

    /// <summary>Whether the kernel reads an eventfd before a poll of userspace sees it. Kernels before 5.11 did not
    /// read the count, and also woke other pollers of the eventfd. The last GSI has no route, so a write for it is
    /// dropped.</summary>
    private static bool ConsumesFirst(KvmVm vm)
    {
        using EventFdHandle trial = EventFdHandle.Create();
        int gsi = vm.RouteLimit - 1;
        vm.AssignIrqfd(gsi, trial, EventFd.None);
        trial.Write();
        bool consumed = !trial.IsReadable;
        vm.DeassignIrqfd(gsi, trial);
        return consumed;
    }

    private int Write(ReadOnlySpan<KernelRoute> routes, Span<KvmRoutingEntry> rows)
    {
        int count = 0, pin = 0, last = -1;
        foreach (ref readonly KernelRoute route in routes)
        {
            Debug.Assert(route.Gsi > last, "routes ascend, one per GSI");
            last = route.Gsi;
            for (; pin < _pins.Length && _pins[pin].Gsi <= route.Gsi; pin++)
            {
                if (_pins[pin].Gsi != route.Gsi)
                    rows[count++] = _pins[pin];
            }
            if (CanName(route.Message.Destination))
                rows[count++] = new(route.Gsi, Msi.Encode(route.Message, _format));
        }
        for (; pin < _pins.Length; pin++)
            rows[count++] = _pins[pin];
        return count;
    }

    private bool CanName(uint destination) => destination <= byte.MaxValue || _format == MsiFormat.KvmHighAddress;

    private readonly ref struct RouteSource(KvmKernelPort port, ReadOnlySpan<KernelRoute> routes)
    {
        public KvmKernelPort Port => port;
        public ReadOnlySpan<KernelRoute> Routes { get; } = routes;
    }
}
