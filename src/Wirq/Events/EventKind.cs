using Wirq.Remapping;

namespace Wirq.Events;

/// <summary>Every kind of event. Kinds from <see cref="RouteChanged"/> on are effects: whoever drains the queue carries
/// them out. The rest only tells what happened. Numbers are part of the recording format: append, never
/// renumber.</summary>
public enum EventKind : ushort
{
    /// <summary>No event.</summary>
    None = 0,

    // --- what came in from outside
    /// <summary>Virtual time moved to the event's time.</summary>
    TimeAdvanced = 1,
    /// <summary>A CPU wrote memory-mapped registers. Unit: CPU; Index: size in bytes; A: physical address; B:
    /// value.</summary>
    MemoryMappedWrite = 2,
    /// <summary>A CPU read memory-mapped registers. As <see cref="MemoryMappedWrite"/>, B being what it got.</summary>
    MemoryMappedRead = 3,
    /// <summary>A CPU wrote a port. Unit: CPU; Index: size; A: port; B: value.</summary>
    PortWrite = 4,
    /// <summary>A CPU read a port. As <see cref="PortWrite"/>, B being what it got.</summary>
    PortRead = 5,
    /// <summary>A CPU wrote an MSR. Unit: CPU; Index: 1 where it took <c>#GP</c>; A: MSR; B: value.</summary>
    MsrWrite = 6,
    /// <summary>A CPU read an MSR. As <see cref="MsrWrite"/>, B being what it got.</summary>
    MsrRead = 7,
    /// <summary>A CPU wrote CR8. Unit: CPU; B: value.</summary>
    TaskPriorityWrite = 8,
    /// <summary>A device sent a message. Index: origin; A: address; B: data.</summary>
    MessageSent = 9,
    /// <summary>The queue ran empty: nothing is in flight any more.</summary>
    Rest = 10,
    /// <summary>The guest did what the architecture leaves without effect. Unit: CPU; Index: <see cref="Misuse"/>; A:
    /// address or number; B: value. Rate-limited.</summary>
    GuestMisuse = 11,
    /// <summary>The replay of a log: the chips and the log part. A: line of the log; B: 1 where the log lacks
    /// what would decide who is right, so that it is no disagreement, else 0; Index: which event of QEMU's it lacks, by the
    /// number that a replay gives it, 0 where that is not known.</summary>
    LogParted = 12,
    /// <summary>The replay of a log: a CPU took a vector, and the log does not tell which CPU. A: vector.</summary>
    LogVectorTaken = 13,
    /// <summary>The replay of a log is at its end: what a local APIC has then, for where acknowledges are inferred not
    /// every change has an event. Unit: CPU; Index: which 64 vectors, 0 to 3; A: IRR; B: ISR.</summary>
    LogVectorsLeft = 14,

    // --- lines
    /// <summary>A source joined a line. Unit: source; Index: GSI; A: its kind.</summary>
    SourceConnected = 16,
    /// <summary>A source left its line. Unit: source; Index: GSI.</summary>
    SourceRemoved = 17,
    /// <summary>A source began to assert. Unit: source; Index: GSI; A: its kind.</summary>
    SourceRaised = 18,
    /// <summary>A source ceased to assert. Unit: source; Index: GSI; A: its kind; B: 1 where an acknowledge lowered
    /// it.</summary>
    SourceLowered = 19,
    /// <summary>The device behind a sampled source wants nothing any more, though nobody sees its source fall.
    /// Unit: source; Index: GSI. Only a laboratory, which owns the device too, can tell.</summary>
    SourceWithdrawn = 20,
    /// <summary>The device behind a sampled source that never ceased to assert wants something again.
    /// Unit: source; Index: GSI. Only a laboratory can tell.</summary>
    SourceWanted = 22,
    /// <summary>The level of a line changed. Index: GSI; A: 1 for asserted.</summary>
    LineChanged = 21,

