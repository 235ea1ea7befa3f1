using Wirq.Remapping;

namespace Wirq.Events;

/// <summary>Every kind of event. An effect has to be carried out by the code that drains the queue; an observation only
/// reports what happened. Each kind documents the meaning of its fields. If a field is more than a number, a view with
/// the kind's name reads and makes the event (<see cref="PicTaken"/>).</summary>
/// <remarks><code>
///  15         8   7   6      0
/// +-------------+---+--------+
/// |  subsystem  | E | number |
/// +-------------+---+--------+
/// </code>The subsystem is a <see cref="Subsystem"/>; E is set for an effect. Within a subsystem, effects and
/// observations are numbered separately, from 1. The numbers are part of the recording format: append, never
/// renumber.</remarks>
public enum EventKind : ushort
{
    /// <summary>No event.</summary>
    None = 0,

    // --- 0x01 the machine as a whole
    /// <summary>Virtual time moved to the event's time.</summary>
    TimeAdvanced = 0x0101,
    /// <summary>The queue is empty: nothing is in flight.</summary>
    Rest = 0x0102,
    /// <summary>The guest did something that has no effect by the architecture. Unit: CPU; Index: <see cref="Misuse"/>;
    /// A: address or number; B: value. Rate-limited.</summary>
    GuestMisuse = 0x0103,
    /// <summary>The machine was reset (<see cref="Fabric.Reset"/>): its chips are as after power-on, its lines as their
    /// sources hold them. What follows from that comes after it.</summary>
    MachineReset = 0x0104,
    /// <summary>An effect waited when the machine was reset, and is not carried out. Unit: as of the effect; Index: pin,
    /// if it was a pin's, else 0; A: its kind.</summary>
    EffectLost = 0x0105,
    /// <summary>A snapshot of the machine was made (<see cref="Fabric.Save()"/>). What the machine does later is not in
    /// it.</summary>
    MachineSaved = 0x0106,
    /// <summary>The machine took over the state of a snapshot (<see cref="Fabric.Restore"/>): nothing was sent, and no line
    /// changed.</summary>
    MachineRestored = 0x0107,
    /// <summary>Neither the kernel nor userspace reads an eventfd any more
    /// (<see cref="Routing.RouteCache.Suspend"/>).</summary>
    MachineSuspended = 0x0108,
    /// <summary>Eventfds are read again, by the states of their virqs (<see cref="Routing.RouteCache.Resume"/>).</summary>
    MachineResumed = 0x0109,

    // --- 0x02 accesses of CPUs
    /// <summary>A CPU wrote memory-mapped registers. Unit: CPU; Index: size in bytes; A: physical address; B:
    /// value.</summary>
    MemoryMappedWrite = 0x0201,
    /// <summary>A CPU read memory-mapped registers. As <see cref="MemoryMappedWrite"/>; B is the value that it
    /// read.</summary>
    MemoryMappedRead = 0x0202,
    /// <summary>A CPU wrote a port. Unit: CPU; Index: size; A: port; B: value.</summary>
    PortWrite = 0x0203,
    /// <summary>A CPU read a port. As <see cref="PortWrite"/>; B is the value that it read.</summary>
    PortRead = 0x0204,
    /// <summary>A CPU wrote an MSR. Unit: CPU; Index: 1 if it took <c>#GP</c>; A: MSR; B: value.</summary>
    MsrWrite = 0x0205,
    /// <summary>A CPU read an MSR. As <see cref="MsrWrite"/>; B is the value that it read.</summary>
    MsrRead = 0x0206,
    /// <summary>A CPU wrote CR8. Unit: CPU; B: value.</summary>
    TaskPriorityWrite = 0x0207,

