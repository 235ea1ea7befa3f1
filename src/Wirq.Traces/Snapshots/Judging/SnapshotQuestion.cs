using System.Globalization;
using Wirq.Traces.Why;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>Which interrupt a question about a saved state names.</summary>
internal sealed class SnapshotQuestion
{
    /// <summary>The forms of a question, for an error message.</summary>
    internal const string Forms = "ioapic:PIN, ioapicN:PIN, gsi:N, pic:IRQ, a vector (0x5b, 0x5b@cpu0), cpuN, msix:N@DEVICE";

    private enum Kind { Pin, Line, Irq, Vector, Cpu, Message }

    private readonly Kind _kind;
    private readonly string _text;
    private readonly int _unit, _index;

    private SnapshotQuestion(Kind kind, string text, int index, int unit = -1) => (_kind, _text, _index, _unit) = (kind, text, index, unit);

    /// <summary>Reads a question; null if it is none.</summary>
    internal static SnapshotQuestion? Parse(string text)
    {
        text = Usual(text);
        const string cpu = "@cpu", hex = "0x";
        if (text.StartsWith(hex, StringComparison.OrdinalIgnoreCase))
        {
            int at = text.IndexOf(cpu, StringComparison.Ordinal), unit = -1;
            if (at >= 0 && !Number(text[(at + cpu.Length)..], out unit))
                return null;
            ReadOnlySpan<char> digits = text.AsSpan(hex.Length, (at < 0 ? text.Length : at) - hex.Length);
            return byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte vector)
                ? new(Kind.Vector, text, vector, unit) : null;
        }
        if (text.StartsWith(cpu[1..], StringComparison.Ordinal) && Number(text[(cpu.Length - 1)..], out int number))
            return new(Kind.Cpu, text, number);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? "gsi" : text[..colon], rest = text[(colon + 1)..];
        if (kind == "msix")
            return rest.IndexOf('@', StringComparison.Ordinal) is > 0 and var device && Number(rest[..device], out int entry) ? new(Kind.Message, rest[(device + 1)..], entry) : null;
        if (!Number(rest, out int index))
            return null;
        const string ioApic = "ioapic";
        return kind switch
        {
            "gsi" => new(Kind.Line, text, index),
            "pic" => new(Kind.Irq, text, index),
            ioApic => new(Kind.Pin, text, index, 0),
            _ when kind.StartsWith(ioApic, StringComparison.Ordinal) && Number(kind[ioApic.Length..], out int chip) => new(Kind.Pin, text, index, chip),
            _ => null,
        };
    }

    /// <summary>A name of the forms that logs have, as states and dumps name the same: <c>vector:0x51</c>, <c>irq4</c>.</summary>
    internal static string Usual(string text) => !SourceName.TryParse(text, out SourceName name) ? text : name.Class switch
    {
        SourceClass.Vector => $"0x{name.Index:x2}",
        SourceClass.Cpu or SourceClass.Line or SourceClass.Pin => name.ToString(),
        _ => text,
    };

    /// <summary>What a state lacks of what the question names; null if it has it, or nobody knows.</summary>
    internal string? Missing(SnapshotState state)
    {
        const int irqs = 16;
        return _kind switch
        {
            Kind.Pin when _unit >= state.IoApics.Count || _index >= state.IoApics[_unit].Entries.Length => $"no pin {_text}",
            Kind.Line when !state.IoApics.Any(chip => _index < chip.Entries.Length) && (_index >= irqs || state.Pics.Count == 0) => $"no line {_text}",
            Kind.Irq when _index >= irqs || state.Pics.Count == 0 => $"no input {_text}",
            Kind.Vector when _unit >= state.Cpus.Count => $"no cpu{_unit}",
            Kind.Cpu when _index >= state.Cpus.Count => $"no cpu{_index}",
            Kind.Message when !state.Functions.Any(function => function.Name == _text && function.Msix is { } msix && _index < msix.Entries.Count) =>
                $"no MSI-X vector {_index} of a device {_text}",
            _ => null,
        };
    }

    internal bool Fits(SnapshotFinding finding) => _kind switch
    {
        Kind.Pin => finding.Source == SnapshotJudge.NameOf(_unit, _index) || finding.Pins.Contains((_unit, _index)),
        Kind.Line => finding.Gsi == Pin || finding.Pins.Contains((0, Pin)),
        Kind.Irq => finding.Source == $"pic:{_index}",
        Kind.Vector => finding.Vector == _index && (_unit < 0 || finding.Cpu == _unit),
        Kind.Cpu => finding.Cpu == _index,
        _ => finding.Source == $"msix:{_index}@{_text}",
    };

    /// <summary>Whether a fact is about the line that the question names.</summary>
    internal bool Fits(SavedFact fact) => fact.Gsi >= 0 && _kind switch
    {
        Kind.Pin => _unit == 0 && fact.Gsi == _index,
        Kind.Line => fact.Gsi == Pin || fact.Gsi == _index,
        _ => false,
    };

    // The clock's line is GSI 0 and pin 2.
    private int Pin => _index == 0 ? SnapshotState.PinOfIrq(0) : _index;

    private static bool Number(string text, out int number)
    {
        const int most = 4096;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < most;
    }
}
