using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps.Monitor;

/// <summary>The 8259s of <c>info pic</c>: one line each, the slave first in newer versions.</summary>
internal sealed class MonitorPics(DumpParts parts) : DumpReader
{
    private static readonly string[] s_names = ["pic0", "pic1"];

    private readonly SavedPic?[] _pics = new SavedPic?[s_names.Length];
    private DumpPart? _part;

    internal override Fit Take(in DumpLine line)
    {
        var scanner = new LineScanner(line.Text);
        int chip = scanner.TryWord("pic0:") ? 0 : scanner.TryWord("pic1:") ? 1 : -1;
        if (chip < 0)
            return Fit.None;
        scanner.Word("irr=");
        byte irr = (byte)scanner.Hex(2, 2);
        scanner.Word("imr=");
        byte imr = (byte)scanner.Hex(2, 2);
        scanner.Word("isr=");
        byte isr = (byte)scanner.Hex(2, 2);
        scanner.Word("hprio=");
        int first = scanner.Decimal(7);
        scanner.Word("irq_base=");
        byte vectors = (byte)scanner.Hex(2, 2);
        scanner.Word("rr_sel=");
        scanner.Decimal(1);
        scanner.Word("elcr=");
        byte elcr = (byte)scanner.Hex(2, 2);
        scanner.Word("fnm=");
        byte nested = (byte)scanner.Decimal(1);
        if (scanner.Fit != Fit.Whole)
            return Of(scanner);
        DumpPart part = MonitorDump.Part(parts, s_names[chip], line.File);
        if (part != _part)
            Array.Clear(_pics);
        _part = part;
        DumpLine at = line;
        _pics[chip] = new()
        {
            Irr = new(irr, Place("irr")), Imr = new(imr, Place("imr")), Isr = new(isr, Place("isr")), First = new((byte)first, Place("hprio")),
            Base = new(vectors, Place("irq_base")), Elcr = new(elcr, Place("elcr")), SpecialFullyNested = new(nested, Place("fnm")),
        };
        if (_pics is [{ } master, { } slave])
            part.State.Pics.AddRange([master, slave]);
        return Fit.Whole;

        ValuePlace Place(string field) => at.Place(s_names[chip], field);
    }

    internal override void Cut(in DumpLine line) =>
        MonitorDump.Part(parts, "", line.File).Lack($"Line {line.Number}, of an 8259, is cut off, so the pair is not judged", "info pic");
}
