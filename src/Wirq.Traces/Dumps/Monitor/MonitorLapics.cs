using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps.Monitor;

/// <summary>The local APICs of <c>info lapic</c>, one CPU after another. Vectors are decimal; "(level)" behind one is its bit
/// in TMR.</summary>
internal sealed class MonitorLapics(DumpParts parts, MonitorIoApics ioApics) : DumpReader
{
    private const int MostCpus = 4096, WordDigits = 8;

    private DumpPart? _part;
    private SavedCpu? _cpu;
    private bool _open;

    internal override Fit Take(in DumpLine line)
    {
        var scanner = new LineScanner(line.Text);
        if (scanner.TryWord("dumping local APIC state for CPU"))
            return Heading(scanner, line);
        if (scanner.TryWord("local apic state not available"))
        {
            MonitorDump.Part(parts, "", line.File).Lack("The machine has no local APIC that the monitor prints");
            return Fit.Whole;
        }
        if (ioApics.IsOpen)
            return Fit.None;
        foreach (string name in (ReadOnlySpan<string>)["LVT0", "LVTT", "SPIV"])
        {
            if (scanner.TryWord(name) && char.IsWhiteSpace(scanner.Rest.FirstOrDefault(' ')))
                return Word(name, scanner, line);
        }
        foreach (string name in (ReadOnlySpan<string>)["ISR", "IRR"])
        {
            if (scanner.TryWord(name) && char.IsWhiteSpace(scanner.Rest.FirstOrDefault('-')))
                return Vectors(name, scanner, line);
        }
        return scanner.TryWord("APR 0x") ? Priorities(scanner, line) : Fit.None;
    }

    internal override void Leave()
    {
        if (_open)
            _part!.Lack($"The local APIC of {_cpu!.Name} is cut off before its last line (APR, TPR, PPR)", $"info lapic {_cpu.Number}");
        _open = false;
        _cpu = null;
    }

    internal override void Cut(in DumpLine line) => MonitorDump.Part(parts, "", line.File).Lack($"Line {line.Number}, of a local APIC, is cut off, and so is what came behind it", "info lapic");

    private Fit Heading(LineScanner scanner, in DumpLine line)
    {
        int number = scanner.Decimal(MostCpus);
        if (scanner.Fit != Fit.Whole)
            return Of(scanner);
        Leave();
        Open(number, line);
        return Fit.Whole;
    }

    private void Open(int number, in DumpLine line)
    {
        _part = MonitorDump.Part(parts, $"cpu{number}", line.File);
        _cpu = new() { Number = number };
        _part.State.Cpus.Add(_cpu);
        _open = true;
    }

    /// <summary>The CPU whose lines come; one without a heading is called cpu0, and the answer says so.</summary>
    private SavedCpu Cpu(in DumpLine line)
    {
        if (_cpu is null)
        {
            Open(0, line);
            _part!.Lack($"The heading with the CPU's number is missing above line {line.Number}; that CPU is called cpu0 here", "info lapic, from its first line");
        }
        return _cpu!;
    }

    private Fit Word(string name, LineScanner scanner, in DumpLine line)
    {
        scanner.Word("0x");
        uint bits = (uint)scanner.Hex(WordDigits, WordDigits);
        if (scanner.Fit != Fit.Whole)
            return Of(scanner);
        SavedCpu cpu = Cpu(line);
        var told = new Told<uint>(bits, Place(line, name));
        if (name == "LVT0")
            cpu.Lint0 = told;
        else if (name == "LVTT")
            cpu.Timer = told;
        else
            cpu.Spurious = told;
        return Fit.Whole;
    }

    private Fit Vectors(string name, LineScanner scanner, in DumpLine line)
    {
        var vectors = new Vectors256();
        Vectors256 levels = _cpu?.Tmr.Value ?? default;
        if (!scanner.TryOptional("(none)"))
        {
            do
            {
                int vector = scanner.Decimal(byte.MaxValue);
                bool level = scanner.TryAdjoining("(level)");
                if (scanner.Fit != Fit.Whole || scanner.Rest.Length > 0 && !char.IsWhiteSpace(scanner.Rest[0]))
                    return scanner.Fit == Fit.Whole ? Ended(scanner.Rest) : Of(scanner);
                // The last number of the last line may have lost a digit.
                if (line.IsLast && scanner.Rest.Trim().Length == 0)
                    break;
                vectors.Add((byte)vector);
                if (level)
                    levels.Add((byte)vector);
            }
            while (scanner.Rest.Trim().Length > 0);
        }
        SavedCpu cpu = Cpu(line);
        var told = new Told<Vectors256>(vectors, Place(line, name));
        if (name == "ISR")
            cpu.Isr = told;
        else
            cpu.Irr = told;
        cpu.Tmr = new(levels, Place(line, name));
        return Fit.Whole;
    }

    private Fit Ended(string rest)
    {
        Expected = "'(level)' or a blank behind a vector";
        return "(level)".StartsWith(rest, StringComparison.Ordinal) ? Fit.Cut : Fit.Bad;
    }

    private Fit Priorities(LineScanner scanner, in DumpLine line)
    {
        scanner.Hex(2, 2);
        scanner.Word("TPR 0x");
        byte tpr = (byte)scanner.Hex(2, 2);
        scanner.Word("DFR 0x");
        uint format = (uint)scanner.Hex(1, 2);
        scanner.Word("LDR 0x");
        byte logical = (byte)scanner.Hex(2, WordDigits);
        if (scanner.TryOptional("(cluster"))
        {
            scanner.Decimal(ushort.MaxValue);
            scanner.Word(": id");
            scanner.Decimal(ushort.MaxValue);
            scanner.Word(")");
        }
        scanner.Word("PPR 0x");
        scanner.Hex(2, 2);
        if (scanner.Fit != Fit.Whole)
            return Of(scanner);
        SavedCpu cpu = Cpu(line);
        cpu.Tpr = new(tpr, Place(line, "TPR"));
        cpu.LogicalId = new(logical, Place(line, "LDR"));
        const int model = 28;
        cpu.LogicalFormat = new(DestinationFormat.Written(format << model), Place(line, "DFR"));
        _open = false;
        return Fit.Whole;
    }

    private ValuePlace Place(in DumpLine line, string field) => line.Place(_cpu is null ? "cpu0" : _cpu.Name, field);
}
