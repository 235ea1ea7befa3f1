using System.Runtime.CompilerServices;

namespace Wirq.Traces.Qemu;

/// <summary>The event of a line of a QEMU log. Names follow QEMU's <c>trace-events</c> files; if a name changed between
/// versions, both names are one kind here.</summary>
/// <remarks>Recordings contain these numbers (<see cref="Events.EventKind.LogParted"/>): new ones come last.</remarks>
public enum TraceEvent : byte
{
    /// <summary>A line that does not concern interrupts, or that cannot be read.</summary>
    Other,

    /// <summary>A: 1 master; B: irq 0 to 7; C: level.</summary>
    PicSetIrq,
    /// <summary>A: 1 master; B: IMR; C: IRR; D: <c>padd</c>, the input of highest priority.</summary>
    PicUpdateIrq,
    /// <summary>A: irq 0 to 15; B: vector.</summary>
    PicInterrupt,
    /// <summary>A: 1 master; B: address; C: value.</summary>
    PicPortWrite,
    /// <summary>A: 1 master; B: address; C: value.</summary>
    PicPortRead,
    /// <summary>A: input pin (not a vector, although some versions of the log call it so); B: level.</summary>
    IoApicSetIrq,
    /// <summary>A: pin.</summary>
    IoApicSetRemoteIrr,
    /// <summary>A: pin; B: vector.</summary>
    IoApicClearRemoteIrr,
    /// <summary>A: vector.</summary>
    IoApicEoiBroadcast,
    /// <summary>A: vector.</summary>
    IoApicDelayedReassert,
    /// <summary>A: offset; B: selected register; C: size; D: value.</summary>
    IoApicRead,
    /// <summary>A: offset; B: selected register; C: size; D: value.</summary>
    IoApicWrite,
    /// <summary>A: local vector table entry, 0 timer, 1 thermal, 2 performance, 3 LINT0, 4 LINT1, 5 error; B: delivery
    /// mode, or the whole entry in older versions.</summary>
    ApicLocalDeliver,
    /// <summary>A: destination; B: 1 logical; C: delivery mode; D: vector; E: 1 level.</summary>
    ApicDeliverIrq,
    /// <summary><c>apic_mem_readl</c>, <c>apic_register_read</c>. A: offset of the register, 0x00 to 0x3F0 (a newer
    /// version's register number is multiplied by 16); B: value.</summary>
    ApicRead,
    /// <summary><c>apic_mem_writel</c>, <c>apic_register_write</c>. As <see cref="ApicRead"/>.</summary>
    ApicWrite,
    /// <summary><c>apic_report_irq_delivered</c>, <c>kvm_report_irq_delivered</c>. A: count.</summary>
    ReportDelivered,
    /// <summary>A: old count.</summary>
    ResetDelivered,
    /// <summary>A: count.</summary>
    GetDelivered,
    /// <summary>A: IA32_APIC_BASE.</summary>
    SetApicBase,
    /// <summary>A: IA32_APIC_BASE.</summary>
    GetApicBase,
    /// <summary>A: GSI; B: level.</summary>
    GsiInterrupt,
    /// <summary>A: irq; B: level (INTR of the 8259 pair at CPU 0).</summary>
    PicInterruptLine,
    /// <summary>A: 1 global; B: index; C: mask.</summary>
    IecNotify,
    /// <summary>A: address; B: data.</summary>
    RemapRequest,
    /// <summary>A: address; B: data; C: address after; D: data after.</summary>
    RemapDone,
    /// <summary>A: index; B: 1 level; C: vector; D: delivery mode; E: destination; F: 1 logical.</summary>
    RemapEntry,
    /// <summary>A: index; B: lower half (bits 63:0) of the IRTE; C: upper half. The log prints the halves swapped; the
    /// reader corrects this.</summary>
    RemapFetch,
    /// <summary>A: 1 enabled.</summary>
    RemapEnable,
    /// <summary>A: address; B: data.</summary>
    GeneratedInterrupt,
    /// <summary>A: granularity; B: index; C: mask.</summary>
    IecInvalidate,
    /// <summary>A: root of the remapping table; B: size.</summary>
    RemapRoot,
    /// <summary>A guest writes a register of the remapping unit. A: offset; B: size; C: value.</summary>
    RemapRegisterWrite,
    /// <summary>The vector of a request differs from that of its entry. A: requester id; B: index; C: vector; D: that
    /// of the entry.</summary>
    RemapVectorDiffers,
    /// <summary>The trigger mode of a request differs from that of its entry. A: requester id; B: index; C: 1 level; D:
    /// that of the entry.</summary>
    RemapTriggerDiffers,
    /// <summary>A: fault record index.</summary>
    FaultRecorded,
    /// <summary><c>-d int</c>: a CPU takes a hardware interrupt. A: vector.</summary>
    ServicingInterrupt,
    /// <summary><c>-d int</c>: the first line of a register dump, <c>N: v=..</c>. A: number of the dump; B: vector; C:
    /// 1 for a software interrupt.</summary>
    InterruptDump,
    /// <summary><c>-d int</c>: the task register in a dump; its base tells CPUs apart. A: base; B: selector.</summary>
    TaskRegister,
    /// <summary>A pin's message is sent through the kernel's route (<c>ioapic_service:</c> of a VMM in split mode). A:
    /// pin.</summary>
    KernelTrigger,
    /// <summary>The kernel's route of a pin is set, with its message (<c>ioapic_update_kvm_routes:</c> of a VMM in split
    /// mode). A: pin; B: address; C: data.</summary>
    KernelRoute,
    /// <summary>QEMU prepares a new route for a virq; that of a pin has the pin's number. A: virq.</summary>
    KernelRouteUpdate,
    /// <summary>QEMU adds a route for a virq, not yet for the kernel. A: vector of the device's table; B: virq.</summary>
    KernelRouteAdd,
    /// <summary>QEMU gives all routes to the kernel.</summary>
    KernelRouteCommit,
    /// <summary>QEMU removes the route of a virq. A: virq.</summary>
    KernelRouteRelease,
    /// <summary>QEMU passes the EOI of a pin to the resample eventfd of a device. A: GSI.</summary>
    KernelResample,
    /// <summary>QEMU's remapping unit blocks the message for which QEMU makes a route. A: GSI.</summary>
    KernelRouteFault,
}

