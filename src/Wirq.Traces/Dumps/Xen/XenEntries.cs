using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps.Xen;

/// <summary>The I/OAPIC entries that key <c>i</c> prints, field by field, in the words of newer and older versions.</summary>
internal sealed partial class XenEntries(DumpParts parts) : DumpReader
{
    /// <summary>Chips and pins that a dump may name.</summary>
    internal const int MostChips = 128, MostPins = 256;

    /// <summary>What a part notes whose version is older than 4.13. The bindings, which come first, show it.</summary>
    internal const string Old = "before 4.13";

    internal override Fit Take(in DumpLine line)
    {
        string text = XenDump.Bare(line.Text);
        if (!text.AsSpan().TrimStart().StartsWith("Apic 0x", StringComparison.Ordinal))
            return Fit.None;
        Expected = "Apic 0x.., Pin number: vec= delivery= dest= status= polarity= irr= trig= mask= dest_id:";
        Match match = Newer().Match(text);
        bool newer = match.Success;
        if (!newer)
            match = Older().Match(text);
        if (!match.Success)
        {
            // Cut inside of its last number, it would be whole with another one there.
            int last = text.IndexOf("dest_id:", StringComparison.Ordinal);
            return last < 0 || Newer().IsMatch(text[..last] + "dest_id:00") ? Fit.Cut : Fit.Bad;
        }
        int chip = Convert.ToInt32(match.Groups["apic"].Value, 16), pin = Number(match, "pin");
        if (chip >= MostChips || pin >= MostPins)
            return Fit.Bad;
        int vector = newer ? Convert.ToInt32(match.Groups["vec"].Value, 16) : Number(match, "vec");
        if (vector > byte.MaxValue)
            return Fit.Bad;
        bool Flag(string name) => match.Groups[name].Value == "1";
        string id = match.Groups["id"].Value;
        DumpPart part = XenDump.Part(parts, $"ioapic {chip} pin {pin}", line.File);
        // Versions before 4.13 print it in decimal, later ones with two or eight hexadecimal digits.
        if (!newer || id.Length is 1 or 3)
            part.Note(Old);
        uint destination = !part.Has(Old) || id.Length > 3 || id.Any(char.IsAsciiLetter) ? Convert.ToUInt32(id, 16) : (uint)Number(match, "id");
        var entry = RedirectionEntry.Create((byte)vector, destination & byte.MaxValue, ModeOf(match.Groups["mode"].Value),
            match.Groups["trig"].Value is "L" or "level", match.Groups["dest"].Value is "L" or "logical", Flag("polarity"), Flag("mask"));
        Store(part.State, chip, pin, entry.WithRemoteIrr(Flag("irr")), line);
        return Fit.Whole;
    }

    internal override void Cut(in DumpLine line) => XenDump.Part(parts, "", line.File).Lack($"Line {line.Number}, of a pin, is cut off", "xl debug-keys i; xl dmesg");

    /// <summary>Keeps an entry.</summary>
    internal static void Store(SnapshotState state, int chip, int pin, RedirectionEntry entry, in DumpLine line)
    {
        while (state.IoApics.Count <= chip)
            state.IoApics.Add(new());
        state.IoApics[chip].Keep(pin, new(entry.Bits, line.Place($"ioapic{chip}", $"pin {pin}")));
    }

    private static int Number(Match match, string name) => int.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);

    private static DeliveryMode ModeOf(string word) => word switch
    {
        "LoPri" or "1" => DeliveryMode.LowestPriority,
        "SMI" or "2" => DeliveryMode.Smi,
        "NMI" or "4" => DeliveryMode.Nmi,
        "INIT" or "5" => DeliveryMode.Init,
        "ExINT" or "7" => DeliveryMode.ExtInt,
        "Resvd" or "3" or "6" => (DeliveryMode)3,
        _ => DeliveryMode.Fixed,
    };

    [GeneratedRegex(@"Apic 0x(?<apic>[0-9a-f]{2}), Pin +(?<pin>[0-9]{1,3}): *vec=(?<vec>[0-9a-f]{2}) +delivery=(?<mode>[A-Za-z]+) +dest=(?<dest>[LP]) +status=[01] +polarity=(?<polarity>[01]) +irr=(?<irr>[01]) +trig=(?<trig>[LE]) +mask=(?<mask>[01]) +dest_id: *(?<id>[0-9]{1,3}|[0-9a-f]{2}([0-9a-f]{6})?)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Newer();

    [GeneratedRegex(@"Apic 0x(?<apic>[0-9a-f]{2}), Pin +(?<pin>[0-9]{1,3}): *vector=(?<vec>[0-9]{1,3}), delivery_mode=(?<mode>[0-7]), dest_mode=(?<dest>logical|physical), delivery_status=[01], polarity=(?<polarity>[01]), irr=(?<irr>[01]), trigger=(?<trig>level|edge), mask=(?<mask>[01]), dest_id: *(?<id>[0-9]{1,3})$", RegexOptions.ExplicitCapture)]
    private static partial Regex Older();
}