    // --- 8259 pair
    /// <summary>An input pin of the pair changed. Index: IRQ; A: 1 for high.</summary>
    PicPinChanged = 32,
    /// <summary>A request became the one that INTR stands for. Index: IRQ; A: 1 where the pin is
    /// level-triggered.</summary>
    PicRequested = 33,
    /// <summary>INTR of the pair changed. A: 1 for high.</summary>
    PicIntrChanged = 34,
    /// <summary>An INTA cycle (or a poll) took a request. Index: IRQ; A: vector; B: bit 0 spurious, bit 1
    /// level-triggered, bit 2 by poll.</summary>
    PicTaken = 35,
    /// <summary>An in-service bit was cleared. Index: IRQ; A: 1 where the pin is level-triggered; B: 1 where
    /// automatic.</summary>
    PicEoi = 36,
    /// <summary>The mask of the pair changed. A: new mask, slave in bits 15:8; B: old mask.</summary>
    PicMaskChanged = 37,
    /// <summary>The line at a pin was acknowledged. Index: IRQ.</summary>
    PicAcked = 38,
    /// <summary>An acknowledge waits for the pin to be unmasked. Index: IRQ.</summary>
    PicAckDeferred = 39,
    /// <summary>Trigger modes changed. A: level-triggered pins, slave in bits 15:8; B: before.</summary>
    PicTriggerChanged = 40,
    /// <summary>A chip of the pair was initialised by ICW1. Unit: 0 master, 1 slave.</summary>
    PicInitialised = 41,
    /// <summary>Sampled sources at a pin were asked again as it was unmasked. Index: IRQ.</summary>
    PicResampled = 42,

    // --- I/OAPIC
    /// <summary>A pin changed, polarity applied. Unit: I/OAPIC; Index: pin; A: 1 for asserted.</summary>
    PinChanged = 48,
    /// <summary>A redirection entry was written. Unit: I/OAPIC; Index: pin; A: new entry; B: old entry.</summary>
    EntryWritten = 49,
    /// <summary>An edge came to a masked pin and is gone (82093AA 3.2.4). Unit: I/OAPIC; Index: pin.</summary>
    EdgeLost = 50,
    /// <summary>A message of a pin was accepted. Unit: I/OAPIC; Index: pin; A: 1 for level.</summary>
    PinAccepted = 51,
    /// <summary>A message of a pin was refused. Unit: I/OAPIC; Index: pin; A: 1 for level; B: <see
    /// cref="RefusalReason"/>.</summary>
    PinRefused = 52,
    /// <summary>Remote IRR was set. Unit: I/OAPIC; Index: pin; A: vector.</summary>
    RemoteIrrSet = 53,
    /// <summary>Remote IRR was cleared. Unit: I/OAPIC; Index: pin; A: vector; B: <see
    /// cref="EndOfInterruptCause"/>.</summary>
    RemoteIrrCleared = 54,
    /// <summary>A level assertion found Remote IRR set and waits for the EOI. Unit: I/OAPIC; Index: pin.</summary>
    PinCoalesced = 55,
    /// <summary>The line at a pin was acknowledged. Unit: I/OAPIC; Index: pin.</summary>
    PinAcked = 56,
    /// <summary>An acknowledge waits for the pin to be unmasked. Unit: I/OAPIC; Index: pin.</summary>
    PinAckDeferred = 57,
    /// <summary>The storm brake holds a redelivery back. Unit: I/OAPIC; Index: pin; A: deadline in ns.</summary>
    StormBraked = 58,
    /// <summary>The storm brake let go. Unit: I/OAPIC; Index: pin.</summary>
    StormReleased = 59,
    /// <summary>Sampled sources at a pin were asked again as it was unmasked. Unit: I/OAPIC; Index: pin.</summary>
    PinResampled = 60,

    // --- local APICs
    /// <summary>A message was taken in by the bus. Index: origin; A: <see cref="InterruptMessage"/>; B: how many CPUs
    /// accepted it; 0 where a kernel took it, which does not say.</summary>
    MessageAccepted = 64,
    /// <summary>A message reached no CPU. Index: origin; A: <see cref="InterruptMessage"/>; B: <see
    /// cref="RefusalReason"/>.</summary>
    MessageRefused = 65,
    /// <summary>A local APIC set a vector pending. Unit: CPU; Index: origin; A: vector; B: bit 0 level, bit 1 merged
    /// into one that was pending already.</summary>
    VectorAccepted = 66,
    /// <summary>A CPU took a vector. Unit: CPU; A: vector; B: 1 where it came from the 8259 (ExtINT), 2 where it is the
    /// spurious vector.</summary>
    VectorTaken = 67,
    /// <summary>A CPU signalled end of interrupt. Unit: CPU; A: vector; B: bit 0 level (TMR), bit 1 the broadcast was
    /// suppressed.</summary>
    CpuEoi = 68,
    /// <summary>An EOI found nothing in service. Unit: CPU.</summary>
    CpuEoiEmpty = 69,
    /// <summary>Error bits were recorded. Unit: CPU; A: new bits of the ESR.</summary>
    ApicError = 70,
    /// <summary>A local APIC lost its pending and in-service vectors. Unit: CPU; A: 1 by INIT, 2 by hardware disable, 3
    /// by reset.</summary>
    ApicReset = 71,
    /// <summary>A local APIC timer expired. Unit: CPU; A: 1 where its entry was masked.</summary>
    TimerExpired = 72,
    /// <summary>APIC base changed. Unit: CPU; A: new IA32_APIC_BASE; B: old.</summary>
    ApicBaseChanged = 73,
    /// <summary>The spurious-interrupt vector register changed. Unit: CPU; A: new; B: old.</summary>
    SpuriousVectorChanged = 74,

