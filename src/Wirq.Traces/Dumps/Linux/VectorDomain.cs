using System.Globalization;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>Reads <c>/sys/kernel/debug/irq/domains/VECTOR</c>: how many vectors each CPU has left. Without one a driver gets
/// no interrupt, and a move of one to that CPU fails.</summary>
internal sealed class VectorDomain(DumpParts parts) : DumpReader
{
    private DumpPart? _part;

    internal override Fit Take(in DumpLine line)
    {
        var scanner = new LineScanner(line.Text);
        const string global = "Global available:";
        if (scanner.TryWord(global))
        {
            int free = scanner.Decimal(int.MaxValue);
            if (scanner.Fit != Fit.Whole)
                return Of(scanner);
            _part = IrqDebug.Part(parts, "vectors", line.File);
            if (free == 0)
            {
                _part.Find(new("vectors", Standing.NotKnown, Gate.NotProgrammed, -1, -1, -1, "No CPU has a vector left: a driver that asks for an interrupt gets none, and none can move. Which driver asked, dmesg tells.",
                    [line.Place("VECTOR", "available")]));
            }
            else
                _part.Tell($"{Phrase.Count(free, "vector is", "vectors are")} free, over all CPUs.", line.Place("VECTOR", "available"));
            return Fit.Whole;
        }
        if (_part is null)
            return Fit.None;
        // "   0   197     0     0    7  33-37,48": CPU, available, managed, managed available, allocated, vectors.
        string[] words = line.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 5 || !words.Take(5).All(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            return Fit.None;
        if (words[1] == "0")
            _part.Tell($"CPU{words[0]} has no vector left; {words[4]} are in use.", line.Place("VECTOR", $"CPU{words[0]}"));
        return Fit.Whole;
    }

    internal override void Leave() => _part = null;
}
