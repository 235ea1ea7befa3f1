using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>A chip whose responses a log holds.</summary>
internal enum Responder
{
    /// <summary>The 8259 pair, LINT0 where it leads to it included.</summary>
    Pic,
    /// <summary>The I/OAPIC.</summary>
    IoApic,
    /// <summary>The local APICs.</summary>
    LocalApic,
    /// <summary>The remapping unit.</summary>
    Unit,
}

/// <summary>Whether a log has all that decides what a chip does. Where a kind of stimulus never shows, it was not traced,
/// or never happened: a difference may come of it, and is no mismatch. The machine's reset is such a stimulus: a log that
/// shows none may begin in any state.</summary>
/// <remarks>Some stimuli matter only once something happened: before it, a log that lacks them lacks nothing.</remarks>
internal sealed class Coverage(LogSurvey survey)
{
    /// <summary>INTR of the 8259 pair rose: from here on, INTA cycles matter.</summary>
    internal bool IntrRose { get; set; }
    /// <summary>A poll of an 8259 was requested: reads of its ports matter.</summary>
    internal bool Polled { get; set; }
    /// <summary>Remote IRR was set somewhere: it matters which vectors are ended.</summary>
    internal bool RemoteIrrSet { get; set; }

    /// <summary>A message in remappable format is sent, and no line shows the result of its remapping.</summary>
    internal bool RemapsUnseen { get; set; } = !survey.Remaps && (survey.Saw(TraceEvent.RemapDone) || survey.Saw(TraceEvent.RemapEntry)
        || survey.Saw(TraceEvent.RemapFetch) || survey.Saw(TraceEvent.RemapEnable) || survey.Saw(TraceEvent.RemapRoot));

    /// <summary>Whether everything shows on which the responses of a chip depend.</summary>
    internal bool Tells(Responder chip) => Missing(chip) is null;

    /// <summary>What does not show of all that decides what a chip does, by QEMU's name; null where nothing is
    /// missing.</summary>
    internal string? Missing(Responder chip) => chip switch
    {
        Responder.Pic => MissingOfPic ?? Absent(TraceEvent.ResetDelivered),
        Responder.IoApic => Absent(TraceEvent.IoApicSetIrq) ?? Absent(TraceEvent.IoApicWrite) ?? (RemoteIrrSet ? MissingOfEois : null)
            ?? MissingOfRemapping ?? Absent(TraceEvent.ResetDelivered),
        // What an INTA cycle gave is taken too, and then it was never pending in a local APIC.
        Responder.LocalApic => Absent(TraceEvent.ApicWrite) ?? Absent(TraceEvent.ApicDeliverIrq)
            ?? Absent(TraceEvent.ApicLocalDeliver) ?? (survey.HasServicing ? Absent(TraceEvent.PicInterrupt) : null)
            ?? MissingOfRemapping ?? Absent(TraceEvent.ResetDelivered),
        _ => Absent(TraceEvent.RemapRequest) ?? Absent(TraceEvent.RemapFetch),
    };

    /// <summary>The chip of an event.</summary>
    internal Responder Of(TraceEvent response) => response switch
    {
        TraceEvent.ApicDeliverIrq when survey.Remaps => Responder.Unit,
        TraceEvent.PicSetIrq or TraceEvent.PicUpdateIrq or TraceEvent.PicInterrupt or TraceEvent.PicPortRead
            or TraceEvent.PicInterruptLine => Responder.Pic,
        // By a pin; what a device sends is a stimulus.
        TraceEvent.ApicDeliverIrq or TraceEvent.IoApicSetRemoteIrr or TraceEvent.IoApicClearRemoteIrr
            or TraceEvent.IoApicDelayedReassert or TraceEvent.IoApicRead => Responder.IoApic,
        TraceEvent.RemapRequest or TraceEvent.RemapFetch or TraceEvent.RemapEntry or TraceEvent.RemapDone
            or TraceEvent.RemapVectorDiffers or TraceEvent.RemapTriggerDiffers or TraceEvent.RemapRoot
            or TraceEvent.RemapEnable or TraceEvent.IecNotify or TraceEvent.IecInvalidate => Responder.Unit,
        _ => Responder.LocalApic,
    };

    /// <summary>Whether what is done to the 8259 pair shows, from whatever state it begins in.</summary>
    internal bool ShowsPic => MissingOfPic is null;

    /// <summary>An event without which nothing is found out about the 8259 pair; null where none lacks.</summary>
    internal string? MissingOfPic => Absent(TraceEvent.PicSetIrq) ?? Absent(TraceEvent.PicPortWrite)
        ?? (IntrRose ? Absent(TraceEvent.PicInterrupt) : null) ?? (Polled ? Absent(TraceEvent.PicPortRead) : null);

    /// <summary>A broadcast shows what an EOI ended. If CPUs are known, it is predicted from what each took.</summary>
    private string? MissingOfEois => !survey.KnowsCpus ? Absent(TraceEvent.IoApicEoiBroadcast)
        : (survey.HasServicing ? null : Absent(TraceEvent.IoApicEoiBroadcast)) ?? Missing(Responder.LocalApic);

    private string? MissingOfRemapping => RemapsUnseen ? Absent(TraceEvent.RemapRequest) : null;

    private string? Absent(TraceEvent kind) => survey.Saw(kind) ? null : EventNames.Of(kind);
}
