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
    /// <remarks>Allocates only if there are more rows than ever before. The callers must keep calls in order: a stale
    /// table must not be set last.</remarks>
    /// <exception cref="KernelException">There are too many, a GSI is too high or has two, or a pin is named without a
    /// full irqchip.</exception>
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
    /// <param name="write">Fills rows and says how many.</param>
    internal void SetGsiRouting<TSource>(int capacity, TSource source, RowWriter<TSource> write)
        where TSource : allows ref struct
    {
        lock (_tableLock)
            CommitTable(write(source, _table.Room(capacity)));
    }

    /// <summary>Fills rows of a table and says how many.</summary>
    internal delegate int RowWriter<TSource>(TSource source, Span<KvmRoutingEntry> rows) where TSource : allows ref struct;

    /// <summary>From now on KVM consumes what is written to an eventfd and raises a GSI for it (KVM_IRQFD). A route to
    /// a message is injected inside the write; one to an I/OAPIC pin soon after (measured: some microseconds). A count
    /// that is pending is injected soon too, and measured, stays readable until the next write: who reads it then has
    /// it twice.</summary>
    /// <param name="gsi">0 up to <see cref="RouteLimit"/> - 1. Measured: KVM takes higher ones, and nothing ever
    /// comes of them, so they are refused here.</param>
    /// <param name="trigger">The eventfd; it has one irqfd in all machines.</param>
    /// <param name="resample">Signalled at the EOI of the GSI, whose line KVM then lowers; every one of them, where a
    /// GSI has several. Only with a full irqchip. <see cref="EventFd.None"/> for none.</param>
    /// <exception cref="KernelException">EBUSY: the eventfd has an irqfd already. EINVAL: a resample eventfd without a
    /// full irqchip. EBADF: no eventfd.</exception>
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

    /// <summary>Unbinds an eventfd (KVM_IRQFD, deassign). When this returns, everything that was written to it before
    /// has been injected, and its count is zero; what is written later stays in it (measured).</summary>
    /// <param name="gsi">The GSI that it was assigned to. Measured: for another GSI, KVM does nothing and reports no
    /// error.</param>
    /// <param name="trigger">The eventfd.</param>
    /// <exception cref="KernelException">EBADF: no eventfd.</exception>
    public void DeassignIrqfd(int gsi, EventFd trigger)
    {
        int result = TryDeassignIrqfd(gsi, trigger);
        if (result < 0)
            throw IrqfdError(-result, gsi, trigger, EventFd.None);
    }

    /// <summary>As <see cref="DeassignIrqfd"/>; where KVM refuses, the error number, negated.</summary>
    internal int TryDeassignIrqfd(int gsi, EventFd trigger)
    {
        CheckGsi(gsi);
        var irqfd = new Irqfd { Trigger = trigger.Number, Gsi = gsi, Flags = Irqfd.Deassign };
        return KvmCalls.AssignIrqfd.TryInvoke(_descriptor, ref irqfd);
    }

    /// <summary>Injects a message at once, past the table (KVM_SIGNAL_MSI).</summary>
    /// <param name="message">The message, in <see cref="MsiFormat"/>.</param>
    /// <returns>Whether a local APIC took it: false where none is addressed, or those that are, are
    /// software-disabled.</returns>
    /// <remarks>Measured: KVM looks neither at the address window nor at vectors below 16.</remarks>
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

    /// <summary>Raises or lowers the line of a GSI (KVM_IRQ_LINE). It is ORed with what resample irqfds hold.</summary>
    /// <param name="gsi">The GSI. Measured: one that is routed to a message gets it at each rise.</param>
    /// <param name="level">Up or down.</param>
    /// <exception cref="KernelException">ENXIO: there is no in-kernel irqchip.</exception>
    public void SetIrqLine(int gsi, bool level) => Drive(KvmCalls.IrqLine, gsi, level);

    /// <summary>As <see cref="SetIrqLine"/>, with the result (KVM_IRQ_LINE_STATUS).</summary>
    /// <returns>Negative: masked, or no vCPU matches; 0: merged with one that was pending; else how many vCPUs got
    /// it.</returns>
    /// <param name="gsi">The GSI.</param>
    /// <param name="level">Up or down.</param>
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
