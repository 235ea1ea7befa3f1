using System.Runtime.InteropServices;
using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <content>Routes, irqfds, messages and lines.</content>
public sealed partial class KvmVm
{
    private const string NoChipAdvice = "the machine has no in-kernel irqchip; create one before the first vCPU";

    private readonly Lock _tableLock = new();
    private readonly CountedRows<KvmRoutingEntry> _table = new();

    /// <summary>Replaces the whole route table (KVM_SET_GSI_ROUTING). An irqfd of a GSI that is in neither or both tables
    /// loses nothing; one whose GSI is in no table has its events consumed and dropped (measured).</summary>
    /// <param name="rows">The rows. Of a GSI: one to a message, or some to pins of different chips.</param>
    /// <remarks>Allocates only where there are more rows than ever before. Calls are in nobody's order but the
    /// callers': a stale table must not be set last.</remarks>
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

    /// <summary>From now on KVM consumes what is written to an eventfd and raises a GSI for it (KVM_IRQFD). A route to a
    /// message is injected inside the write; one to an I/OAPIC pin soon after (measured: some microseconds). A count that
    /// is pending is injected soon too, and measured, stays readable until the next write: who reads it then has it
    /// twice.</summary>
    /// <param name="gsi">0 up to <see cref="RouteLimit"/> - 1. Measured: KVM takes higher ones, and nothing ever
    /// comes of them, so they are refused here.</param>
    /// <param name="trigger">The eventfd; it has one irqfd in all machines.</param>
    /// <param name="resample">Signalled at the EOI of the GSI, whose line KVM then lowers; every one of them, where a GSI
    /// has several. Only with a full irqchip. <see cref="EventFd.None"/> for none.</param>
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
        if (KvmCalls.AssignIrqfd.TryInvoke(_descriptor, ref irqfd) < 0)
            throw HostError.Last(KvmCalls.AssignIrqfd.Name, gsi, IrqfdAdvice(trigger, resample));
    }

    /// <summary>KVM lets go of an eventfd (KVM_IRQFD, deassign). What was written to it before has been injected when
    /// this returns, and its count is zero; what is written from now on stays in it (measured).</summary>
    /// <param name="gsi">The GSI that it was assigned to. Measured: for another one KVM does nothing and says
    /// nothing.</param>
    /// <param name="trigger">The eventfd.</param>
    /// <exception cref="KernelException">EBADF: no eventfd.</exception>
    public void DeassignIrqfd(int gsi, EventFd trigger)
    {
        if (!TryDeassignIrqfd(gsi, trigger))
            throw HostError.Last(KvmCalls.AssignIrqfd.Name, gsi, IrqfdAdvice(trigger, EventFd.None));
    }

    /// <summary>As <see cref="DeassignIrqfd"/>; false where KVM refuses.</summary>
    internal bool TryDeassignIrqfd(int gsi, EventFd trigger)
    {
        CheckGsi(gsi);
        var irqfd = new Irqfd { Trigger = trigger.Number, Gsi = gsi, Flags = Irqfd.Deassign };
        return KvmCalls.AssignIrqfd.TryInvoke(_descriptor, ref irqfd) >= 0;
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
        // Where KVM looks for the destination among all vCPUs (an odd logical one, say) it answers "nobody" with -1,
        // which reads as EPERM (Linux arch/x86/kvm/irq.c, kvm_irq_delivery_to_apic).
        if (taken < 0 && Marshal.GetLastPInvokeError() != Errno.NotPermitted)
            throw HostError.Last(KvmCalls.SignalMsi.Name, advice: IrqChip == KvmIrqChip.None ? NoChipAdvice : null);
        return taken > 0;
    }

    /// <summary>Raises or lowers the line of a GSI (KVM_IRQ_LINE). It is ORed with what resample irqfds hold.</summary>
    /// <param name="gsi">The GSI. Measured: one that is routed to a message gets it at each rise.</param>
    /// <param name="level">Up or down.</param>
    /// <exception cref="KernelException">ENXIO: there is no in-kernel irqchip.</exception>
    public void SetIrqLine(int gsi, bool level)
    {
        CheckGsi(gsi);
        var line = new IrqLevel { GsiOrStatus = gsi, Level = level ? 1u : 0u };
        if (KvmCalls.IrqLine.TryInvoke(_descriptor, ref line) < 0)
            throw HostError.Last(KvmCalls.IrqLine.Name, gsi, IrqChip == KvmIrqChip.None ? NoChipAdvice : null);
    }

    /// <summary>As <see cref="SetIrqLine"/>, and says what became of it (KVM_IRQ_LINE_STATUS).</summary>
    /// <returns>Negative: masked or nobody's; 0: merged with one that was pending; else how many vCPUs got it.</returns>
    /// <param name="gsi">The GSI.</param>
    /// <param name="level">Up or down.</param>
    public int SetIrqLineStatus(int gsi, bool level)
    {
        CheckGsi(gsi);
        var line = new IrqLevel { GsiOrStatus = gsi, Level = level ? 1u : 0u };
        if (KvmCalls.IrqLineStatus.TryInvoke(_descriptor, ref line) < 0)
            throw HostError.Last(KvmCalls.IrqLineStatus.Name, gsi, IrqChip == KvmIrqChip.None ? NoChipAdvice : null);
        return line.GsiOrStatus;
    }

    private void CheckGsi(int gsi)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(gsi);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(gsi, RouteLimit);
    }

    private void CommitTable(int count)
    {
        int rows = count;
        if (_table.TryInvoke(KvmCalls.SetGsiRouting, _descriptor, ref rows) < 0)
            throw TableError(_table.Room(count));
    }

    private KernelException TableError(ReadOnlySpan<KvmRoutingEntry> rows)
    {
        string name = KvmCalls.SetGsiRouting.Name;
        if (IrqChip == KvmIrqChip.None)
            return HostError.Last(name, advice: NoChipAdvice);
        if (rows.Length > RouteLimit)
            return HostError.Last(name, advice: $"{rows.Length} rows are more than the {RouteLimit} that the table holds; "
                + "let cold interrupts go through userspace");
        foreach (ref readonly KvmRoutingEntry row in rows)
        {
            if ((uint)row.Gsi >= RouteLimit)
                return HostError.Last(name, row.Gsi, $"the highest GSI is {RouteLimit - 1}");
            if (row.IsPin && IrqChip != KvmIrqChip.Full)
                return HostError.Last(name, row.Gsi, "only a machine with a full irqchip has pins in the kernel; give a message");
        }
        return HostError.Last(name, advice: Marshal.GetLastPInvokeError() == Errno.Invalid
            ? $"a GSI of the {rows.Length} rows has two messages, a message and a pin, or two pins of one chip" : null);
    }

    private string? IrqfdAdvice(EventFd trigger, EventFd resample) => Marshal.GetLastPInvokeError() switch
    {
        _ when IrqChip == KvmIrqChip.None => NoChipAdvice,
        Errno.Busy => $"another irqfd has {trigger}, in this machine or another; unbind that one first",
        Errno.Invalid when resample.Exists && IrqChip == KvmIrqChip.Split =>
            "a machine with a split irqchip has no resample irqfds; write the resample eventfd at KVM_EXIT_IOAPIC_EOI",
        Errno.Invalid or Errno.BadDescriptor => $"{trigger} is closed or no eventfd"
            + (resample.Exists ? $", or its resample {resample} is" : ""),
        _ => null,
    };
}
