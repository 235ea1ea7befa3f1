namespace Wirq.Events;

/// <summary>Describes events: one plain line each, for a timeline that has a separate column for the time.</summary>
internal static partial class EventText
{
    /// <summary>A pin's name.</summary>
    internal static string Pin(int ioApic, int pin) => $"pin {pin} of I/OAPIC {ioApic}";

    /// <summary>The name of a pin that is an origin.</summary>
    internal static string Pin(Origin origin) => Pin(origin.Unit, origin.Index);

    /// <summary>One event, in one line, without its time.</summary>
    public static string Describe(in Event e) => e.Subsystem switch
    {
        Subsystem.None when e.Kind == EventKind.None => "nothing",
        Subsystem.Machine => Machine(e),
        Subsystem.Access => Access(e),
        Subsystem.Log => Log(e),
        Subsystem.Lines => Line(e),
        Subsystem.Pic => Pic(e),
        Subsystem.IoApic => IoApic(e),
        Subsystem.LocalApic => LocalApic(e),
        Subsystem.Messages => Message(e),
        Subsystem.Remapping => Remap(e),
        Subsystem.Routing => e.IsEffect ? RoutingEffect(e) : Virq(e),
        Subsystem.Xen => Xen(e),
        Subsystem.HostIrq or Subsystem.Vfio => Host(e),
        _ => Unknown(e),
    };

