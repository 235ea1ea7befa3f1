namespace Wirq.Traces.Kvm;

/// <summary>A tracepoint of KVM, or what stands in a log in place of records.</summary>
internal enum KvmEvent : byte
{
    /// <summary>A tracepoint that tells nothing of interrupts; counted only.</summary>
    Other,
    /// <summary>Not an event: records are missing here.</summary>
    Lost,
    SetIrq, PicSetIrq, IoApicSetIrq, DelayedEoi, MsiSetIrq,
    AcceptIrq, ApicIpi, Apic, Eoi, PvEoi, AckIrq,
    InjectIrq, InjectException, Entry, Exit, UserspaceExit, Wakeup,
    Mmio, Pio, Msr, TscOffset,
    /// <summary>An interrupt that the processor posts to the guest itself (APICv, AVIC).</summary>
    ApicvAcceptIrq,
    /// <summary>A record that only AVIC at work makes.</summary>
    Avic,
    /// <summary>A reason not to let the processor post interrupts came or went; its value is what reasons are left.</summary>
    ApicvInhibit,
    PostedRoute,
}

/// <summary>Why records are missing.</summary>
internal enum KvmLoss : byte
{
    /// <summary>The tracer dropped or overwrote them.</summary>
    Dropped,
    /// <summary>The buffer of a CPU begins later than the log.</summary>
    BufferStarted,
    /// <summary>Somebody cut them out, and left an ellipsis.</summary>
    CutOut,
    /// <summary>The last line is incomplete.</summary>
    CutEnd,
    /// <summary>The next record is earlier: files of several CPUs one behind another, a log that was sorted by thread, or two recordings.</summary>
    WentBack,
}

/// <summary>Exits that tell something about interrupts.</summary>
internal enum KvmExit : byte
{
    Other,
    Halt,
    /// <summary>The guest can take an interrupt again: KVM had asked for this exit, because it could not.</summary>
    InterruptWindow,
    /// <summary>The processor does the work of a local APIC, and left for a part that it does not do: APICv or AVIC is at work.</summary>
    OfVirtualApic,
    /// <summary>A triple fault.</summary>
    Shutdown,
}
