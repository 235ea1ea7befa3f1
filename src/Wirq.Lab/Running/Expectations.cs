using System.Globalization;
using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Lab.Worlds;
using Wirq.Remapping.VtD;
using Wirq.Routing;

namespace Wirq.Lab.Running;

/// <summary>An expectation that did not hold.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">What was found, and what should have been.</param>
public sealed record Failure(FilePosition At, string Text)
{
    /// <summary>How often it failed.</summary>
    public long Times { get; init; } = 1;

    /// <inheritdoc/>
    public override string ToString() => $"{At}: {Text}";
}

/// <summary>Compares the expectations of a scenario with a world.</summary>
internal static class Expectations
{
    internal static IEnumerable<Failure> Verify(World world, IReadOnlyList<Check> checks, int runningCpu)
    {
        foreach (Check check in checks)
        {
            if (Verify(world, check, runningCpu) is { } text)
                yield return new Failure(check.At, text);
        }
    }

    /// <summary>How a register differs from what it should be: in the fields that were named, or in the form in which the
    /// number was written.</summary>
    internal static string Differs(RegisterName register, RegisterValue expected, ulong found)
    {
        Field[] fields = [.. (RegisterFields.Of(register)?.Fields ?? [])
            .Where(field => (field.Mask & ~expected.Mask) == 0 && ((found ^ expected.Bits) & field.Mask) != 0)];
        ulong told = fields.Aggregate(0ul, (mask, field) => mask | field.Mask);
        bool byField = expected.Form == NumberForm.Fields && ((found ^ expected.Bits) & expected.Mask & ~told) == 0;
        if (byField)
            return $"{register.Text} has {Describe(found)}, and should have {Describe(expected.Bits)} (it is {expected.Form.Show(found)})";
        string Show(ulong value) => expected.Form.Show(value);
        return (found & ~expected.Mask) == 0 ? $"{register.Text} is {Show(found)}, and should be {Show(expected.Bits)}"
            : $"{register.Text} is {Show(found)}; of its bits {Show(expected.Mask)} are {Show(found & expected.Mask)}, and should be {Show(expected.Bits)}";

        string Describe(ulong value) => string.Join(", ", fields.Select(field => field.Describe(value)));
    }

    private static string? Verify(World world, Check check, int runningCpu)
    {
        switch (check)
        {
            case TakenCheck c:
                return Same($"cpu{c.Cpu} took", world.Journal.TakeTaken(c.Cpu), c.Vectors, c.Form);
            case TakenCountCheck c:
                return SameCounts($"cpu{c.Cpu} took", world.Journal.TakeTaken(c.Cpu), c.Counts, c.Form);
            case TakenByAnyCheck c:
                return SameCounts("the CPUs took", Enumerable.Range(0, world.Spec.Cpus).SelectMany(world.Journal.TakeTaken), c.Counts, c.Form);
            case RegisterCheck c:
                int cpu = c.Cpu >= 0 ? c.Cpu : runningCpu;
                bool read = world.Registers.Read(cpu, c.Register, out ulong value);
                world.Drain();
                return !read ? $"the read of {c.Register.Text} took #GP" : c.Value.Matches(value) ? null : Differs(c.Register, c.Value, value);
            case HoldersCheck c:
                return Same($"GSI {c.Gsi} is held by", world.Fabric.Lines.HoldersOf(c.Gsi), c.Labels);
            case PendingCheck c:
                return Same($"pending at cpu{c.Cpu}:", world.Registers.ReadVectors(c.Cpu, ApicRegister.Request), c.Vectors, c.Form);
            case InServiceCheck c:
                return Same($"in service at cpu{c.Cpu}:", world.Registers.ReadVectors(c.Cpu, ApicRegister.InService), c.Vectors, c.Form);
            case AcksCheck c:
                return Same($"acknowledges that {world.Spec.Devices[c.Device].Name} heard", world.Journal.TakeAcks(c.Device), c.Count);
            case SignalsCheck c:
                return Same($"cpu{c.Cpu} received", world.Journal.TakeSignals(c.Cpu), c.Signals);
            case EventCheck c:
                return Same($"{c.Kind} happened", world.Journal.TakeEvents(c.Kind), c.Count);
            case MemoryCheck c:
                bool written = world.Journal.TryGetWritten(c.Address, out uint word);
                return written && word == c.Value ? null : string.Create(CultureInfo.InvariantCulture,
                    $"memory at 0x{c.Address:x} {(written ? $"is {c.Form.Show(word)}" : "was not written by any message")}, and should be {c.Form.Show(c.Value)}");
            case VirqsCheck c:
                return SameStates(world, c);
            case GsisCheck c:
                return Same("GSIs in use", world.Fabric.RouteCache!.Used, c.Count);
            case TouchedCheck c:
                return Same("routes that the last invalidation touched", world.Journal.Touched, c.Count);
            case PendingVectorsCheck c:
                return Same($"pending in {world.Spec.Devices[c.Device].Name}: vectors", PendingVectors(world, c.Device), c.Vectors);
            case FaultsCheck c:
                return Same("the fault records hold", Faults(world), c.Faults, c.Form);
            case PortsCheck c:
                string who = c.Handler < world.Spec.Cpus ? $"cpu{c.Handler}" : world.Spec.Xen[c.Handler - world.Spec.Cpus].Name;
                return Same($"{who} handled", [.. world.Journal.TakePorts(c.Handler).Select(world.Xen!.Describe)],
                    (IReadOnlyList<string>)[.. c.Ports.Select(port => world.Xen!.Describe(world.Xen.PortOf(port)))]);
            case PollingCheck c:
                return world.Xen!.IsPolling(c.Cpu) == c.Polls ? null : $"cpu{c.Cpu} {(c.Polls ? "does not wait" : "waits")} in SCHEDOP_poll, and should{(c.Polls ? "" : " not")}";
            case OrderCheck c:
                return Same("there happened", Words(world.Journal.TakeOrder(c.Kinds)), Words(c.Kinds));
            case IntrCheck c:
                return world.IsIntrHigh == c.High ? null : $"INTR is {(c.High ? "low" : "high")}, and should be {(c.High ? "high" : "low")}";
            default:
                throw new WorldException($"no way to verify {check.GetType().Name}");
        }
    }

