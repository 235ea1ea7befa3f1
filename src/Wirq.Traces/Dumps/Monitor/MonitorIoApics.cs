using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Dumps.Monitor;

/// <summary>The I/OAPIC of <c>info pic</c>: a heading, a line for each pin with the raw entry, the inputs that ask, and the
/// pins whose Remote IRR is set. Older versions wrote the heading without a number or a version.</summary>
internal sealed class MonitorIoApics(DumpParts parts) : DumpReader
{
    // The destinations that are printed in words are masked to four bits in physical mode; the raw entry has them whole.
    private const int EntryDigits = 16, MostPins = 64, MostChips = 4;

    private DumpPart? _part;
    private SavedIoApic? _chip;
    private int _number;

    /// <summary>Whether lines of a chip are being read, so that "IRR" is the chip's.</summary>
    internal bool IsOpen => _chip is not null;

    internal override Fit Take(in DumpLine line)
    {
        var scanner = new LineScanner(line.Text);
        if (scanner.TryWord("ioapic"))
            return Heading(scanner, line);
        if (scanner.TryWord("pin"))
            return Pin(scanner, line);
        if (!IsOpen)
            return Fit.None;
        if (scanner.TryWord("Remote IRR"))
            return Inputs(scanner, line, remote: true);
        return scanner.TryWord("IRR") ? Inputs(scanner, line, remote: false) : Fit.None;
    }

    internal override void Leave() => _chip = null;

    internal override void Cut(in DumpLine line) => MonitorDump.Part(parts, "", line.File).Lack($"Line {line.Number}, of the I/OAPIC, is cut off, and so is what came behind it", "info pic");

    /// <summary>Says which pins are missing.</summary>
    internal static void Lacks(DumpPart part)
    {
        for (int chip = 0; chip < part.State.IoApics.Count; chip++)
        {
            SavedIoApic ioApic = part.State.IoApics[chip];
            const int qemu = 24;
            int there = ioApic.Entries.Count(entry => entry.IsKnown);
            if (there < Math.Max(qemu, ioApic.Entries.Length))
                part.Lack($"Of ioapic{chip} it has {(there == 0 ? "no pin" : $"pin {Phrase.All([.. Known(ioApic)], 8)}")}; what the other pins wait for is not known", "the whole of info pic");
            if (!ioApic.Asking.IsKnown)
                part.Lack($"Of ioapic{chip} it has no line IRR, so which lines are high is not known", "the whole of info pic");
        }

        static IEnumerable<string> Known(SavedIoApic ioApic) => Enumerable.Range(0, ioApic.Entries.Length).Where(pin => ioApic.Entries[pin].IsKnown).Select(pin => $"{pin}");
    }

    private Fit Heading(LineScanner scanner, in DumpLine line)
    {
        const int digits = 8;
        if (scanner.Rest.Length > 0 && char.IsAsciiDigit(scanner.Rest[0]))
            scanner.Decimal(MostPins);
        _ = scanner.TryWord(":");
        // An event of QEMU's, such as ioapic_set_irq, begins like a heading.
        if (!char.IsWhiteSpace(scanner.Rest.FirstOrDefault(' ')))
            return Fit.None;
        bool versioned = scanner.TryWord("ver=0x");
        if (versioned)
            scanner.Hex(1, digits);
        scanner.Word("id=0x");
        if (scanner.Fit == Fit.Bad && !versioned)
            return Fit.None;
        uint id = (uint)scanner.Hex(1, digits);
        scanner.Word("sel=0x");
        scanner.Hex(2, digits);
        if (scanner.Fit != Fit.Whole)
            return Of(scanner);
        // A second heading behind the first one's pins is a second chip; one behind the 8259s or a local APIC is of a later moment.
        DumpPart part = MonitorDump.Part(parts, _chip is null ? "ioapic" : "", line.File);
        // No machine has so many; what repeats a heading has lost what stood between.
        if (part.State.IoApics.Count >= MostChips)
            part = MonitorDump.Part(parts, "ioapic", line.File);
        _part = part;
        Open(id, line);
        return Fit.Whole;
    }

    private void Open(uint? id, in DumpLine line)
    {
        _number = _part!.State.IoApics.Count;
        _chip = new SavedIoApic { Id = id is { } known ? new(known, line.Place($"ioapic{_number}", "id")) : default };
        _part.State.IoApics.Add(_chip);
    }

    private Fit Pin(LineScanner scanner, in DumpLine line)
    {
        int pin = scanner.Decimal(MostPins - 1);
        scanner.Word("0x");
        // Some other program's line about a pin.
        if (scanner.Fit != Fit.Whole && !IsOpen)
            return Fit.None;
        ulong bits = scanner.Hex(EntryDigits, EntryDigits);
        if (scanner.Fit != Fit.Whole)
            return Of(scanner);
        if (!IsOpen)
        {
            _part = MonitorDump.Part(parts, "ioapic", line.File);
            Open(null, line);
        }
        _chip!.Keep(pin, new(bits, line.Place($"ioapic{_number}", $"pin {pin}")));
        return Fit.Whole;
    }

    private Fit Inputs(LineScanner scanner, in DumpLine line, bool remote)
    {
        ulong inputs = 0;
        if (!scanner.TryOptional("(none)"))
        {
            do
                inputs |= 1ul << scanner.Decimal(MostPins - 1);
            while (scanner.Fit == Fit.Whole && scanner.Rest.Trim().Length > 0);
        }
        if (scanner.Fit != Fit.Whole)
            return Of(scanner);
        // The last number of the last line may have lost a digit.
        if (line.IsLast && inputs != 0)
            return Fit.Cut;
        if (remote)
            Unknown(inputs, line);
        else
            _chip!.Asking = new(inputs, line.Place($"ioapic{_number}", "IRR"));
        return Fit.Whole;
    }

    /// <summary>Pins that wait for an EOI and whose entry is not in the text.</summary>
    private void Unknown(ulong remote, in DumpLine line)
    {
        for (int pin = 0; pin < MostPins; pin++)
        {
            if ((remote >> pin & 1) == 0 || pin < _chip!.Entries.Length && _chip.Entries[pin].IsKnown)
                continue;
            string name = SnapshotJudge.NameOf(_number, pin);
            _part!.Find(new(name, Standing.NotKnown, Gate.RemoteIrr, -1, -1, _number == 0 ? pin : -1,
                $"{name}: Remote IRR is set: the pin waits for an EOI. Its entry is not in the text, so for which vector is not known.", [line.Place($"ioapic{_number}", "Remote IRR")])
            { Pins = [(_number, pin)] });
        }
    }
}