    // --- remapping
    /// <summary>A remapping unit translated a message. Unit: remapping unit; Index: requester id; A: <see
    /// cref="InterruptMessage"/>; B: index of the entry, or whatever else stands as
    /// <see cref="RouteCookie.Key"/>.</summary>
    RemapTranslated = 80,
    /// <summary>A remapping unit blocked a message that was being delivered. Unit: remapping unit; Index: requester id;
    /// A: fault reason; B: bits 15:0 index of the entry, bit 16 its fault processing is disabled (FPD), bit 17 there was
    /// no room for a record. With neither bit, a fault was recorded.</summary>
    RemapFaulted = 81,
    /// <summary>The guest invalidates cached entries. Unit: remapping unit; A: <see cref="RouteCookie.Key"/> of the
    /// first; B: of the last.</summary>
    RemapInvalidated = 82,
    /// <summary>What was cached of those entries is gone. Unit: remapping unit; Index: how many routes were touched; A:
    /// <see cref="RouteCookie.Key"/> of the first; B: of the last.</summary>
    RemapInvalidationDone = 83,
    /// <summary>Remapping was switched. Unit: remapping unit; A: 1 for on.</summary>
    RemapSwitched = 84,

    // --- virqs
    /// <summary>A device registered a virq. Unit: virq; Index: its kind.</summary>
    VirqRegistered = 96,
    /// <summary>A virq is gone. Unit: virq.</summary>
    VirqDisposed = 97,
    /// <summary>A virq was given its message. Unit: virq; Index: requester id; A: address; B: data.</summary>
    VirqMessageSet = 98,
    /// <summary>A virq was masked. Unit: virq.</summary>
    VirqMasked = 99,
    /// <summary>A virq was unmasked. Unit: virq.</summary>
    VirqUnmasked = 100,
    /// <summary>An interrupt of a virq came to userspace. Unit: virq; Index: 1 by its eventfd, 0 by hand.</summary>
    VirqTriggered = 101,
    /// <summary>A virq changed its state. Unit: virq; Index: new state; A: old state.</summary>
    VirqStateChanged = 102,
    /// <summary>A virq's message was translated and kept. Unit: virq; A: <see cref="InterruptMessage"/>; B: <see
    /// cref="RouteCookie"/>.</summary>
    VirqTranslated = 103,
    /// <summary>A translation was thrown away before it was used, as something invalidated it in between. Unit:
    /// virq.</summary>
    VirqDiscarded = 104,
    /// <summary>A device wrote a virq's eventfd. Unit: virq. Only a laboratory can tell.</summary>
    VirqSignalled = 105,
    /// <summary>A kernel consumed what a device wrote to a bound eventfd, and injected its route. Unit: virq; Index: GSI;
    /// A: <see cref="InterruptMessage"/>. Only a laboratory can tell.</summary>
    VirqServed = 106,
    /// <summary>An interrupt of a virq was answered. Unit: virq; A: <see cref="InterruptMessage"/>; B: <see
    /// cref="RefusalReason"/>.</summary>
    VirqAnswered = 107,
    /// <summary>A virq lost its route to another that needs one. Unit: virq; Index: GSI.</summary>
    VirqReclaimed = 108,
    /// <summary>A virq on a line was given an eventfd that hears the acknowledges of its line, or lost it. Unit: virq;
    /// Index: source; A: 1 where it has one.</summary>
    VirqResampleSet = 109,
    /// <summary>The resample eventfd of a virq was written, its line having been acknowledged. Unit: virq; Index:
    /// source.</summary>
    VirqResampled = 110,