    private static string Machine(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.TimeAdvanced:
                return $"time moves to {e.Time} ns";
            case EventKind.Rest:
                return "all is at rest";
            case EventKind.GuestMisuse:
                GuestMisuse misuse = GuestMisuse.Of(e);
                return $"cpu{misuse.Cpu} does what has no effect: {InWords(misuse.What)}, 0x{misuse.Value:x} at 0x{misuse.Where:x}";
            case EventKind.MachineReset:
                return "the machine is reset";
            case EventKind.MachineSaved:
                return "a snapshot of the machine is made";
            case EventKind.MachineRestored:
                return "the machine takes over the state of a snapshot";
            case EventKind.MachineSuspended:
                return "nobody reads eventfds any more";
            case EventKind.MachineResumed:
                return "eventfds are read again";
            case EventKind.EffectLost:
                return Lost(EffectLost.Of(e));
            default:
                return Unknown(e);
        }
    }

    private static string Lost(EffectLost lost)
    {
        string whose = lost.Kind.Subsystem switch
        {
            Subsystem.IoApic => $" of {Pin(lost.Unit, lost.Pin)}",
            Subsystem.LocalApic => $" of cpu{lost.Unit}",
            Subsystem.Routing => $" of virq {lost.Unit}",
            Subsystem.Remapping => $" of remapping unit {lost.Unit}",
            _ => "",
        };
        return $"the reset takes away {lost.Kind}{whose}";
    }

    private static string Access(in Event e) => e.Kind switch
    {
        EventKind.MemoryMappedWrite or EventKind.MemoryMappedRead => Access(MemoryMappedAccess.Of(e)),
        EventKind.PortWrite or EventKind.PortRead => Access(PortAccess.Of(e)),
        EventKind.MsrWrite or EventKind.MsrRead => Access(MsrAccess.Of(e)),
        EventKind.TaskPriorityWrite => $"cpu{e.Cpu} writes 0x{TaskPriorityWrite.Of(e).Value:x} to CR8",
        _ => Unknown(e),
    };

    private static string Access(MemoryMappedAccess its) =>
        $"cpu{its.Cpu} {(its.IsWrite ? "writes" : "reads")} 0x{its.Value:x} {(its.IsWrite ? "to" : "at")} 0x{its.Address:x}, {Bytes(its.Size)}";

    private static string Access(PortAccess its) =>
        $"cpu{its.Cpu} {(its.IsWrite ? "writes" : "reads")} 0x{its.Value:x} {(its.IsWrite ? "to" : "from")} port 0x{its.Port:x}, {Bytes(its.Size)}";

    private static string Access(MsrAccess its) =>
        $"cpu{its.Cpu} {(its.IsWrite ? "writes" : "reads")} 0x{its.Value:x} {(its.IsWrite ? "to" : "from")} MSR 0x{its.Msr:x}"
            + (its.Faulted ? " and takes #GP" : "");

    private static string Log(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.LogParted:
                LogParted parted = LogParted.Of(e);
                return $"the log's line {parted.Line} and the chips "
                    + (parted.Undecided ? "differ, which the log does not tell enough to judge" : "part");
            case EventKind.LogVectorTaken:
                return $"some CPU takes 0x{e.Vector:x2}";
            case EventKind.LogVectorsLeft:
                LogVectorsLeft left = LogVectorsLeft.Of(e);
                return $"cpu{left.Cpu} is left with vectors 0x{left.Word * 64:x2} and up pending 0x{left.Pending:x}, "
                    + $"in service 0x{left.InService:x}";
            case EventKind.LogRouteSet:
                LogRouteSet route = LogRouteSet.Of(e);
                return $"the kernel's route of {Pin(e)} becomes {route.Message}";
            case EventKind.LogEntryShown:
                LogEntryShown entry = LogEntryShown.Of(e);
                return $"pin {entry.Pin} of I/OAPIC {entry.IoApic} had {entry.Entry} before its first write, by the log's line {entry.Line}";
            case EventKind.LogPicShown:
                LogPicShown mask = LogPicShown.Of(e);
                return $"the {(mask.Unit == 0 ? "master" : "slave")} 8259 had the mask 0x{mask.Mask:x2} before its first write, by the log's line {mask.Line}";
            default:
                return Unknown(e);
        }
    }

    private static string Line(in Event e) => e.Kind switch
    {
        EventKind.SourceConnected => $"source {e.Source} joins GSI {e.Gsi} ({InWords(SourceConnected.Of(e).Kind)})",
        EventKind.SourceRemoved => $"source {e.Source} leaves GSI {e.Gsi}",
        EventKind.SourceRaised => $"source {e.Source} raises GSI {e.Gsi}",
        EventKind.SourceLowered => $"source {e.Source} lowers GSI {e.Gsi}{(SourceChanged.Of(e).ByAck ? ", as it is acknowledged" : "")}",
        EventKind.SourceWanted => $"the device behind source {e.Source} wants something of GSI {e.Gsi} again",
        EventKind.SourceWithdrawn => $"the device behind source {e.Source} wants nothing of GSI {e.Gsi} any more",
        EventKind.LineChanged => $"GSI {e.Gsi} {RisesOrFalls(LineChanged.Of(e).Asserted)}",
        EventKind.Ack => $"source {e.Source} on GSI {e.Gsi} hears the acknowledge",
        EventKind.KernelLine => $"GSI {e.Gsi} of the kernel {RisesOrFalls(KernelLine.Of(e).Asserted)}",
        _ => Unknown(e),
    };

    private static string Pic(in Event e) => e.Kind switch
    {
        EventKind.PicPinChanged => $"IRQ {e.Irq} of the 8259 {RisesOrFalls(PicPinChanged.Of(e).High)}",
        EventKind.PicRequested => $"the 8259 requests for IRQ {e.Irq} ({Trigger(PicRequested.Of(e).Level)})",
        EventKind.PicIntrChanged => $"INTR of the 8259 {RisesOrFalls(PicIntrChanged.Of(e).High)}",
        EventKind.PicTaken => Taken(PicTaken.Of(e)),
        EventKind.PicEoi => $"the 8259 ends IRQ {e.Irq} ({Trigger(PicEoi.Of(e).Level)}){(PicEoi.Of(e).Automatic ? " by itself" : "")}",
        EventKind.PicMaskChanged => $"mask of the 8259 was 0x{PicMaskChanged.Of(e).Before:x4}, is 0x{PicMaskChanged.Of(e).Mask:x4}",
        EventKind.PicAcked => $"the line at IRQ {e.Irq} of the 8259 is acknowledged",
        EventKind.PicAckDeferred => $"the acknowledge of IRQ {e.Irq} of the 8259 waits for its unmask",
        EventKind.PicTriggerChanged => "level-triggered IRQs of the 8259 were "
            + $"0x{PicTriggerChanged.Of(e).Before:x4}, are 0x{PicTriggerChanged.Of(e).Level:x4}",
        EventKind.PicInitialised => $"the {(e.Unit == 0 ? "master" : "slave")} 8259 is initialised",
        EventKind.PicResampled => $"sampled sources at IRQ {e.Irq} of the 8259 are asked again",
        _ => Unknown(e),
    };

    private static string Taken(PicTaken its) => $"the 8259 gives 0x{its.Vector:x2} for IRQ {its.Irq} "
        + (its.ByPoll ? "to a poll" : "to an INTA cycle") + (its.Spurious ? ", spurious" : its.Level ? ", level" : "");

    private static string IoApic(in Event e) => e.Kind switch
    {
        EventKind.PinChanged => $"{Pin(e)} {RisesOrFalls(PinChanged.Of(e).Asserted)}"
            + (PinChanged.Of(e).ByPolarity ? " by a change of polarity" : ""),
        EventKind.EntryWritten => $"entry of {Pin(e)} was {e.OldEntry}, is {e.Entry}",
        EventKind.EdgeLost => $"{Pin(e)} loses an edge, being masked",
        EventKind.PinAccepted => $"{Pin(e)} hears that its message ({Trigger(PinAnswered.Of(e).Level)}) was accepted",
        EventKind.PinRefused => $"{Pin(e)} hears that its message ({Trigger(PinAnswered.Of(e).Level)}) was refused: {InWords(e.Reason)}",
        EventKind.RemoteIrrSet => $"Remote IRR of {Pin(e)} is set, 0x{e.Vector:x2}",
        EventKind.RemoteIrrCleared => $"Remote IRR of {Pin(e)} is cleared, 0x{e.Vector:x2}, "
            + $"by {InWords(RemoteIrrCleared.Of(e).Cause)}",
        EventKind.PinCoalesced => $"{Pin(e)} waits for the EOI, Remote IRR being set",
        EventKind.PinAcked => $"the line at {Pin(e)} is acknowledged",
        EventKind.PinAckDeferred => $"the acknowledge of {Pin(e)} waits for its unmask",
        EventKind.StormBraked => $"the storm brake holds {Pin(e)} until {StormBraked.Of(e).Deadline} ns",
        EventKind.StormReleased => $"the storm brake lets {Pin(e)} go",
        EventKind.PinResampled => $"sampled sources at {Pin(e)} are asked again",
        EventKind.RouteChanged => $"route of {Pin(e)} becomes {e.Entry}",
        EventKind.Deliver => $"{Pin(e)} sends {e.Msi}",
        EventKind.PinInjected => $"{Pin(e)} sends {e.Message} to the kernel",
        _ => Unknown(e),
    };

    private static string LocalApic(in Event e) => e.Kind switch
    {
        EventKind.VectorAccepted => $"cpu{e.Cpu} has 0x{e.Vector:x2} of {e.Origin} pending ({Trigger(VectorAccepted.Of(e).Level)})"
            + (VectorAccepted.Of(e).Merged ? ", merged into one that was" : ""),
        EventKind.VectorTaken => $"cpu{e.Cpu} takes 0x{e.Vector:x2}"
            + VectorTaken.Of(e).By switch { VectorGiver.Pic => " from the 8259", VectorGiver.XenCallback => ", the Xen callback", VectorGiver.Spurious => ", spurious", _ => "" },
        EventKind.CpuEoi => $"cpu{e.Cpu} ends 0x{e.Vector:x2} ({Trigger(CpuEoi.Of(e).Level)})"
            + (CpuEoi.Of(e).Suppressed ? ", broadcast suppressed" : ""),
        EventKind.CpuEoiEmpty => $"cpu{e.Cpu} signals EOI with nothing in service",
        EventKind.ApicError => $"cpu{e.Cpu} records errors 0x{ApicError.Of(e).Fresh.Bits:x2} in its ESR",
        EventKind.ApicReset => $"the local APIC of cpu{e.Cpu} is cleared by " + ApicReset.Of(e).Cause switch
        {
            ApicResetCause.Init => "INIT",
            ApicResetCause.HardwareDisable => "a hardware disable",
            _ => "reset",
        },
        EventKind.TimerExpired => $"the local APIC timer of cpu{e.Cpu} expires{(TimerExpired.Of(e).Masked ? ", masked" : "")}",
        EventKind.ApicBaseChanged => $"IA32_APIC_BASE of cpu{e.Cpu} was "
            + $"0x{ApicBaseChanged.Of(e).Before.Bits:x}, is 0x{ApicBaseChanged.Of(e).Base.Bits:x}",
        EventKind.SpuriousVectorChanged => $"SVR of cpu{e.Cpu} was "
            + $"0x{SpuriousVectorChanged.Of(e).Before.Bits:x}, is 0x{SpuriousVectorChanged.Of(e).Spurious.Bits:x}",
        EventKind.EoiBroadcast => $"cpu{e.Cpu} broadcasts the EOI of 0x{e.Vector:x2}{(EoiBroadcast.Of(e).Edge ? ", an edge" : "")}",
        EventKind.CpuInterrupt => $"cpu{e.Cpu} has an interrupt to take",
        EventKind.CpuNmi => $"cpu{e.Cpu} gets an NMI of {e.Origin}",
        EventKind.CpuSmi => $"cpu{e.Cpu} gets an SMI of {e.Origin}",
        EventKind.CpuInit => $"cpu{e.Cpu} gets an INIT of {e.Origin}",
        EventKind.CpuStartUp => $"cpu{e.Cpu} gets a start-up of {e.Origin}, page 0x{e.Vector:x2}",
        _ => Unknown(e),
    };

    private static string Message(in Event e) => e.Kind switch
    {
        EventKind.MessageSent => $"{e.Origin} sends {e.Msi}",
        EventKind.MessageAccepted => $"{e.Message} of {e.Origin} is accepted by "
            + (MessageAccepted.Of(e).Cpus == 0 ? "the kernel" : Phrase.Count((long)MessageAccepted.Of(e).Cpus, "CPU")),
        EventKind.MessageRefused => $"{e.Message} of {e.Origin} is refused: {InWords(e.Reason)}",
        EventKind.MemoryWrite => $"{e.Origin} writes 0x{MemoryWrite.Of(e).Data:x} to memory at 0x{MemoryWrite.Of(e).Address:x}",
        EventKind.MessageInjected => $"{e.Origin} sends {e.Message} to the kernel",
        _ => Unknown(e),
    };

    // A recording of a later version may hold kinds that this one does not know.
    private static string Unknown(in Event e) => $"{e.Kind} {e.Unit} {e.Index} 0x{e.A:x} 0x{e.B:x}";

    private static string Pin(in Event e) => Pin(e.IoApic, e.Pin);
    private static string RisesOrFalls(bool high) => high ? "rises" : "falls";
    private static string Trigger(bool level) => level ? "level" : "edge";
    private static string Bytes(int count) => Phrase.Count(count, "byte");

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
