using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Xen;

/// <summary>The bindings of key <c>i</c>: a line for each of the host's IRQs, with the guests that hold it. Behind a guest's
/// PIRQ stands whether its event is pending (P), is masked by the guest (M), and whether Xen holds the PIRQ back until the
/// guest ends it (M, the last letter). Versions before 4.4 print four letters; the second says whether the selector is set. From
/// 4.15 on a question mark stands for what could not be read.</summary>
internal sealed partial class XenIrqs(DumpParts parts) : DumpReader
{
    // Bits of "status" that have the same place in all versions.
    private const uint Disabled = 1 << 1;

    internal override Fit Take(in DumpLine line)
    {
        string text = XenDump.Bare(line.Text);
        if (!Begins().IsMatch(text))
            return Fit.None;
        Expected = "IRQ: number, vec:, a type, status=, in-flight= and domains";
        Match match = Whole().Match(text);
        if (!match.Success)
            return text.Contains("status=", StringComparison.Ordinal) && text.Contains("aff", StringComparison.Ordinal) ? Fit.Bad : Fit.Cut;
        if (match.Groups["old"].Success)
            XenDump.Part(parts, "", line.File).Note(XenEntries.Old);
        string rest = match.Groups["rest"].Value;
        bool bound = rest.Contains("in-flight=", StringComparison.Ordinal);
        if (!bound)
        {
            XenDump.Part(parts, "", line.File).Note("i");
            return Fit.Whole;
        }
        Match flight = InFlight().Match(rest);
        MatchCollection guests = Guests().Matches(rest);
        if (!flight.Success || guests.Count == 0 && rest.TrimEnd().EndsWith(flight.Value, StringComparison.Ordinal) && line.IsLast)
            return Fit.Cut;
        Bound(line, match, int.Parse(flight.Groups["n"].Value, CultureInfo.InvariantCulture), guests);
        return Fit.Whole;
    }

    internal override void Cut(in DumpLine line) => XenDump.Part(parts, "", line.File).Lack($"Line {line.Number}, of an IRQ, is cut off", "xl debug-keys i; xl dmesg");

    private void Bound(in DumpLine line, Match match, int inFlight, MatchCollection guests)
    {
        int irq = int.Parse(match.Groups["irq"].Value, CultureInfo.InvariantCulture), vector = Convert.ToInt32(match.Groups["vec"].Value, 16);
        uint status = Convert.ToUInt32(match.Groups["status"].Value, 16);
        string type = match.Groups["type"].Value;
        DumpPart part = XenDump.Part(parts, $"irq {irq}", line.File);
        part.Note("i");
        int gsi = type.StartsWith("IO-APIC", StringComparison.Ordinal) ? irq : -1;
        Guest[] all = [.. guests.Select(Guest.Of)];
        string name = $"Xen's IRQ {irq} ({type}, vector 0x{vector:x2})";
        ValuePlace place = line.Place($"IRQ {irq}", "");
        if (all.Length > 1)
            part.Tell($"{name} is shared by {Phrase.All([.. all.Select(guest => guest.Name)], 8)}.", place, gsi);
        if (inFlight > 0)
        {
            Guest[] holders = [.. all.Where(guest => guest.Held)];
            string who = holders.Length == 0 ? $"{Phrase.Count(inFlight, "guest has", "guests have")} not ended it"
                : string.Join("; ", holders.Select(guest => $"{guest.Name} has not ended it, {guest.Why}"));
            part.Find(new($"irq:{irq}", Standing.Owed, Gate.NoEoi, -1, vector, gsi, $"{name} is in flight: {who}. Until then Xen delivers no more of it"
                + (all.Length > 1 ? $", also not to {Phrase.All([.. all.Where(guest => !guest.Held).Select(guest => guest.Name).DefaultIfEmpty("the others")], 8)}." : "."), [place]));
            return;
        }
        foreach (Guest guest in all.Where(guest => guest.Pending))
        {
            part.Find(new($"irq:{irq}", guest.Masked ? Standing.Masked : Standing.NotKnown, guest.Masked ? Gate.VirqMasked : Gate.CpuUnknown, -1, vector, gsi,
                $"{name}: its event is pending at {guest.Name}, {(guest.Masked ? "and masked by the guest; whether the guest wants that, the text does not tell" : "and not masked: whether a vCPU is about to take it, the text does not tell")}.", [place]));
        }
        if (all.Any(guest => guest.Unread))
            part.Lack($"Of {name} Xen could not read the event of {Phrase.All([.. all.Where(guest => guest.Unread).Select(guest => guest.Name)], 8)}", "the key once more");
        if ((status & Disabled) != 0 && all.Length > 0)
            part.Find(new($"irq:{irq}", Standing.Masked, Gate.PinMasked, -1, vector, gsi, $"{name} is disabled (status bit 1); whether its guest wants that, the text does not tell.", [place]));
    }

    private readonly record struct Guest(string Name, bool Pending, bool Masked, bool Held, bool Unread)
    {
        internal static Guest Of(Match match)
        {
            string flags = match.Groups["flags"].Value;
            return new($"d{match.Groups["domain"].Value} (PIRQ {match.Groups["pirq"].Value})", flags[0] == 'P', flags[^2] == 'M', flags[^1] == 'M', flags[0] == '?');
        }

        internal string Why => Unread ? "and Xen could not read its event: whether it has taken it is not known" : (Pending, Masked) switch
        {
            (true, true) => "nor taken it: its event is pending, and masked by the guest",
            (true, false) => "nor taken it: its event is pending, and not masked",
            _ => "and has taken it: its event is not pending, so the EOI is missing",
        };
    }

    [GeneratedRegex(@"^ *IRQ: *[0-9]+ ")]
    private static partial Regex Begins();

    [GeneratedRegex(@"^ *IRQ: *(?<irq>[0-9]{1,6}) .*?vec:(?<vec>[0-9a-f]{2}) +(?<old>type=)?(?<type>[^ =]+) +status=(?<status>[0-9a-f]{1,8})(?<rest> .*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Whole();

    [GeneratedRegex(@"in-flight=(?<n>[0-9]{1,6})", RegexOptions.ExplicitCapture)]
    private static partial Regex InFlight();

    [GeneratedRegex(@"(d|domain-list=|,)(?<domain>[0-9]{1,5}): *(?<pirq>-?[0-9]{1,6})\((?<flags>[-PSM?]{3,4})\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Guests();
}