    // --- 0x03 the replay of a log
    /// <summary>The replay of a log: the chips and the log differ. A: line of the log; B: 1 if the log lacks what would
    /// decide the difference, so that it is not a disagreement, else 0; Index: the event of QEMU that it lacks, by the
    /// number that a replay gives it, 0 if that is not known.</summary>
    LogParted = 0x0301,
    /// <summary>The replay of a log: a CPU took a vector, and the log does not show which CPU. A: vector.</summary>
    LogVectorTaken = 0x0302,
    /// <summary>The replay of a log is at its end: the remaining state of a local APIC. It is needed because where
    /// acknowledges are inferred, not every change has an event. Unit: CPU; Index: which 64 vectors, 0 to 3; A: IRR; B:
    /// ISR.</summary>
    LogVectorsLeft = 0x0303,
    /// <summary>The replay of a log whose local APICs are a kernel's: the kernel's route of a pin was set. Unit: I/OAPIC;
    /// Index: pin; A: address; B: data.</summary>
    LogRouteSet = 0x0304,
    /// <summary>The replay of a log that begins in mid-life: the entry that a pin had before the log's first write of it,
    /// as a later line shows it. Unit: I/OAPIC; Index: pin in bits 15:0, above them what of the entry is known (1 mask and
    /// trigger mode, 2 the rest of the low half, 4 the destination, 8 that Remote IRR was set); A: entry; B: line of the
    /// log.</summary>
    LogEntryShown = 0x0305,
    /// <summary>The replay of a log that begins in mid-life: the mask that an 8259 had before the log's first write of it,
    /// as a later line shows it. Unit: 0 master, 1 slave; A: IMR; B: line of the log.</summary>
    LogPicShown = 0x0306,

    // --- 0x04 lines
    /// <summary>A source joined a line. Unit: source; Index: GSI; A: its kind.</summary>
    SourceConnected = 0x0401,
    /// <summary>A source left its line. Unit: source; Index: GSI.</summary>
    SourceRemoved = 0x0402,
    /// <summary>A source began to assert. Unit: source; Index: GSI; A: its kind.</summary>
    SourceRaised = 0x0403,
    /// <summary>A source stopped asserting. Unit: source; Index: GSI; A: its kind; B: 1 if an acknowledge lowered
    /// it.</summary>
    SourceLowered = 0x0404,
    /// <summary>The device behind a sampled source no longer needs service, though the fall of its source is not
    /// visible. Unit: source; Index: GSI. Only a laboratory, which owns the device too, can report this.</summary>
    SourceWithdrawn = 0x0405,
    /// <summary>The device behind a sampled source that never stopped asserting needs service again. Unit: source;
    /// Index: GSI. Only a laboratory can report this.</summary>
    SourceWanted = 0x0406,
    /// <summary>The level of a line changed. Index: GSI; A: 1 for asserted.</summary>
    LineChanged = 0x0407,
    /// <summary>Effect. A source's line was acknowledged: raise it again if the device still needs service. Unit:
    /// source; Index: GSI; A: generation of the slot.</summary>
    Ack = 0x0481,
    /// <summary>Effect. The level of a line whose chips are in a kernel changed. Index: GSI; A: 1 for
    /// asserted.</summary>
    KernelLine = 0x0482,

