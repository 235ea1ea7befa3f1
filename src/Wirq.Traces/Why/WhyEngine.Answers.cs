using Wirq.Traces.Recordings;

namespace Wirq.Traces.Why;

// The answers at the end.
public sealed partial class WhyEngine
{
    /// <summary>The sources that raised anything, in order, each with how often.</summary>
    public IReadOnlyList<(SourceName Source, long Count)> Sources => [.. _logs.Values.Where(log => log.Count > 0)
        .OrderBy(log => log.Source.Class).ThenBy(log => log.Source.Unit).ThenBy(log => log.Source.Index)
        .ThenBy(log => log.Source.Address).ThenBy(log => log.Source.Data).Select(log => (log.Source, log.Count))];

    /// <summary>Answers the question.</summary>
    /// <returns>The answer for each pin of the source; null if there is no such source.</returns>
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

    /// <summary>All that was raised and sent, source by source, and what CPUs took.</summary>
    internal IEnumerable<ToldAnswer> Told(FateJudge judge)
    {
        foreach ((SourceName source, long count) in Sources)
        {
            RaiseLog log = _logs[source];
            (Mark first, Mark last) = (log.FirstAt!.Value, log.Last!.At);
            string where = count == 1 ? $"at {Stamps.At(first)}" : $"{Stamps.At(first)} to {Stamps.At(last)}";
            string fates = string.Join(", ", log.Fates(judge).Select(pair => $"{pair.Count} {FateWords.Of(pair.Fate)}"));
            yield return new(source.ToString(), $"{Phrase.Times(count)}, {where}: {fates}", count, first, last);
        }
        for (int vector = 0; vector < _someCpuTook.Length; vector++)
        {
            if (_someCpuTook[vector] is { Count: > 0 } took)
            {
                yield return new($"vector 0x{vector:x2}", $"{Phrase.Times(took.Count)} taken by a CPU, at last at {Stamps.At(took.Last)}",
                    took.Count, took.First, took.Last);
            }
        }
    }

    private IEnumerable<RaiseLog> AskedLogs(SourceName asked)
    {
        switch (asked.Class)
        {
            case SourceClass.Line when asked.Index < _gsis.Count:
                // QEMU names the lines of ISA devices by their IRQ, and its IRQ 0 arrives at pin 2.
                GsiTarget target = _gsis[_ownLines || asked.Index > 0 ? asked.Index : _gsis.OfIsaIrq(0)];
                if (PinAt(target.IoApic, target.Pin) is { } end)
                    yield return end.Log;
                if (IrqAt(target.Irq) is { } irq)
                    yield return irq.Log;
                break;
            case SourceClass.Pin when PinAt(asked.Unit, asked.Index) is { } pin:
                yield return pin.Log;
                break;
            case SourceClass.Vector:
                foreach (RaiseLog log in _logs.Values.Where(log => log.Vectors.Contains((byte)asked.Index)))
                    yield return log;
                break;
            case SourceClass.Cpu:
                foreach (RaiseLog log in _logs.Values.Where(log => log.Count > 0 && (log.Cpus.Contains(asked.Unit)
                    || log.Source.Class is SourceClass.Local or SourceClass.Ipi && log.Source.Unit == asked.Unit)))
                    yield return log;
                break;
            case SourceClass.Local when CpuAt(asked.Unit) is not null:
                yield return LogFor(asked);
                break;
            default:
                if (LogOf(asked) is { } known)
                    yield return known;
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
            string before = Knows(LogParts.Entries) ? "" : pin.Shown is { } earlier ? $"; {Stamps.At(earlier)} shows what it was at the first line"
                : "; what it was before its first write is not known";
            string entry = !pin.EntryWritten.IsStart ? $"its entry is {pin.Entry}, as written at {Stamps.At(pin.EntryWritten)}{before}"
                : pin.Shown is { } shown ? $"its entry is {pin.Entry}, as {Stamps.At(shown)} shows; no line writes it"
                : KnowsEntry(pin) ? $"its entry is {pin.Entry}, and was never written"
                : "what its entry is, no line tells";
            now.Add($"At the end its line is {(pin.Asserted ? "asserted" : "not asserted")}, and {entry}.");
        }
        else if (log.Source.Class == SourceClass.Local && CpuAt(log.Source.Unit) is { } cpu)
        {
            var entry = (LocalVector)log.Source.Index;
            Mark since = cpu.EntrySince(entry);
            now.Add(!cpu.KnowsEntry(entry) && !KnowsApics ? "What its entry is, no line tells."
                : $"At the end its entry is {cpu.Entry(entry)}" + (since.IsStart ? "." : $", since {Stamps.At(since)}."));
        }
        else if (log.Source.Class == SourceClass.Irq && KnowsIrq(log.Source.Index) && _pic?.GateOf(log.Source.Index) is { Gate: not Gate.None } held)
            now.Add($"At the end {text.Gates.Words(held)}.");
        return now;
    }
}
