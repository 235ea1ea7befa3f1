namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>handlers</c>.</summary>
internal sealed class HandlerReader(Actors actors, StepReader steps, bool races)
{
    private const int MaxTurns = 10_000, MaxHandlers = 10_000;
    // A world counts the runs of each handler on each CPU.
    private const int MaxCounts = 1 << 21;

    internal IReadOnlyList<Handler> Read(YamlNode? node)
    {
        var handlers = new List<Handler>();
        foreach (YamlEntry entry in node?.AsMapping("a map of CPUs (cpu0 …, or cpus for all)").Entries ?? [])
        {
            int cpu = entry.Key.Text == ScenarioWords.AllCpus ? Actors.RunningCpu
                : actors.TryCpu(entry.Key, out int number) ? number
                : throw Words.Unknown(entry.Key, $"{ScenarioWords.AllCpus} or a CPU, cpu0 to cpu{actors.Machine.Cpus - 1}", [ScenarioWords.AllCpus, .. actors.Names.Where(Actors.IsCpu)]);
            ReadCpu(cpu, entry.Value, handlers);
        }
        return handlers;
    }

    private void ReadCpu(int cpu, YamlNode node, List<Handler> handlers)
    {
        var seen = new HashSet<int>();
        foreach (YamlEntry entry in node.AsMapping($"a map of vectors (or {ScenarioWords.AnyVector}) and their steps").Entries)
        {
            int vector = entry.Key.Text == ScenarioWords.AnyVector ? -1
                : Numbers.TryParse(entry.Key.Text, out ulong number) && number <= byte.MaxValue ? (int)number
                : throw entry.Key.Expected($"a vector, 0 to 0xff, or {ScenarioWords.AnyVector}");
            if (!seen.Add(vector))
                throw entry.Key.Expected("each vector once");
            int most = Math.Min(MaxCounts / actors.Machine.Cpus, MaxHandlers);
            if (handlers.Count == most)
                throw new ScenarioException(entry.Key.At, "too many handlers", $"at most {most:#,0} on {actors.Machine.Cpus} CPUs");
            handlers.Add(new Handler(entry.Key.At, cpu, vector, ReadTurns(cpu, entry.Value)));
        }
    }

    // A list of steps is the same each time. A list of lists has one list for each time.
    private List<IReadOnlyList<Step>> ReadTurns(int cpu, YamlNode node)
    {
        YamlSequence list = node.AsSequence("a list of steps, or a list of such lists for the first time, the second, …");
        if (list.Items.Count > MaxTurns)
            throw new ScenarioException(list.At, $"a list of {list.Items.Count}", $"at most {MaxTurns:#,0} steps or turns");
        int turns = list.Items.Count(item => item is YamlSequence);
        if (turns == 0)
            return [ReadTurn(list, cpu)];
        if (list.Items.FirstOrDefault(item => item is not YamlSequence) is { } stray)
            throw stray.Expected("a list, as its neighbours are: either steps or lists of steps");
        return [.. list.Items.Select(turn => ReadTurn(turn, cpu))];
    }

    private IReadOnlyList<Step> ReadTurn(YamlNode node, int cpu)
    {
        List<Step> turn = steps.ReadTurn(node, cpu);
        if (!races)
            return turn;
        // Each of these would be several transitions of the CPU. An actor can have them.
        IReadOnlyList<Step> split = Accesses.SplitAndUnroll(turn);
        return split.FirstOrDefault(step => step is TimeStep or ExpectStep) is { } whole
            ? throw new ScenarioException(whole.At, whole is TimeStep ? "time in a handler" : "expect in a handler", "it in the steps of an actor; beside actors, a handler neither waits nor checks")
            : split;
    }
}