    // --- 0x05 8259 pair
    /// <summary>An input pin of the pair changed. Index: IRQ; A: 1 for high.</summary>
    PicPinChanged = 0x0501,
    /// <summary>INTR is now for this request. Index: IRQ; A: 1 if the pin is level-triggered.</summary>
    PicRequested = 0x0502,
    /// <summary>INTR of the pair changed. A: 1 for high.</summary>
    PicIntrChanged = 0x0503,
    /// <summary>An INTA cycle (or a poll) took a request. Index: IRQ; A: vector; B: bit 0 spurious, bit 1
    /// level-triggered, bit 2 by poll.</summary>
    PicTaken = 0x0504,
    /// <summary>An in-service bit was cleared. Index: IRQ; A: 1 if the pin is level-triggered; B: 1 for automatic
    /// EOI.</summary>
    PicEoi = 0x0505,
    /// <summary>The mask of the pair changed. A: new mask, slave in bits 15:8; B: old mask.</summary>
    PicMaskChanged = 0x0506,
    /// <summary>The line at a pin was acknowledged. Index: IRQ.</summary>
    PicAcked = 0x0507,
    /// <summary>An acknowledge waits for the pin to be unmasked. Index: IRQ.</summary>
    PicAckDeferred = 0x0508,
    /// <summary>Trigger modes changed. A: level-triggered pins, slave in bits 15:8; B: before.</summary>
    PicTriggerChanged = 0x0509,
    /// <summary>A chip of the pair was initialised by ICW1. Unit: 0 master, 1 slave.</summary>
    PicInitialised = 0x050a,
    /// <summary>Sampled sources at a pin were resampled at its unmask. Index: IRQ.</summary>
    PicResampled = 0x050b,

    // --- 0x06 I/OAPICs
    /// <summary>A pin changed, polarity applied. Unit: I/OAPIC; Index: pin; A: 1 for asserted.</summary>
    PinChanged = 0x0601,
    /// <summary>A redirection entry was written. Unit: I/OAPIC; Index: pin; A: new entry; B: old entry.</summary>
    EntryWritten = 0x0602,
    /// <summary>An edge came to a masked pin and is lost (82093AA 3.2.4). Unit: I/OAPIC; Index: pin.</summary>
    EdgeLost = 0x0603,
    /// <summary>A message of a pin was accepted. Unit: I/OAPIC; Index: pin; A: 1 for level.</summary>
    PinAccepted = 0x0604,
    /// <summary>A message of a pin was refused. Unit: I/OAPIC; Index: pin; A: 1 for level; B: <see
    /// cref="RefusalReason"/>.</summary>
    PinRefused = 0x0605,
    /// <summary>Remote IRR was set. Unit: I/OAPIC; Index: pin; A: vector.</summary>
    RemoteIrrSet = 0x0606,
    /// <summary>Remote IRR was cleared. Unit: I/OAPIC; Index: pin; A: vector; B: <see
    /// cref="EndOfInterruptCause"/>.</summary>
    RemoteIrrCleared = 0x0607,
    /// <summary>A level assertion found Remote IRR set and waits for the EOI. Unit: I/OAPIC; Index: pin.</summary>
    PinCoalesced = 0x0608,
    /// <summary>The line at a pin was acknowledged. Unit: I/OAPIC; Index: pin.</summary>
    PinAcked = 0x0609,
    /// <summary>An acknowledge waits for the pin to be unmasked. Unit: I/OAPIC; Index: pin.</summary>
    PinAckDeferred = 0x060a,
    /// <summary>The storm brake holds a redelivery back. Unit: I/OAPIC; Index: pin; A: deadline in ns.</summary>
    StormBraked = 0x060b,
    /// <summary>The storm brake released a pin. Unit: I/OAPIC; Index: pin.</summary>
    StormReleased = 0x060c,
    /// <summary>Sampled sources at a pin were resampled at its unmask. Unit: I/OAPIC; Index: pin.</summary>
    PinResampled = 0x060d,
    /// <summary>Effect. An I/OAPIC pin's message changed; a route cache has to follow before the next
    /// <see cref="Deliver"/>. Unit: I/OAPIC; Index: pin; A: new entry; B: old entry.</summary>
    RouteChanged = 0x0681,
    /// <summary>Effect. A pin sends its message; the answer goes back to the pin. Unit: I/OAPIC; Index: pin; A:
    /// address; B: data.</summary>
    Deliver = 0x0682,
    /// <summary>Effect. A pin's translated message goes to the local APICs of a kernel. Unit: I/OAPIC; Index: pin; A:
    /// <see cref="InterruptMessage"/>.</summary>
    PinInjected = 0x0683,

