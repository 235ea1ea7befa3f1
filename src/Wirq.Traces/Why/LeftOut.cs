using System.Globalization;
using Wirq.Traces.Dumps;
using Wirq.Traces.Kvm;

namespace Wirq.Traces.Why;

/// <summary>Counts the lines of a log that are of another form that is read too. They are no part of the log's story, and must not vanish
/// in silence: what they tell may be what holds an interrupt.</summary>
/// <param name="events">What its events would be called: they are not the log's own.</param>
internal sealed class LeftOut(string events)
{
    internal const string OfQemu = "QEMU's events", OfKvm = "KVM's records";

    private readonly LineKinds _kinds = new();
    private long _events, _firstEvent, _printed, _firstPrinted;

    /// <summary>Takes a line that is none of the log's own.</summary>
    internal void Take(ReadOnlySpan<byte> line, long number)
    {
        bool ofKvm = KvmLog.HasRecord(line);
        // Most of KVM's records without kvm_ in their name are these: one for each access of a device's register.
        if (!ofKvm && line.IndexOf("vcpu_match_mmio: "u8) >= 0)
            return;
        if (ofKvm || _kinds.IsEvent(line))
        {
            // A line of QEMU whose fields are damaged is still the log's own.
            if (ofKvm == (events == OfKvm))
                _firstEvent = _events++ == 0 ? number : _firstEvent;
        }
        else if (_kinds.IsPrinted(line))
            _firstPrinted = _printed++ == 0 ? number : _firstPrinted;
    }

    /// <summary>What was left out; null for nothing.</summary>
    internal LeftOutLines? Lines => _events + _printed == 0 ? null : new(events, _events, _firstEvent, _printed, _firstPrinted);
}

/// <summary>Lines that are no part of a log's story.</summary>
/// <param name="Kind">What its events are called.</param>
/// <param name="Events">Events of the other kind.</param>
/// <param name="FirstEvent">The line of the first one.</param>
/// <param name="Printed">Lines of a dump, or of a kernel's messages about interrupts.</param>
/// <param name="FirstPrinted">The line of the first one.</param>
internal sealed record LeftOutLines(string Kind, long Events, long FirstEvent, long Printed, long FirstPrinted)
{
    /// <summary>Why they could not be read; empty where nobody tried.</summary>
    internal string Reason { get; init; } = "";

    /// <summary>What does not count in an answer.</summary>
    internal LimitAnswer Limit => new($"It also has {string.Join(" and ", Parts())}, which are no part of this answer{(Reason.Length > 0 ? $": {Reason}"
        : ": wirq why of this file, without a source, answers about each")}", "");

    /// <summary>What is left where some were read beside the log; null for nothing.</summary>
    internal LeftOutLines? Without(bool events, bool printed) => (events ? 0 : Events) + (printed ? 0 : Printed) == 0 ? null
        : this with { Events = events ? 0 : Events, Printed = printed ? 0 : Printed };

    private IEnumerable<string> Parts()
    {
        if (Events > 0)
            yield return $"{Phrase.Count(Events, "line")} of {Kind} (the first is L{FirstEvent.ToString(CultureInfo.InvariantCulture)})";
        if (Printed > 0)
            yield return $"{Phrase.Count(Printed, "line")} of a dump or of a kernel's messages about interrupts (the first is L{FirstPrinted.ToString(CultureInfo.InvariantCulture)})";
    }
}
