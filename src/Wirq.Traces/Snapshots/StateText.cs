using Wirq.Events.Shadows;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Snapshots;

/// <summary>Writes a saved state for a person: what each chip holds. What the file does not hold is <c>?</c>.</summary>
internal static class StateText
{
    internal static void Write(SnapshotState state, TextWriter output)
    {
        AnswerText.Wrap(output, "", $"It is {state.What}.");
        for (int chip = 0; chip < state.Pics.Count; chip++)
        {
            SavedPic pic = state.Pics[chip];
            Line(output, $"{(chip == 0 ? "master" : "slave")} 8259: irr={Hex(pic.Irr)} imr={Hex(pic.Imr)} isr={Hex(pic.Isr)} elcr={Hex(pic.Elcr)} "
                + $"lines={Hex(pic.Lines)} vectors from {Hex(pic.Base)} first={Hex(pic.First)}");
        }
        for (int chip = 0; chip < state.IoApics.Count; chip++)
            Write(state.IoApics[chip], chip, output);
        foreach (SavedCpu cpu in state.Cpus)
            Write(cpu, output);
        foreach (SavedBus bus in state.Buses)
            Line(output, $"{bus.Name}: lines held {string.Join(" ", bus.Counts.Select(count => count.IsKnown ? $"{count.Value}" : "?"))}");
        foreach (SavedFunction function in state.Functions)
            Write(function, output);
        if (state.Remapper is { } unit)
            Line(output, $"{unit.Name}: remapping {YesNo(unit.Enabled, "on", "off")}, table at {(unit.Table.IsKnown ? $"0x{unit.Table.Value:x}" : "?")}");
        foreach (LimitAnswer limit in state.Limits)
            AnswerText.Wrap(output, "", $"{limit.What}.");
    }

    private static void Write(SavedIoApic ioApic, int chip, TextWriter output)
    {
        Line(output, $"ioapic{chip}: id {(ioApic.Id.IsKnown ? $"{ioApic.Id.Value}" : "?")}; inputs that ask: {Pins(ioApic, pin => ioApic.Asks(pin).IsYes, ioApic.Asking.IsKnown)}; "
            + $"Remote IRR: {Pins(ioApic, pin => ioApic.EntryOf(pin).RemoteIrr, true)}");
        for (int pin = 0; pin < ioApic.Entries.Length; pin++)
        {
            // An entry that was never written is like any other; a masked one without a vector says nothing.
            RedirectionEntry entry = ioApic.EntryOf(pin);
            if (entry != RedirectionEntry.Reset)
                Line(output, $"  pin {pin}: {entry}");
        }
    }

    private static void Write(SavedCpu cpu, TextWriter output)
    {
        Line(output, $"{cpu.Name}: id {(cpu.Id.IsKnown ? $"{cpu.Id.Value}" : "?")}, {YesNo(cpu.Halted, "halted", "runs")}, interrupts {YesNo(cpu.InterruptFlag, "on", "off")}, "
            + $"TPR {Hex(cpu.Tpr)}, SVR {(cpu.Spurious.IsKnown ? new SpuriousVector(cpu.Spurious.Value).ToString() : "?")}, INTR {(cpu.PassesIntr switch { Fact.Yes => "passes", Fact.No => "does not pass", _ => "?" })}");
        Line(output, $"  IRR {Members(cpu.Irr)}; ISR {Members(cpu.Isr)}");
    }

    private static void Write(SavedFunction function, TextWriter output)
    {
        string msix = function.Msix is not { } table ? "" : $"; MSI-X {YesNo(table.Enabled, "on", "off")}, {table.Entries.Count} vectors"
            + (table.Entries.Any(one => one.Pending) ? $", pending {string.Join(" ", table.Entries.Select((one, number) => (one, number)).Where(one => one.one.Pending).Select(one => one.number))}" : "");
        string intx = !function.Intx.IsKnown ? "?" : function.Intx.Value == 0 ? "none" : string.Concat("ABCD".Where((_, pin) => (function.Intx.Value >> pin & 1) != 0));
        Line(output, $"{function.Name}: INTx asserted {intx}{msix}");
    }

    private static void Line(TextWriter output, string text) => output.WriteLine(PlainText.Of(text));

    private static string Pins(SavedIoApic ioApic, Func<int, bool> has, bool known)
    {
        int[] pins = [.. Enumerable.Range(0, ioApic.Entries.Length).Where(has)];
        return !known ? "?" : pins.Length == 0 ? "none" : string.Join(" ", pins);
    }

    private static string Members(Told<Vectors256> set) => !set.IsKnown ? "?" : Members(set.Value) is { Length: > 0 } members ? string.Join(" ", members.Select(vector => $"0x{vector:x2}")) : "none";

    internal static int[] Members(Vectors256 set) => [.. Enumerable.Range(0, byte.MaxValue + 1).Where(vector => set.Has(vector))];

    private static string Hex(Told<byte> told) => told.IsKnown ? $"{told.Value:x2}" : "?";

    private static string YesNo(Told<bool> told, string yes, string no) => !told.IsKnown ? "?" : told.Value ? yes : no;
}
