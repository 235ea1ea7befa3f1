namespace Wirq.Events;

/// <summary>Events in words: one plain line each, for a timeline that has its own column for the time.</summary>
public static partial class EventText
{
    private const ulong Level = 1, Merged = 2, Suppressed = 2;
    private const ulong Spurious = 1, LevelTaken = 2, ByPoll = 4;

    /// <summary>A pin's name.</summary>
    internal static string Pin(int ioApic, int pin) => $"pin {pin} of I/OAPIC {ioApic}";

    /// <summary>The name of a pin that is an origin.</summary>
    internal static string Pin(Origin origin) => Pin(origin.Unit, origin.Index);

    /// <summary>One event, in one line, without its time.</summary>
    public static string Describe(in Event e) => e.Kind switch
    {
        EventKind.None => "nothing",
        < EventKind.SourceConnected => Input(e),
        < EventKind.PicPinChanged => Line(e),
        < EventKind.PinChanged => Pic(e),
        < EventKind.MessageAccepted => IoApic(e),
        < EventKind.RemapTranslated => LocalApic(e),
        < EventKind.VirqRegistered => Remap(e),
        < EventKind.RouteChanged => Virq(e),
        < EventKind.VirqUnbound => Effect(e),
        _ => RoutingEffect(e),
    };

    private static string Input(in Event e) => e.Kind switch
    {
        EventKind.TimeAdvanced => $"time moves to {e.Time} ns",
        EventKind.MemoryMappedWrite => $"cpu{e.Cpu} writes 0x{e.B:x} to 0x{e.A:x}, {Bytes(e)}",
        EventKind.MemoryMappedRead => $"cpu{e.Cpu} reads 0x{e.B:x} at 0x{e.A:x}, {Bytes(e)}",
        EventKind.PortWrite => $"cpu{e.Cpu} writes 0x{e.B:x} to port 0x{e.A:x}, {Bytes(e)}",
        EventKind.PortRead => $"cpu{e.Cpu} reads 0x{e.B:x} from port 0x{e.A:x}, {Bytes(e)}",
        EventKind.MsrWrite => $"cpu{e.Cpu} writes 0x{e.B:x} to MSR 0x{e.A:x}{Fault(e)}",
        EventKind.MsrRead => $"cpu{e.Cpu} reads 0x{e.B:x} from MSR 0x{e.A:x}{Fault(e)}",
        EventKind.TaskPriorityWrite => $"cpu{e.Cpu} writes 0x{e.B:x} to CR8",
        EventKind.MessageSent => $"{e.Origin} sends {e.Msi}",
        EventKind.Rest => "all is at rest",
        EventKind.GuestMisuse => $"cpu{e.Cpu} does what has no effect: {InWords((Misuse)e.Index)}, 0x{e.B:x} at 0x{e.A:x}",
        EventKind.LogParted when e.B == 1 => $"the log's line {e.A} and the chips differ, which the log does not tell enough to judge",
        EventKind.LogParted => $"the log's line {e.A} and the chips part",
        EventKind.LogVectorTaken => $"some CPU takes 0x{e.Vector:x2}",
        EventKind.LogVectorsLeft => $"cpu{e.Cpu} is left with vectors 0x{e.Index * 64:x2} and up pending 0x{e.A:x}, "
            + $"in service 0x{e.B:x}",
        _ => Unknown(e),
    };

    private static string Line(in Event e) => e.Kind switch
    {
        EventKind.SourceConnected => $"source {e.Source} joins GSI {e.Gsi} ({InWords((SourceKind)e.A)})",
        EventKind.SourceRemoved => $"source {e.Source} leaves GSI {e.Gsi}",
        EventKind.SourceRaised => $"source {e.Source} raises GSI {e.Gsi}",
        EventKind.SourceLowered => $"source {e.Source} lowers GSI {e.Gsi}{(e.B == 1 ? ", as it is acknowledged" : "")}",
        EventKind.SourceWanted => $"the device behind source {e.Source} wants something of GSI {e.Gsi} again",
        EventKind.SourceWithdrawn => $"the device behind source {e.Source} wants nothing of GSI {e.Gsi} any more",
        EventKind.LineChanged => $"GSI {e.Gsi} {RisesOrFalls(e)}",
        _ => Unknown(e),
    };