    private static string? SameStates(World world, VirqsCheck check)
    {
        Dictionary<VirqState, int> found = world.VirqsOf(check.Device)
            .CountBy(virq => world.Fabric.RouteCache!.StateOf(virq.Handle)).ToDictionary();
        bool same = found.Count == check.Counts.Count && check.Counts.All(pair => found.GetValueOrDefault(pair.Key) == pair.Value);
        return same ? null
            : $"the virqs of {world.Spec.Devices[check.Device].Name} are {States(found)}, and should be {States(check.Counts)}";
    }

    private static string States(IReadOnlyDictionary<VirqState, int> counts) =>
        string.Join(", ", counts.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} {ScenarioWords.VirqStates.WordOf(pair.Key)}"));

    private static List<int> PendingVectors(World world, int device) =>
        [.. world.VirqsOf(device).Index().Where(virq => world.IsPending(virq.Item)).Select(virq => virq.Index)];

    private static List<FaultSpec> Faults(World world)
    {
        VtdUnit unit = VtdUnit.Of(world.Fabric)!;
        var faults = new List<FaultSpec>();
        for (int i = 0; i < unit.Options.FaultRecords; i++)
        {
            uint offset = VtdUnit.FaultRecordOffset + (uint)(i * FaultRecord.Size);
            var record = new FaultRecord(unit.Read(offset, sizeof(ulong)), unit.Read(offset + sizeof(ulong), sizeof(ulong)));
            if (record.IsFault)
                faults.Add(new FaultSpec(record.Reason, record.EntryIndex, record.Source));
        }
        return faults;
    }

    private static List<string> Words(IReadOnlyList<EventKind> kinds) => [.. kinds.Select(ScenarioWords.EventKinds.WordOf)];

    private static string? Same(string what, int found, int expected) =>
        found == expected ? null : $"{what}: {found}, and should be {expected}";

    private static string? Same<T>(string what, IReadOnlyList<T> found, IReadOnlyList<T> expected, NumberForm form = default) =>
        found.SequenceEqual(expected) ? null : $"{what} {List(found, form)}, and should be {List(expected, form)}";

    private static string? SameCounts(string what, IEnumerable<byte> found, IReadOnlyDictionary<byte, int> expected, NumberForm form)
    {
        Dictionary<byte, int> counts = found.CountBy(vector => vector).ToDictionary();
        bool same = counts.Count == expected.Count(pair => pair.Value > 0)
            && expected.All(pair => counts.GetValueOrDefault(pair.Key) == pair.Value);
        return same ? null : $"{what} {Counts(counts, form)}, and should be {Counts(expected, form)}";
    }

    private static string Counts(IReadOnlyDictionary<byte, int> counts, NumberForm form) => counts.Count == 0 ? "nothing"
        : string.Join(", ", counts.OrderBy(pair => pair.Key).Select(pair => $"{Word(pair.Key, form)} {pair.Value} times"));

    private static string List<T>(IReadOnlyList<T> items, NumberForm form) =>
        items.Count == 0 ? "nothing" : items.Count <= LongestList ? string.Join(", ", items.Select(item => Word(item, form))) : Runs(items, form);

    // Repetitions in a long list are abbreviated.
    private static string Runs<T>(IReadOnlyList<T> items, NumberForm form)
    {
        var runs = new List<(T Item, int Times)>();
        foreach (T item in items)
        {
            if (runs.Count > 0 && EqualityComparer<T>.Default.Equals(runs[^1].Item, item))
                runs[^1] = (item, runs[^1].Times + 1);
            else if (runs.Count == LongestList)
                return $"{items.Count} of them";
            else
                runs.Add((item, 1));
        }
        return string.Join(", ", runs.Select(run => run.Times == 1 ? Word(run.Item, form) : $"{Word(run.Item, form)} {run.Times} times"));
    }

    private const int LongestList = 16;

    private static string Word<T>(T item, NumberForm form) => item is byte vector ? form.Show(vector, digits: 2) : item?.ToString() ?? "";
}
