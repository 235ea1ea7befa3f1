using Wirq.Events;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>A state that lasts.</summary>
internal enum SpanKind : byte
{
    /// <summary>A source, a line or a pin is asserted.</summary>
    Asserted,
    /// <summary>Remote IRR of a pin is set.</summary>
    RemoteIrr,
    /// <summary>An interrupt is requested: the IRR of a local APIC or of the 8259.</summary>
    Requested,
    /// <summary>It is in service until its EOI: the ISR of a local APIC or of the 8259.</summary>
    InService,
    /// <summary>A pin is masked.</summary>
    Masked,
    /// <summary>An acknowledge waits for the unmask of the pin.</summary>
    AckWithheld,
    /// <summary>The storm brake holds a pin.</summary>
    Braked,
    /// <summary>What is so is not known: records are missing, or the log begins later.</summary>
    NotKnown,
    /// <summary>A gate holds what a pin was raised for, or a vector that waits.</summary>
    Held,
}

/// <summary>A state of a lane, from one event to another. The states of one kind in one lane never overlap.</summary>
/// <param name="Lane">Number of the lane.</param>
/// <param name="Kind">What lasted.</param>
/// <param name="Begin">The event that began it; the beginning if it was so from there on.</param>
/// <param name="End">The event that ended it; null if it lasts at the end of the picture.</param>
/// <param name="Vector">The vector, 8 bits; -1 for none.</param>
/// <param name="Gate">The word of the gate, as <c>why --json</c> has it; empty unless it is held.</param>
internal readonly record struct Span(int Lane, SpanKind Kind, Mark Begin, Mark? End, int Vector, string Gate = "");

/// <summary>Something that has no length.</summary>
internal enum InstantKind : byte
{
    /// <summary>A message, a local interrupt or an IPI was sent.</summary>
    Sent,
    /// <summary>A vector merged into one that was pending.</summary>
    Merged,
    /// <summary>An edge was lost at a masked pin.</summary>
    Lost,
    /// <summary>No CPU accepted a message.</summary>
    Refused,
    /// <summary>A level found Remote IRR set.</summary>
    Coalesced,
    /// <summary>A CPU took a vector that its local APIC does not have in service: the 8259's, a spurious one, Xen's
    /// callback.</summary>
    Taken,
    /// <summary>A source heard the acknowledge of its line.</summary>
    Acknowledged,
    /// <summary>A redirection entry was written.</summary>
    EntryWritten,
    /// <summary>A CPU got an NMI, SMI, INIT or start-up.</summary>
    Signalled,
    /// <summary>The log and the chips differ.</summary>
    Parted,
    /// <summary>The machine or a local APIC was reset.</summary>
    Reset,
    /// <summary>A CPU ended a vector that is not shown to be in service.</summary>
    Ended,
    /// <summary>Records are missing here.</summary>
    RecordsLost,
    /// <summary>A thread of the kernel did it, for this VM or for another.</summary>
    OtherVm,
    /// <summary>What became of it is not told.</summary>
    NotKnown,
}

/// <summary>An instant of a lane.</summary>
/// <param name="Lane">Number of the lane.</param>
/// <param name="Kind">What happened.</param>
/// <param name="At">Where.</param>
/// <param name="Event">The event, if it is one of Wirq's; its text is made when it is written.</param>
/// <param name="Words">The text, if it is none.</param>
internal readonly record struct Instant(int Lane, InstantKind Kind, Mark At, Event Event, string? Words = null)
{
    /// <summary>What happened, in words.</summary>
    internal string Text => Words ?? EventText.Describe(Event);
}

/// <summary>How a cause reached its effect.</summary>
internal enum ArrowKind : byte
{
    /// <summary>A source raised its line.</summary>
    Raise,
    /// <summary>A line drove a pin.</summary>
    Drive,
    /// <summary>A pin or a sender delivered a vector to a CPU.</summary>
    Deliver,
    /// <summary>The 8259 gave a vector to a CPU.</summary>
    Give,
    /// <summary>The EOI of a CPU cleared Remote IRR of a pin.</summary>
    End,
    /// <summary>The acknowledge of a pin reached a source.</summary>
    Acknowledge,
}

