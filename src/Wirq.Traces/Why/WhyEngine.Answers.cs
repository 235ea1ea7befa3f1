namespace Wirq.Traces.Why;

// What is said at the end.
public sealed partial class WhyEngine
{
    /// <summary>The sources that raised anything, in order, each with how often.</summary>
    public IReadOnlyList<(SourceName Source, long Count)> Sources => [.. _logs.Values.Where(log => log.Count > 0)
        .OrderBy(log => log.Source.Class).ThenBy(log => log.Source.Unit).ThenBy(log => log.Source.Index)
        .ThenBy(log => log.Source.Address).ThenBy(log => log.Source.Data).Select(log => (log.Source, log.Count))];

    /// <summary>Answers what was asked.</summary>
    /// <returns>The answer for each pin that the source is; null where there is no such source.</returns>
    public IReadOnlyList<SourceAnswer>? Answer()
    {
        if (_question is not { } question)
            throw new InvalidOperationException("nothing was asked");
        RaiseLog[] logs = [.. AskedLogs(question.Source)];
        if (logs.Length == 0)
            return null;
        var text = new RaiseText(this, _judge);
        return [.. logs.Select(log => new SourceAnswer(log.Source, log.Count,
            question.At is null ? log.EarlierFates(_judge) : [], log.Later,
            [.. Chosen(log, question.At).Select(text.Answer)], Standing(log, text)))];
    }

    /// <summary>What is owed at the end, and who is silent.</summary>
    public OwedList Owed() => new OwedFinder(this, _judge).Find();

    private IEnumerable<RaiseLog> AskedLogs(SourceName asked)
    {
        switch (asked.Class)
        {
            case SourceClass.Line when asked.Index < _gsis.Count:
                // QEMU names the lines of ISA devices by their IRQ, and its IRQ 0 arrives at pin 2.
                GsiTarget target = _gsis[_ownLines || asked.Index > 0 ? asked.Index : _gsis.OfIsaIrq(0)];
                if (target.IoApic >= 0)
                    yield return PinAt(target.IoApic, target.Pin)!.Log;
                if (target.Irq >= 0)
                    yield return IrqAt(target.Irq)!.Log;
                break;
            case SourceClass.Pin when PinAt(asked.Unit, asked.Index) is { } pin:
                yield return pin.Log;
                break;
            case SourceClass.Local when CpuAt(asked.Unit) is not null:
                yield return LogFor(asked);
                break;
            default:
                if (LogOf(asked) is { } log)
                    yield return log;
                break;
        }
    }

    private static IEnumerable<Raise> Chosen(RaiseLog log, Place? place) =>
        place is null ? log.Kept : log.Kept.Count > 0 ? [log.Kept.Last()] : [];

    /// <summary>How a source stands, where no raise says it.</summary>
    private List<string> Standing(RaiseLog log, RaiseText text)
    {
        var now = new List<string>();
        if (log.Count == 0)
            now.Add($"{log.Source} was never raised.");
        else if (log.Kept.Count == 0)
        {
            now.Add($"{log.Source} was not raised at or before that place; "
                + $"its first raise is at {Stamps.At(log.FirstAt!.Value)}.");
        }
        if (log.Source.Class == SourceClass.Pin && PinAt(log.Source.Unit, log.Source.Index) is { } pin)
        {
            string written = pin.EntryWritten.IsStart ? "and was never written" : $"as written at {Stamps.At(pin.EntryWritten)}";
            now.Add($"At the end its line is {(pin.Asserted ? "asserted" : "not asserted")}, "
                + $"and its entry is {pin.Entry}, {written}.");
        }
        else if (log.Source.Class == SourceClass.Local && CpuAt(log.Source.Unit) is { } cpu)
        {
            var entry = (LocalVector)log.Source.Index;
            now.Add($"At the end its entry is {cpu.Entry(entry)}"
                + (cpu.EntrySince(entry).IsStart ? "." : $", since {Stamps.At(cpu.EntrySince(entry))}."));
        }
        else if (log.Source.Class == SourceClass.Irq && _pic?.GateOf(log.Source.Index) is { Gate: not Gate.None } held)
            now.Add($"At the end {text.Gates.Words(held)}.");
        return now;
    }
}
