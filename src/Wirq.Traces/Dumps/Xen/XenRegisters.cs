using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps.Xen;

/// <summary>The I/OAPIC registers of key <c>z</c>: for each chip a heading, a row of column names, and a row for each pin.
/// Linux prints the same table while it boots with apic=debug: that is of the boot, and is not read.</summary>
/// <remarks>The columns differ by version (Log Phy, Dst, DestID; Mask, Msk), so they are found by their names.</remarks>
internal sealed partial class XenRegisters(DumpParts parts) : DumpReader
{
    private int _chip = -1;
    private string[] _columns = [];

    internal override Fit Take(in DumpLine line)
    {
        string text = XenDump.Bare(line.Text).Trim();
        if (Heading().IsMatch(text) && line.Text.Contains("(XEN)", StringComparison.Ordinal))
        {
            _chip = Math.Min(_chip + 1, XenEntries.MostChips - 1);
            _columns = [];
            return Fit.Whole;
        }
        if (_chip < 0)
            return Fit.None;
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is ["NR", ..])
        {
            _columns = [.. words.Select(word => word.TrimEnd(':'))];
            return words.Length >= 9 ? Fit.Whole : Fit.Cut;
        }
        if (_columns.Length == 0 || !Row().IsMatch(text))
            return Fit.None;
        Expected = $"a row with the columns {string.Join(' ', _columns)}";
        if (words.Length != _columns.Length)
            return words.Length < _columns.Length ? Fit.Cut : Fit.Bad;
        return Pin(words, line);
    }

    internal override void Leave() => (_chip, _columns) = (-1, []);

    internal override void Cut(in DumpLine line) => XenDump.Part(parts, "", line.File).Lack($"Line {line.Number}, of an I/OAPIC, is cut off", "xl debug-keys z; xl dmesg");

    private Fit Pin(string[] words, in DumpLine line)
    {
        uint Field(params ReadOnlySpan<string> names)
        {
            for (int column = 0; column < _columns.Length; column++)
            {
                if (names.Contains(_columns[column]))
                    return uint.Parse(words[column], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            }
            return 0;
        }

        uint pin = Field("NR"), vector = Field("Vect", "Vec");
        if (pin >= XenEntries.MostPins || vector > byte.MaxValue || Field("Deli", "DelM") > 7)
            return Fit.Bad;
        bool logical = Field("Dest", "DstM") != 0;
        uint destination = _columns.Contains("Log") ? Field("Log") : Field("Dst", "DestID");
        var entry = RedirectionEntry.Create((byte)vector, destination & byte.MaxValue, (DeliveryMode)Field("Deli", "DelM"),
            Field("Trig", "Trg") != 0, logical, Field("Pol") != 0, Field("Mask", "Msk") != 0);
        DumpPart part = XenDump.Part(parts, $"z{_chip} pin {pin}", line.File);
        // Key i prints the same pins; both at one moment agree, and the later one counts.
        XenEntries.Store(part.State, _chip, (int)pin, entry.WithRemoteIrr(Field("IRR") != 0), line);
        return Fit.Whole;
    }

    [GeneratedRegex(@"^IO APIC #[0-9]+\.\.\.")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^[0-9a-fA-F]{2} +[0-9a-fA-F ]+$")]
    private static partial Regex Row();
}