    // --- 0x07 local APICs and their CPUs
    /// <summary>A local APIC set a vector pending. Unit: CPU; Index: origin; A: vector; B: bit 0 level, bit 1 merged
    /// into one that was already pending.</summary>
    VectorAccepted = 0x0701,
    /// <summary>A CPU took a vector. Unit: CPU; A: vector; B: 1 if it came from the 8259 (ExtINT), 2 if it is the
    /// spurious vector.</summary>
    VectorTaken = 0x0702,
    /// <summary>A CPU signalled end of interrupt. Unit: CPU; A: vector; B: bit 0 level (TMR), bit 1 the broadcast was
    /// suppressed.</summary>
    CpuEoi = 0x0703,
    /// <summary>An EOI found nothing in service. Unit: CPU.</summary>
    CpuEoiEmpty = 0x0704,
    /// <summary>Error bits were recorded. Unit: CPU; A: new bits of the ESR.</summary>
    ApicError = 0x0705,
    /// <summary>A local APIC lost its pending and in-service vectors. Unit: CPU; A: 1 by INIT, 2 by hardware disable, 3
    /// by reset.</summary>
    ApicReset = 0x0706,
    /// <summary>A local APIC timer expired. Unit: CPU; A: 1 if its entry was masked.</summary>
    TimerExpired = 0x0707,
    /// <summary>APIC base changed. Unit: CPU; A: new IA32_APIC_BASE; B: old.</summary>
    ApicBaseChanged = 0x0708,
    /// <summary>The spurious-interrupt vector register changed. Unit: CPU; A: new; B: old.</summary>
    SpuriousVectorChanged = 0x0709,
    /// <summary>Effect. A vector's end of interrupt goes to all I/OAPICs. Unit: CPU; A: vector; B: 1 for an edge, whose
    /// EOI ends nothing but which a profile may still broadcast.</summary>
    EoiBroadcast = 0x0781,
    /// <summary>Effect. A CPU has an interrupt that it did not have before: wake it. Unit: CPU.</summary>
    CpuInterrupt = 0x0782,
    /// <summary>Effect. NMI to a CPU. Unit: CPU; Index: origin.</summary>
    CpuNmi = 0x0783,
    /// <summary>Effect. SMI to a CPU. Unit: CPU; Index: origin.</summary>
    CpuSmi = 0x0784,
    /// <summary>Effect. INIT to a CPU; its local APIC has been reset already. Unit: CPU; Index: origin.</summary>
    CpuInit = 0x0785,
    /// <summary>Effect. Start-up IPI. Unit: CPU; Index: origin; A: vector.</summary>
    CpuStartUp = 0x0786,

    // --- 0x08 messages on their road
    /// <summary>A device sent a message. Index: origin; A: address; B: data.</summary>
    MessageSent = 0x0801,
    /// <summary>A message was accepted by the bus. Index: origin; A: <see cref="InterruptMessage"/>; B: how many CPUs
    /// accepted it; 0 if a kernel took it, which does not report the number.</summary>
    MessageAccepted = 0x0802,
    /// <summary>A message reached no CPU. Index: origin; A: <see cref="InterruptMessage"/>; B: <see
    /// cref="RefusalReason"/>.</summary>
    MessageRefused = 0x0803,
    /// <summary>Effect. A message outside the interrupt window writes guest memory. Index: origin; A: address; B:
    /// data.</summary>
    MemoryWrite = 0x0881,
    /// <summary>Effect. A translated message that belongs to no virq and no pin goes to the local APICs of a kernel.
    /// Index: origin; A: <see cref="InterruptMessage"/>.</summary>
    MessageInjected = 0x0882,

