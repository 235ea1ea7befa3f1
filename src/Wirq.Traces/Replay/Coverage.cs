using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>A chip whose responses are in a log.</summary>
internal enum Responder
{
    /// <summary>The 8259 pair, including LINT0 if it is connected to it.</summary>
    Pic,
    /// <summary>The I/OAPIC.</summary>
    IoApic,
    /// <summary>The local APICs.</summary>
    LocalApic,
    /// <summary>The remapping unit.</summary>
    Unit,
}

/// <summary>Whether a log has everything that determines the behaviour of a chip. If a kind of stimulus never appears,
/// either it was not traced or it never happened. A difference may be caused by that, so it is not a mismatch. The
/// machine's reset is such a stimulus: a log without one may begin in any state.</summary>
/// <remarks>Some stimuli matter only after a certain event. Before it, a log without them lacks nothing.</remarks>
internal sealed class Coverage(LogSurvey survey)
{
    /// <summary>INTR of the 8259 pair rose: from here on, the log needs INTA cycles.</summary>
    internal bool IntrRose { get; set; }
    /// <summary>A poll of an 8259 was requested: the log needs reads of its ports.</summary>
    internal bool Polled { get; set; }
    /// <summary>Remote IRR was set: the log needs the ended vectors.</summary>
    internal bool RemoteIrrSet { get; set; }

    /// <summary>A message in remappable format is sent, and no line shows the result of its remapping.</summary>
    internal bool RemapsUnseen { get; set; } = !survey.Remaps && (survey.Saw(TraceEvent.RemapDone) || survey.Saw(TraceEvent.RemapEntry)
        || survey.Saw(TraceEvent.RemapFetch) || survey.Saw(TraceEvent.RemapEnable) || survey.Saw(TraceEvent.RemapRoot));

    /// <summary>Whether a line is where a register at the first line was learned.</summary>
    internal bool IsEvidence(long line) => !survey.FromReset && survey.Start.IsEvidence(line);
    /// <summary>Whether the log has everything on which the responses of a chip depend.</summary>
    internal bool Tells(Responder chip) => Missing(chip) is null;

    /// <summary>An event that the log lacks and on which the behaviour of a chip depends, by QEMU's name; null for
    /// none.</summary>
    internal string? Missing(Responder chip) => chip switch
    {
        Responder.Pic => MissingOfPic ?? Absent(TraceEvent.ResetDelivered),
        Responder.IoApic => Absent(TraceEvent.IoApicSetIrq) ?? Absent(TraceEvent.IoApicWrite) ?? (RemoteIrrSet ? MissingOfEois : null)
            ?? MissingOfRemapping ?? Absent(TraceEvent.ResetDelivered),
        // The vector of an INTA cycle is also reported as taken, although it was never pending in a local APIC.
        Responder.LocalApic => Absent(TraceEvent.ApicWrite) ?? Absent(TraceEvent.ApicDeliverIrq)
            ?? Absent(TraceEvent.ApicLocalDeliver) ?? (survey.HasServicing ? Absent(TraceEvent.PicInterrupt) : null)
            ?? MissingOfRemapping ?? Absent(TraceEvent.ResetDelivered),
        _ => Absent(TraceEvent.RemapRequest) ?? Absent(TraceEvent.RemapFetch),
    };

    /// <summary>An input of a chip that was not traced, by QEMU's name: then the chip has a state here that the log's never had,
    /// and nothing is predicted of it. Null for none.</summary>
    internal string? Untold(Responder chip) => chip switch
    {
        Responder.Pic => Untraced(TraceEvent.PicSetIrq) ?? Untraced(TraceEvent.PicPortWrite),
        Responder.IoApic => Untraced(TraceEvent.IoApicSetIrq) ?? Untraced(TraceEvent.IoApicWrite),
        Responder.LocalApic => Untraced(TraceEvent.ApicWrite) ?? Untraced(TraceEvent.ApicDeliverIrq),
        _ => Untraced(TraceEvent.RemapRequest),
    };
    /// <summary>The chip of an event.</summary>
    internal Responder Of(TraceEvent response) => response switch
    {
        TraceEvent.ApicDeliverIrq when survey.Remaps => Responder.Unit,
        TraceEvent.PicSetIrq or TraceEvent.PicUpdateIrq or TraceEvent.PicInterrupt or TraceEvent.PicPortRead
            or TraceEvent.PicInterruptLine => Responder.Pic,
        // A response, if a pin sent it. A message of a device is a stimulus.
        TraceEvent.ApicDeliverIrq or TraceEvent.IoApicSetRemoteIrr or TraceEvent.IoApicClearRemoteIrr
            or TraceEvent.IoApicDelayedReassert or TraceEvent.IoApicRead or TraceEvent.KernelTrigger or TraceEvent.KernelRoute
            or TraceEvent.KernelRouteUpdate => Responder.IoApic,
        TraceEvent.RemapRequest or TraceEvent.RemapFetch or TraceEvent.RemapEntry or TraceEvent.RemapDone
            or TraceEvent.RemapVectorDiffers or TraceEvent.RemapTriggerDiffers or TraceEvent.RemapRoot
            or TraceEvent.RemapEnable or TraceEvent.IecNotify or TraceEvent.IecInvalidate => Responder.Unit,
        _ => Responder.LocalApic,
    };

    /// <summary>Whether the log shows all stimuli of the 8259 pair, for any initial state.</summary>
    internal bool ShowsPic => MissingOfPic is null;

    /// <summary>An event that the log lacks and without which nothing can be concluded about the 8259 pair; null for
    /// none.</summary>
    internal string? MissingOfPic => Absent(TraceEvent.PicSetIrq) ?? Absent(TraceEvent.PicPortWrite)
        ?? (IntrRose ? Absent(TraceEvent.PicInterrupt) : null) ?? (Polled ? Absent(TraceEvent.PicPortRead) : null);

    /// <summary>A broadcast shows which vector an EOI ended. If CPUs are known, it is predicted from the vectors that
    /// each CPU took.</summary>
    private string? MissingOfEois => !survey.KnowsCpus ? Absent(TraceEvent.IoApicEoiBroadcast)
        : (survey.HasServicing ? null : Absent(TraceEvent.IoApicEoiBroadcast)) ?? Missing(Responder.LocalApic);

    private string? MissingOfRemapping => RemapsUnseen ? Absent(TraceEvent.RemapRequest) : null;

    private string? Untraced(TraceEvent kind) => survey.Traces(kind) ? null : EventNames.Of(kind);
    private string? Absent(TraceEvent kind) => survey.Saw(kind) ? null : EventNames.Of(kind);
}