    // --- effects
    /// <summary>Effect. An I/OAPIC pin's message changed; whoever caches routes has to follow before the next <see
    /// cref="Deliver"/>. Unit: I/OAPIC; Index: pin; A: new entry; B: old entry.</summary>
    RouteChanged = 128,
    /// <summary>Effect. A pin sends its message; the answer goes back to the pin. Unit: I/OAPIC; Index: pin; A:
    /// address; B: data.</summary>
    Deliver = 129,
    /// <summary>Effect. A source's line was acknowledged: raise again if the device still wants. Unit: source; Index:
    /// GSI; A: generation of the slot.</summary>
    Ack = 130,
    /// <summary>Effect. A vector's end of interrupt goes to all I/OAPICs. Unit: CPU; A: vector; B: 1 for that of an edge,
    /// which ends nothing and which a profile may tell of all the same.</summary>
    EoiBroadcast = 131,
    /// <summary>Effect. A CPU has an interrupt that it did not have before: wake it. Unit: CPU.</summary>
    CpuInterrupt = 132,
    /// <summary>Effect. NMI to a CPU. Unit: CPU; Index: origin.</summary>
    CpuNmi = 133,
    /// <summary>Effect. SMI to a CPU. Unit: CPU; Index: origin.</summary>
    CpuSmi = 134,
    /// <summary>Effect. INIT to a CPU; its local APIC has been reset already. Unit: CPU; Index: origin.</summary>
    CpuInit = 135,
    /// <summary>Effect. Start-up IPI. Unit: CPU; Index: origin; A: vector.</summary>
    CpuStartUp = 136,
    /// <summary>Effect. A message aimed outside the interrupt window writes guest memory. Index: origin; A: address; B:
    /// data.</summary>
    MemoryWrite = 137,
    /// <summary>Effect. The kernel lets go of a virq's eventfd. Unit: virq; Index: GSI; A: eventfd.</summary>
    VirqUnbound = 138,
    /// <summary>Effect. The kernel's route table is replaced. Index: how many routes it has.</summary>
    RoutesCommitted = 139,
    /// <summary>Effect. The kernel serves a virq's eventfd from now on. Unit: virq; Index: GSI; A: bits 31:0
    /// eventfd, bits 63:32 owner of the slot; B: resample eventfd, all ones for none.</summary>
    VirqBound = 140,
    /// <summary>Effect. Userspace polls a virq's eventfd from now on. Unit: virq; A: eventfd.</summary>
    VirqWatched = 141,
    /// <summary>Effect. Userspace ceases to poll a virq's eventfd. Unit: virq; A: eventfd.</summary>
    VirqUnwatched = 142,
    /// <summary>Effect. A virq's eventfd is read; what it held is an interrupt. Unit: virq; Index: owner of the
    /// slot; A: eventfd.</summary>
    VirqRead = 143,
    /// <summary>Effect. A virq's eventfd is written, so that an interrupt stays pending there. Unit: virq; A:
    /// eventfd.</summary>
    VirqWritten = 144,
    /// <summary>Effect. A virq's translated message goes to the local APICs. Unit: virq; Index: generation of the
    /// translation; A: <see cref="InterruptMessage"/>; B: which owner of the virq's slot.</summary>
    VirqInjected = 145,
    /// <summary>Effect. A pin's translated message goes to the local APICs of a kernel. Unit: I/OAPIC; Index: pin; A:
    /// <see cref="InterruptMessage"/>.</summary>
    PinInjected = 146,
    /// <summary>Effect. A remapping unit sends a message of its own, of a fault or of a finished invalidation; it goes
    /// past the remapping, and bears the unit's origin. Unit: remapping unit; A: address; B: data.</summary>
    UnitMessage = 147,
    /// <summary>Effect. A translated message that is no virq's and no pin's goes to the local APICs of a kernel. Index:
    /// origin; A: <see cref="InterruptMessage"/>.</summary>
    MessageInjected = 148,
    /// <summary>Effect. The level of a line whose chips are a kernel's changed. Index: GSI; A: 1 for asserted.</summary>
    KernelLine = 149,
}

/// <summary>What ended a level interrupt at an I/OAPIC pin.</summary>
public enum EndOfInterruptCause : byte
{
    /// <summary>A broadcast from a local APIC.</summary>
    Broadcast,
    /// <summary>A write of the I/OAPIC's own EOI register (version 0x20).</summary>
    Register,
    /// <summary>A rewrite of the entry to edge.</summary>
    Rewrite,
}

/// <summary>What a guest did that the architecture leaves without effect.</summary>
public enum Misuse : byte
{
    /// <summary>An access of a size or alignment that the registers do not have.</summary>
    Access,
    /// <summary>A register that does not exist.</summary>
    NoSuchRegister,
    /// <summary>A write to a read-only register.</summary>
    ReadOnly,
    /// <summary>A vector that cannot be delivered.</summary>
    Vector,
    /// <summary>A message that cannot be decoded.</summary>
    Message,
}