    // --- 0x09 remapping units
    /// <summary>A remapping unit translated a message. Unit: remapping unit; Index: requester id; A:
    /// <see cref="InterruptMessage"/>; B: <see cref="RouteCookie.Key"/>, for VT-d the index of the entry.</summary>
    RemapTranslated = 0x0901,
    /// <summary>A remapping unit blocked a message that was being delivered. Unit: remapping unit; Index: requester id;
    /// A: fault reason; B: bits 15:0 index of the entry, bit 16 its fault processing is disabled (FPD), bit 17 there was
    /// no room for a record. With neither bit, a fault was recorded.</summary>
    RemapFaulted = 0x0902,
    /// <summary>The guest invalidates cached entries. Unit: remapping unit; A: <see cref="RouteCookie.Key"/> of the
    /// first; B: of the last.</summary>
    RemapInvalidated = 0x0903,
    /// <summary>The cached translations of those entries were dropped. Unit: remapping unit; Index: how many routes
    /// were touched; A: <see cref="RouteCookie.Key"/> of the first; B: of the last.</summary>
    RemapInvalidationDone = 0x0904,
    /// <summary>Remapping was switched. Unit: remapping unit; A: 1 for on.</summary>
    RemapSwitched = 0x0905,
    /// <summary>Effect. A remapping unit sends its own message, for a fault or a finished invalidation. It is not
    /// remapped, and carries the unit's origin. Unit: remapping unit; A: address; B: data.</summary>
    UnitMessage = 0x0981,

    // --- 0x0a virqs and routes
    /// <summary>A device registered a virq. Unit: virq; Index: its kind.</summary>
    VirqRegistered = 0x0a01,
    /// <summary>A virq was disposed of. Unit: virq.</summary>
    VirqDisposed = 0x0a02,
    /// <summary>A virq was given its message. Unit: virq; Index: requester id; A: address; B: data.</summary>
    VirqMessageSet = 0x0a03,
    /// <summary>A virq was masked. Unit: virq.</summary>
    VirqMasked = 0x0a04,
    /// <summary>A virq was unmasked. Unit: virq.</summary>
    VirqUnmasked = 0x0a05,
    /// <summary>An interrupt of a virq came to userspace. Unit: virq; Index: 1 by its eventfd, 0 by hand.</summary>
    VirqTriggered = 0x0a06,
    /// <summary>A virq changed its state. Unit: virq; Index: new state; A: old state.</summary>
    VirqStateChanged = 0x0a07,
    /// <summary>A virq's message was translated and kept. Unit: virq; A: <see cref="InterruptMessage"/>; B: <see
    /// cref="RouteCookie"/>.</summary>
    VirqTranslated = 0x0a08,
    /// <summary>A translation was discarded before it was used, because it was invalidated in between. Unit:
    /// virq.</summary>
    VirqDiscarded = 0x0a09,
    /// <summary>A device wrote a virq's eventfd. Unit: virq. Only a laboratory can report this.</summary>
    VirqSignalled = 0x0a0a,
    /// <summary>A kernel consumed what a device wrote to a bound eventfd, and injected its route. Unit: virq; Index:
    /// GSI; A: <see cref="InterruptMessage"/>. Only a laboratory can report this.</summary>
    VirqServed = 0x0a0b,
    /// <summary>An interrupt of a virq was answered. Unit: virq; A: <see cref="InterruptMessage"/>; B: <see
    /// cref="RefusalReason"/>.</summary>
    VirqAnswered = 0x0a0c,
    /// <summary>A virq lost its route to another that needs one. Unit: virq; Index: GSI.</summary>
    VirqReclaimed = 0x0a0d,
    /// <summary>A virq on a line got or lost its resample eventfd. Unit: virq; Index: source; A: 1 if it has
    /// one.</summary>
    VirqResampleSet = 0x0a0e,
    /// <summary>The resample eventfd of a virq was written after its line was acknowledged. Unit: virq; Index:
    /// source.</summary>
    VirqResampled = 0x0a0f,
    /// <summary>Effect. The kernel unbinds a virq's eventfd. Unit: virq; Index: GSI; A: eventfd.</summary>
    VirqUnbound = 0x0a81,
    /// <summary>Effect. The kernel's route table is replaced. Index: how many routes it has.</summary>
    RoutesCommitted = 0x0a82,
    /// <summary>Effect. The kernel serves a virq's eventfd from now on. Unit: virq; Index: GSI; A: bits 31:0
    /// eventfd, bits 63:32 owner of the slot; B: resample eventfd, all ones for none.</summary>
    VirqBound = 0x0a83,
    /// <summary>Effect. Userspace polls a virq's eventfd from now on. Unit: virq; A: eventfd.</summary>
    VirqWatched = 0x0a84,
    /// <summary>Effect. Userspace stops polling a virq's eventfd. Unit: virq; A: eventfd.</summary>
    VirqUnwatched = 0x0a85,
    /// <summary>Effect. A virq's eventfd is read; what it held is an interrupt. Unit: virq; Index: owner of the
    /// slot; A: eventfd.</summary>
    VirqRead = 0x0a86,
    /// <summary>Effect. A virq's eventfd is written, so that an interrupt stays pending there. Unit: virq; A:
    /// eventfd.</summary>
    VirqWritten = 0x0a87,
    /// <summary>Effect. A virq's translated message goes to the local APICs. Unit: virq; Index: generation of the
    /// translation; A: <see cref="InterruptMessage"/>; B: which owner of the virq's slot.</summary>
    VirqInjected = 0x0a88,