    private static string Pic(in Event e) => e.Kind switch
    {
        EventKind.PicPinChanged => $"IRQ {e.Irq} of the 8259 {RisesOrFalls(e)}",
        EventKind.PicRequested => $"the 8259 requests for IRQ {e.Irq} ({Trigger(e.A)})",
        EventKind.PicIntrChanged => $"INTR of the 8259 {RisesOrFalls(e)}",
        EventKind.PicTaken => $"the 8259 gives 0x{e.Vector:x2} for IRQ {e.Irq} "
            + ((e.B & ByPoll) != 0 ? "to a poll" : "to an INTA cycle")
            + ((e.B & Spurious) != 0 ? ", spurious" : (e.B & LevelTaken) != 0 ? ", level" : ""),
        EventKind.PicEoi => $"the 8259 ends IRQ {e.Irq} ({Trigger(e.A)}){(e.B == 1 ? " by itself" : "")}",
        EventKind.PicMaskChanged => $"mask of the 8259 was 0x{e.B:x4}, is 0x{e.A:x4}",
        EventKind.PicAcked => $"the line at IRQ {e.Irq} of the 8259 is acknowledged",
        EventKind.PicAckDeferred => $"the acknowledge of IRQ {e.Irq} of the 8259 waits for its unmask",
        EventKind.PicTriggerChanged => $"level-triggered IRQs of the 8259 were 0x{e.B:x4}, are 0x{e.A:x4}",
        EventKind.PicInitialised => $"the {(e.Unit == 0 ? "master" : "slave")} 8259 is initialised",
        EventKind.PicResampled => $"sampled sources at IRQ {e.Irq} of the 8259 are asked again",
        _ => Unknown(e),
    };

    private static string IoApic(in Event e) => e.Kind switch
    {
        EventKind.PinChanged => $"{Pin(e)} {RisesOrFalls(e)}{(e.B == 1 ? " by a change of polarity" : "")}",
        EventKind.EntryWritten => $"entry of {Pin(e)} was {e.OldEntry}, is {e.Entry}",
        EventKind.EdgeLost => $"{Pin(e)} loses an edge, being masked",
        EventKind.PinAccepted => $"{Pin(e)} hears that its message ({Trigger(e.A)}) was accepted",
        EventKind.PinRefused => $"{Pin(e)} hears that its message ({Trigger(e.A)}) was refused: {InWords(e.Reason)}",
        EventKind.RemoteIrrSet => $"Remote IRR of {Pin(e)} is set, 0x{e.Vector:x2}",
        EventKind.RemoteIrrCleared => $"Remote IRR of {Pin(e)} is cleared, 0x{e.Vector:x2}, "
            + $"by {InWords((EndOfInterruptCause)e.B)}",
        EventKind.PinCoalesced => $"{Pin(e)} waits for the EOI, Remote IRR being set",
        EventKind.PinAcked => $"the line at {Pin(e)} is acknowledged",
        EventKind.PinAckDeferred => $"the acknowledge of {Pin(e)} waits for its unmask",
        EventKind.StormBraked => $"the storm brake holds {Pin(e)} until {e.A} ns",
        EventKind.StormReleased => $"the storm brake lets {Pin(e)} go",
        EventKind.PinResampled => $"sampled sources at {Pin(e)} are asked again",
        _ => Unknown(e),
    };

    private static string LocalApic(in Event e) => e.Kind switch
    {
        EventKind.MessageAccepted => $"{e.Message} of {e.Origin} is accepted by "
            + (e.B == 0 ? "the kernel" : Phrase.Count((long)e.B, "CPU")),
        EventKind.MessageRefused => $"{e.Message} of {e.Origin} is refused: {InWords(e.Reason)}",
        EventKind.VectorAccepted => $"cpu{e.Cpu} has 0x{e.Vector:x2} of {e.Origin} pending ({Trigger(e.B & Level)})"
            + ((e.B & Merged) != 0 ? ", merged into one that was" : ""),
        EventKind.VectorTaken => $"cpu{e.Cpu} takes 0x{e.Vector:x2}"
            + e.B switch { 1 => " from the 8259", 2 => ", spurious", _ => "" },
        EventKind.CpuEoi => $"cpu{e.Cpu} ends 0x{e.Vector:x2} ({Trigger(e.B & Level)})"
            + ((e.B & Suppressed) != 0 ? ", broadcast suppressed" : ""),
        EventKind.CpuEoiEmpty => $"cpu{e.Cpu} signals EOI with nothing in service",
        EventKind.ApicError => $"cpu{e.Cpu} records errors 0x{e.A:x2} in its ESR",
        EventKind.ApicReset => $"the local APIC of cpu{e.Cpu} is cleared by "
            + e.A switch { 1 => "INIT", 2 => "a hardware disable", _ => "reset" },
        EventKind.TimerExpired => $"the local APIC timer of cpu{e.Cpu} expires{(e.A == 1 ? ", masked" : "")}",
        EventKind.ApicBaseChanged => $"IA32_APIC_BASE of cpu{e.Cpu} was 0x{e.B:x}, is 0x{e.A:x}",
        EventKind.SpuriousVectorChanged => $"SVR of cpu{e.Cpu} was 0x{e.B:x}, is 0x{e.A:x}",
        _ => Unknown(e),
    };