/// <summary>An arrow from a cause to its effect.</summary>
/// <param name="Kind">How.</param>
/// <param name="From">Lane of the cause.</param>
/// <param name="Left">Where the cause is.</param>
/// <param name="To">Lane of the effect.</param>
/// <param name="Arrived">Where the effect is.</param>
internal readonly record struct Arrow(ArrowKind Kind, int From, Mark Left, int To, Mark Arrived);

/// <summary>What kind of answer a picture marks.</summary>
internal enum OwedRank : byte
{
    /// <summary>Nothing came from a CPU since something was owed to it.</summary>
    Silent,
    /// <summary>It is owed, or was lost.</summary>
    Owed,
    /// <summary>What became of it is not known.</summary>
    Unknown,
    /// <summary>It waits under a mask that the guest may want.</summary>
    Masked,
}

/// <summary>An answer of <c>why</c>, at its lane.</summary>
/// <param name="Rank">What kind of answer.</param>
/// <param name="Title">The interrupt, and for a vector its CPU.</param>
/// <param name="Lane">Number of the lane; -1 if no lane was left for it.</param>
/// <param name="At">Since when it is owed.</param>
/// <param name="Since">Since when its gate is closed; null if that is not known.</param>
/// <param name="Gate">The word of the gate, as <c>why --json</c> has it; empty for a silent CPU.</param>
/// <param name="Sentences">The answer in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
internal sealed record OwedMark(OwedRank Rank, string Title, int Lane, Mark At, Mark? Since, string Gate,
    IReadOnlyList<string> Sentences, IReadOnlyList<Evidence> Evidence);

/// <summary>Words for what a picture shows, the same in every format.</summary>
internal static class ItemWords
{
    internal static string Of(SpanKind kind) => kind switch
    {
        SpanKind.Asserted => "asserted",
        SpanKind.RemoteIrr => "Remote IRR",
        SpanKind.Requested => "IRR",
        SpanKind.InService => "ISR",
        SpanKind.Masked => "masked",
        SpanKind.AckWithheld => "acknowledge withheld",
        SpanKind.Braked => "braked",
        SpanKind.Held => "gate",
        _ => "not known",
    };

    /// <summary>The same in a legend, for whoever does not know the registers by heart.</summary>
    internal static string Legend(SpanKind kind) => kind switch
    {
        SpanKind.RemoteIrr => "Remote IRR: waits for an EOI",
        SpanKind.Requested => "requested (IRR)",
        SpanKind.InService => "in service until its EOI (ISR)",
        SpanKind.NotKnown => "not known: in no record",
        _ => Of(kind),
    };

    internal static string Of(InstantKind kind) => kind switch
    {
        InstantKind.Sent => "sent",
        InstantKind.Merged => "merged",
        InstantKind.Lost => "edge lost",
        InstantKind.Refused => "refused",
        InstantKind.Coalesced => "waits for the EOI",
        InstantKind.Taken => "taken",
        InstantKind.Acknowledged => "acknowledged",
        InstantKind.EntryWritten => "entry written",
        InstantKind.Signalled => "signalled",
        InstantKind.Parted => "log and chips differ",
        InstantKind.Ended => "ended",
        InstantKind.RecordsLost => "records are missing",
        InstantKind.OtherVm => "of this VM or of another",
        InstantKind.NotKnown => "not known what became of it",
        _ => "reset",
    };

    internal static string Of(ArrowKind kind) => kind switch
    {
        ArrowKind.Raise => "raises",
        ArrowKind.Drive => "drives",
        ArrowKind.Deliver => "delivers to",
        ArrowKind.Give => "gives to",
        ArrowKind.End => "ends at",
        _ => "acknowledges",
    };

    internal static string Of(OwedRank rank) => rank switch
    {
        OwedRank.Silent => "silent",
        OwedRank.Owed => "owed",
        OwedRank.Unknown => "not known",
        _ => "under a mask",
    };

    /// <summary>The name of a span: what lasted, and with which vector.</summary>
    internal static string Of(in Span span) => span.Kind == SpanKind.Held ? $"held by {span.Gate}" : span.Vector < 0 ? Of(span.Kind) : $"{Of(span.Kind)} 0x{span.Vector:x2}";
}