    // --- 0x0b Xen
    /// <summary>The callback comes in another way from now on. Unit: domain; Index: slot of its source on its line plus 1, 0
    /// for none; A: HVM_PARAM_CALLBACK_IRQ; B: slot of its source on the line of its link plus 1, 0 for none.</summary>
    XenCallbackMoved = 0x0b01,
    /// <summary>The callback looked at the flag of vCPU 0, to know what the level of its line is. Unit: domain; A: 1 if the
    /// flag was set; B: what made it look (<see cref="XenLook"/>).</summary>
    XenFlagSeen = 0x0b02,
    /// <summary>A domain set up a pin of the machine. Unit: domain; Index: GSI; A: bit 0 level, bit 1 active low; B: bits
    /// 31:16 the answer.</summary>
    XenGsiSetUp = 0x0b03,
    /// <summary>A domain got or lost access to an interrupt of the machine, or was to. Unit: domain; Index: interrupt; A: 1
    /// if it is to have it; B: bits 15:0 who called, bits 31:16 the answer, bit 32 by mapping or unmapping.</summary>
    XenAccessChanged = 0x0b04,
    /// <summary>A PIRQ was mapped, or was to be. Unit: domain; Index: interrupt; A: PIRQ, bits 31:0, all ones for none; B: bits
    /// 15:0 who called, bits 31:16 the answer (<see cref="Xen.XenError"/>), bit 32 the interrupt is the
    /// domain's own emulated GSI, or its messages if the index is all ones.</summary>
    XenPirqMapped = 0x0b05,
    /// <summary>A PIRQ was unmapped, or was to be. As <see cref="XenPirqMapped"/>.</summary>
    XenPirqUnmapped = 0x0b06,
    /// <summary>A PIRQ was bound to its guest, or was to be. As <see cref="XenPirqMapped"/>.</summary>
    XenPirqBound = 0x0b07,
    /// <summary>A binding of a PIRQ was ended, or was to be. As <see cref="XenPirqMapped"/>.</summary>
    XenPirqUnbound = 0x0b08,
    /// <summary>An interrupt of the machine was ended at its pin or device, and may come again. Index: interrupt.</summary>
    XenIrqEnded = 0x0b09,
    /// <summary>Effect. The hypervisor set <c>evtchn_upcall_pending</c> of a vCPU, and the vCPU is to hear of it. Unit:
    /// vCPU; Index: domain.</summary>
    XenUpcall = 0x0b81,
    /// <summary>Effect. A vCPU wakes from SCHEDOP_poll. Unit: vCPU; Index: domain.</summary>
    XenPollerWoken = 0x0b82,
    /// <summary>Effect. A guest sent an event to a port whose events the hypervisor itself gets. Unit: domain; Index:
    /// port.</summary>
    XenConsumerTold = 0x0b83,
    /// <summary>Effect. A passed-through device drives a pin of a guest's PCI device. Unit: domain; Index: device (bits
    /// 31:2), pin (bits 1:0); A: 1 for asserted.</summary>
    XenGuestIntx = 0x0b84,
    /// <summary>Effect. A passed-through device drives a GSI of the hardware domain. Unit: domain; Index: GSI; A: 1 for
    /// asserted.</summary>
    XenGuestGsi = 0x0b85,
    /// <summary>Effect. A passed-through device sends its guest's message. Unit: domain; A: <see
    /// cref="InterruptMessage"/>.</summary>
    XenGuestMessage = 0x0b86,