/// <summary>One line of a log.</summary>
/// <param name="Event">Its event.</param>
/// <param name="Number">Line number, from 1.</param>
/// <param name="Thread">The thread that wrote it (with TCG, each vCPU is one); 0 if the log does not show it.</param>
/// <param name="Microseconds">Wall-clock time in microseconds; -1 if the log does not show it.</param>
public readonly record struct TraceLine(TraceEvent Event, long Number, long Thread, long Microseconds)
{
    private readonly TraceEvent _event = Event;
    private readonly long _number = Number, _thread = Thread, _microseconds = Microseconds;
    private readonly ulong _a, _b, _c, _d, _e, _f;

    /// <summary>Its event.</summary>
    public TraceEvent Event { get => _event; init => _event = value; }
    /// <summary>Line number, from 1.</summary>
    public long Number { get => _number; init => _number = value; }
    /// <summary>The thread that wrote it (with TCG, each vCPU is one); 0 if the log does not show it.</summary>
    public long Thread { get => _thread; init => _thread = value; }
    /// <summary>Wall-clock time in microseconds; -1 if the log does not show it.</summary>
    public long Microseconds { get => _microseconds; init => _microseconds = value; }
    /// <summary>First datum; see <see cref="TraceEvent"/>.</summary>
    public ulong A { get => _a; init => _a = value; }
    /// <summary>Second datum.</summary>
    public ulong B { get => _b; init => _b = value; }
    /// <summary>Third datum.</summary>
    public ulong C { get => _c; init => _c = value; }
    /// <summary>Fourth datum.</summary>
    public ulong D { get => _d; init => _d = value; }
    /// <summary>Fifth datum.</summary>
    public ulong E { get => _e; init => _e = value; }
    /// <summary>Sixth datum.</summary>
    public ulong F { get => _f; init => _f = value; }

    /// <summary>Makes a line in its place. A copy of one that was just made would wait for the stores of its words, which are narrower than
    /// its loads.</summary>
    /// <param name="line">The place.</param>
    /// <param name="happened">Its event.</param>
    /// <param name="number">Its number.</param>
    /// <param name="thread">Its thread.</param>
    /// <param name="microseconds">Its time.</param>
    /// <param name="data">Its six data.</param>
    internal static void Make(out TraceLine line, TraceEvent happened, long number, long thread, long microseconds, ReadOnlySpan<ulong> data)
    {
        Unsafe.SkipInit(out line);
        Unsafe.AsRef(in line._event) = happened;
        Unsafe.AsRef(in line._number) = number;
        Unsafe.AsRef(in line._thread) = thread;
        Unsafe.AsRef(in line._microseconds) = microseconds;
        // The last first: then the others need no check of bounds.
        Unsafe.AsRef(in line._f) = data[5];
        Unsafe.AsRef(in line._a) = data[0];
        Unsafe.AsRef(in line._b) = data[1];
        Unsafe.AsRef(in line._c) = data[2];
        Unsafe.AsRef(in line._d) = data[3];
        Unsafe.AsRef(in line._e) = data[4];
    }
}
