using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <content>Routes, irqfds, messages and lines.</content>
public sealed partial class KvmVm
{
    private const string NoChipAdvice = "the machine has no in-kernel irqchip; create one before the first vCPU";

    private readonly Lock _tableLock = new();
    private readonly CountedRows<KvmRoutingEntry> _table = new();

    /// <summary>Replaces the whole route table (KVM_SET_GSI_ROUTING). Measured: an irqfd whose GSI is in
    /// the old and the new table loses nothing; one whose GSI has no row has its events consumed and
    /// dropped.</summary>
    /// <param name="rows">The rows. For one GSI: one row to a message, or several to pins of different chips.</param>
    /// <remarks>Allocates only if there are more rows than in any earlier call. The callers must keep calls in order: a
    /// stale table must not be set last.</remarks>
    /// <exception cref="KernelException">There are too many rows; a GSI is too high; a GSI has two rows that do not go
    /// together; or a row names a pin without a full irqchip.</exception>
    public void SetGsiRouting(ReadOnlySpan<KvmRoutingEntry> rows)
    {
        lock (_tableLock)
        {
            rows.CopyTo(_table.Room(rows.Length));
            CommitTable(rows.Length);
        }
    }

    /// <summary>Sets the table from rows that are written in place.</summary>
    /// <param name="capacity">How many rows there may be.</param>
    /// <param name="source">Given to <paramref name="write"/>.</param>
    /// <param name="write">Fills rows and returns their number.</param>
    internal void SetGsiRouting<TSource>(int capacity, TSource source, RowWriter<TSource> write)
        where TSource : allows ref struct
    {
        lock (_tableLock)
            CommitTable(write(source, _table.Room(capacity)));
    }

    /// <summary>Fills rows of a table and returns their number.</summary>
    internal delegate int RowWriter<TSource>(TSource source, Span<KvmRoutingEntry> rows) where TSource : allows ref struct;

    /// <summary>Binds an eventfd to a GSI: KVM consumes each write to it and raises the GSI (KVM_IRQFD). A route to a
    /// message is injected within the write. A route to an I/OAPIC pin is injected soon after (measured: some
    /// microseconds). A count that is pending at the bind is injected soon too; measured: it stays readable until the
    /// next write, so a reader would get that interrupt twice.</summary>
    /// <param name="gsi">0 to <see cref="RouteLimit"/> - 1. Measured: KVM accepts higher ones and never injects for
    /// them, so they are refused here.</param>
    /// <param name="trigger">The eventfd. It can have one irqfd in all machines together.</param>
    /// <param name="resample">Signalled at the EOI of the GSI, whose line KVM then lowers. If a GSI has several
    /// resample eventfds, all are signalled. Only with a full irqchip. <see cref="EventFd.None"/> for none.</param>
    /// <exception cref="KernelException">EBUSY: the eventfd has an irqfd already. EINVAL: a resample eventfd without a
    /// full irqchip. EBADF: it is not an eventfd.</exception>
    public void AssignIrqfd(int gsi, EventFd trigger, EventFd resample)
    {
        CheckGsi(gsi);
        var irqfd = new Irqfd
        {
            Trigger = trigger.Number,
            Gsi = gsi,
            Flags = resample.Exists ? Irqfd.Resample : 0,
            ResampleFd = resample.Exists ? resample.Number : 0,
        };
        int result = KvmCalls.AssignIrqfd.TryInvoke(_descriptor, ref irqfd);
        if (result < 0)
            throw IrqfdError(-result, gsi, trigger, resample);
    }

    /// <summary>Unbinds an eventfd (KVM_IRQFD, deassign). When this returns, all earlier writes to it have been
    /// injected, and its count is zero. Later writes stay in the count (measured).</summary>
    /// <param name="gsi">The GSI that it was assigned to. Measured: for another GSI, KVM does nothing and reports no
    /// error.</param>
    /// <param name="trigger">The eventfd.</param>
    /// <exception cref="KernelException">EBADF: it is not an eventfd.</exception>
    public void DeassignIrqfd(int gsi, EventFd trigger)
    {
        int result = TryDeassignIrqfd(gsi, trigger);
        if (result < 0)
            throw IrqfdError(-result, gsi, trigger, EventFd.None);
    }

    /// <summary>As <see cref="DeassignIrqfd"/>; if KVM refuses, returns the negated error number.</summary>
    internal int TryDeassignIrqfd(int gsi, EventFd trigger)
    {
        CheckGsi(gsi);
        var irqfd = new Irqfd { Trigger = trigger.Number, Gsi = gsi, Flags = Irqfd.Deassign };
        return KvmCalls.AssignIrqfd.TryInvoke(_descriptor, ref irqfd);
    }