    // --- 0x0c a host kernel's interrupt core
    /// <summary>An interrupt of a host's line came to a CPU. Unit: CPU; Index: line.</summary>
    HostInterrupt = 0x0c01,
    /// <summary>A line of a host was disabled or enabled once more. Index: line; A: its depth; it is enabled at 0.</summary>
    HostLineDepth = 0x0c02,
    /// <summary>A hard handler of a host answered. Unit: action; Index: line; A: <see
    /// cref="HostIrq.HandlerAnswer"/>.</summary>
    HostHandlerAnswered = 0x0c03,
    /// <summary>A threaded handler of a host returned. Unit: action; Index: line.</summary>
    HostThreadEnded = 0x0c04,
    /// <summary>A host disabled a line, because nobody handled its interrupts. Index: line.</summary>
    HostNobodyCared = 0x0c05,
    /// <summary>Effect. A call to the chip of a host's line. Unit: CPU to which the line goes; Index: line; A: <see
    /// cref="HostIrq.ChipCall"/>.</summary>
    HostChipCall = 0x0c81,
    /// <summary>Effect. A hard handler of a host is to run. Unit: action; Index: line; A: CPU.</summary>
    HostHardHandler = 0x0c82,
    /// <summary>Effect. The thread of an action of a host is to run. Unit: action; Index: line.</summary>
    HostThreadWoken = 0x0c83,
    /// <summary>Effect. The flow handler of a host's line is to run again soon, without an interrupt. Index: line.</summary>
    HostResend = 0x0c84,

    // --- 0x0d VFIO
    /// <summary>VFIO was asked to change interrupts of a device. Unit: device; Index: IRQ index; A: bits 31:0 flags, bits 63:32
    /// the answer, signed; B: bits 31:0 start, bits 63:32 count.</summary>
    VfioIrqsSet = 0x0d01,
    /// <summary>A device's INTx or platform interrupt was masked or unmasked by VFIO. Unit: device; Index: line of the host; A: 1
    /// for masked.</summary>
    VfioMasked = 0x0d02,
    /// <summary>A guest has finished with an interrupt of a device's line, or the wait for it ended otherwise. Unit: device;
    /// Index: line of the host; A: <see cref="Vfio.ForwardEnd"/>.</summary>
    VfioForwardEnded = 0x0d03,
    /// <summary>The storm brake holds the unmask of a device back. Unit: device; Index: line of the host; A: deadline in
    /// ns.</summary>
    VfioStormBraked = 0x0d04,
    /// <summary>The storm brake released a device. Unit: device; Index: line of the host.</summary>
    VfioStormReleased = 0x0d05,
    /// <summary>Effect. VFIO signals an eventfd. Unit: device; Index: bits 31:16 IRQ index, bits 15:0 vector; A:
    /// eventfd.</summary>
    VfioSignalled = 0x0d81,
    /// <summary>Effect. The deferred work of a device's unmask eventfd is to run. Unit: device.</summary>
    VfioWork = 0x0d82,
}