    private static string Effect(in Event e) => e.Kind switch
    {
        EventKind.RouteChanged => $"route of {Pin(e)} becomes {e.Entry}",
        EventKind.Deliver => $"{Pin(e)} sends {e.Msi}",
        EventKind.Ack => $"source {e.Source} on GSI {e.Gsi} hears the acknowledge",
        EventKind.EoiBroadcast => $"cpu{e.Cpu} broadcasts the EOI of 0x{e.Vector:x2}{(e.B != 0 ? ", an edge" : "")}",
        EventKind.CpuInterrupt => $"cpu{e.Cpu} has an interrupt to take",
        EventKind.CpuNmi => $"cpu{e.Cpu} gets an NMI of {e.Origin}",
        EventKind.CpuSmi => $"cpu{e.Cpu} gets an SMI of {e.Origin}",
        EventKind.CpuInit => $"cpu{e.Cpu} gets an INIT of {e.Origin}",
        EventKind.CpuStartUp => $"cpu{e.Cpu} gets a start-up of {e.Origin}, page 0x{e.Vector:x2}",
        EventKind.MemoryWrite => $"{e.Origin} writes 0x{e.B:x} to memory at 0x{e.A:x}",
        _ => Unknown(e),
    };

    // A recording of a later version may hold kinds that this one does not know.
    private static string Unknown(in Event e) => $"{e.Kind} {e.Unit} {e.Index} 0x{e.A:x} 0x{e.B:x}";

    private static string Pin(in Event e) => Pin(e.IoApic, e.Pin);
    private static string RisesOrFalls(in Event e) => e.A != 0 ? "rises" : "falls";
    private static string Trigger(ulong level) => level != 0 ? "level" : "edge";
    private static string Bytes(in Event e) => Phrase.Count(e.Index, "byte");
    private static string Fault(in Event e) => e.Index == 1 ? " and takes #GP" : "";

    private static string InWords(SourceKind kind) => kind switch
    {
        SourceKind.Edge => "edge",
        SourceKind.Wired => "wired",
        SourceKind.Sampled => "sampled",
        _ => $"kind {(int)kind}",
    };

    private static string InWords(EndOfInterruptCause cause) => cause switch
    {
        EndOfInterruptCause.Broadcast => "a broadcast",
        EndOfInterruptCause.Register => "the EOI register",
        EndOfInterruptCause.Rewrite => "a rewrite to edge",
        _ => $"cause {(int)cause}",
    };

    private static string InWords(Misuse what) => what switch
    {
        Misuse.Access => "an access of no legal size or alignment",
        Misuse.NoSuchRegister => "no such register",
        Misuse.ReadOnly => "a write to a read-only register",
        Misuse.Vector => "a vector that cannot be delivered",
        Misuse.Message => "a message that cannot be decoded",
        _ => $"misuse {(int)what}",
    };

    private static string InWords(RefusalReason reason) => reason switch
    {
        RefusalReason.None => "no reason",
        RefusalReason.NoDestination => "no local APIC matches the destination",
        RefusalReason.SoftwareDisabled => "the local APICs addressed are disabled",
        RefusalReason.IllegalVector => "illegal vector",
        RefusalReason.ReservedMode => "reserved delivery mode",
        RefusalReason.NoRemapper => "no remapping unit",
        RefusalReason.ReservedBits => "reserved bits are set",
        RefusalReason.Kernel => "the kernel refused it",
        RefusalReason.RemappingFault => "the remapping unit blocked it",
        RefusalReason.NotListed => "no enabled local APIC stands where the destination is looked up",
        _ => $"reason {(int)reason}",
    };
}