    /// <summary>Injects a message at once, without the route table (KVM_SIGNAL_MSI).</summary>
    /// <param name="message">The message, in <see cref="MsiFormat"/>.</param>
    /// <returns>Whether a local APIC accepted it. False if none is addressed, or if all that are addressed are
    /// software-disabled.</returns>
    /// <remarks>Measured: KVM checks neither the address window nor whether the vector is below 16.</remarks>
    /// <exception cref="KernelException">There is no in-kernel local APIC.</exception>
    public bool SignalMsi(Msi message)
    {
        MsiRequest request = MsiRequest.For(message);
        int taken = KvmCalls.SignalMsi.TryInvoke(_descriptor, ref request);
        // If KVM searches all vCPUs for the destination (an odd logical one, for example) and finds none, it returns
        // -1, which reads as EPERM (Linux arch/x86/kvm/irq.c, kvm_irq_delivery_to_apic).
        if (taken < 0 && taken != -Errno.NotPermitted)
            throw HostError.Of(KvmCalls.SignalMsi.Name, -taken, advice: IrqChip == KvmIrqChip.None ? NoChipAdvice : null);
        return taken > 0;
    }

    /// <summary>Raises or lowers the line of a GSI (KVM_IRQ_LINE). The level is ORed with the level that resample
    /// irqfds hold.</summary>
    /// <param name="gsi">The GSI. Measured: if it is routed to a message, each rise sends the message.</param>
    /// <param name="level">True for high.</param>
    /// <exception cref="KernelException">ENXIO: there is no in-kernel irqchip.</exception>
    public void SetIrqLine(int gsi, bool level) => Drive(KvmCalls.IrqLine, gsi, level);

    /// <summary>As <see cref="SetIrqLine"/>, with the result (KVM_IRQ_LINE_STATUS).</summary>
    /// <returns>Negative: masked, or no vCPU matches. 0: merged with a pending interrupt. Else the number of vCPUs that
    /// received it.</returns>
    /// <param name="gsi">The GSI.</param>
    /// <param name="level">True for high.</param>
    public int SetIrqLineStatus(int gsi, bool level) => Drive(KvmCalls.IrqLineStatus, gsi, level);

    private int Drive(KvmCall call, int gsi, bool level)
    {
        CheckGsi(gsi);
        var line = new IrqLevel { GsiOrStatus = gsi, Level = level ? 1u : 0u };
        int result = call.TryInvoke(_descriptor, ref line);
        return result >= 0 ? line.GsiOrStatus
            : throw HostError.Of(call.Name, -result, gsi, IrqChip == KvmIrqChip.None ? NoChipAdvice : null);
    }

    private void CheckGsi(int gsi)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(gsi);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(gsi, RouteLimit);
    }

    private void CommitTable(int count)
    {
        int rows = count;
        int result = _table.TryInvoke(KvmCalls.SetGsiRouting, _descriptor, ref rows);
        if (result < 0)
            throw TableError(-result, _table.Room(count));
    }

    private KernelException TableError(int errno, ReadOnlySpan<KvmRoutingEntry> rows)
    {
        int gsi = -1;
        string? advice = null;
        if (IrqChip == KvmIrqChip.None)
            advice = NoChipAdvice;
        else if (rows.Length > RouteLimit)
            advice = $"{rows.Length} rows are more than the {RouteLimit} that the table holds; let cold interrupts go "
                + "through userspace";
        else if (errno == Errno.Invalid)
            (gsi, advice) = FirstWrong(rows);
        return HostError.Of(KvmCalls.SetGsiRouting.Name, errno, gsi, advice);
    }

    private (int Gsi, string Advice) FirstWrong(ReadOnlySpan<KvmRoutingEntry> rows)
    {
        foreach (ref readonly KvmRoutingEntry row in rows)
        {
            if ((uint)row.Gsi >= RouteLimit)
                return (row.Gsi, $"the highest GSI is {RouteLimit - 1}");
            if (row.IsPin && IrqChip != KvmIrqChip.Full)
                return (row.Gsi, "only a machine with a full irqchip has pins in the kernel; give a message");
        }
        return (-1, $"a GSI of the {rows.Length} rows has two messages, a message and a pin, or two pins of one chip");
    }

    private KernelException IrqfdError(int errno, int gsi, EventFd trigger, EventFd resample) =>
        HostError.Of(KvmCalls.AssignIrqfd.Name, errno, gsi, errno switch
        {
            _ when IrqChip == KvmIrqChip.None => NoChipAdvice,
            Errno.Busy => $"another irqfd has {trigger}, in this machine or another; unbind that one first",
            Errno.Invalid when resample.Exists && IrqChip == KvmIrqChip.Split =>
                "a machine with a split irqchip has no resample irqfds; write the resample eventfd at KVM_EXIT_IOAPIC_EOI",
            Errno.Invalid or Errno.BadDescriptor => $"{trigger} is closed or no eventfd"
                + (resample.Exists ? $", or its resample {resample} is" : ""),
            _ => null,
        });
}
