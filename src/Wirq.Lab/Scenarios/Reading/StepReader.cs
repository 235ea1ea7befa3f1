using System.Globalization;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads steps: of a scenario, of a repetition, of a handler.</summary>
internal sealed class StepReader
{
    internal const int MaxHandlerSteps = 10_000;

    private readonly IReadOnlyList<MachineSpec> _machines;
    private readonly Actors _actors;
    private readonly CommandReader _commands;
    private readonly CheckReader _checks;
    private readonly SnapshotReader _snapshots = new();
    private readonly XenCommandReader _xen;
    private readonly HostStepReader _host;

    /// <param name="actors">The actors.</param>
    /// <param name="machines">The machines on which the scenario runs. Everything to which a step refers is equal in
    /// them, but a step may take more work on one than on another.</param>
    internal StepReader(Actors actors, IReadOnlyList<MachineSpec> machines)
    {
        _machines = machines;
        var registers = new RegisterReader(actors);
        _actors = actors;
        _commands = new CommandReader(actors, registers);
        _checks = new CheckReader(actors, registers);
        _xen = new XenCommandReader(actors);
        _host = new HostStepReader(actors);
    }

    /// <summary>Words that begin a step, so a device cannot have them as its name.</summary>
    internal static IReadOnlyCollection<string> Reserved { get; } =
    [
        .. ScenarioWords.Steps.Concat(ScenarioWords.Commands).Concat(ScenarioWords.PlainCommands),
        ScenarioWords.Faults, ScenarioWords.AnyVector, ScenarioWords.Nothing, "self",
    ];

    /// <summary>Reads the steps of the scenario itself, each of which names its actor.</summary>
    /// <param name="node">Their node in the file.</param>
    /// <param name="runs">How often they are run: once for each variant of the machine, and once under each historic
    /// design.</param>
    internal List<Step> ReadScenario(YamlNode node, int runs) => ReadActor(node, runs, before: []);

    /// <summary>Reads the steps of an actor.</summary>
    /// <param name="node">Their node in the file.</param>
    /// <param name="runs">As in <see cref="ReadScenario"/>.</param>
    /// <param name="before">The steps that were read before, with which these are counted.</param>
    internal List<Step> ReadActor(YamlNode node, int runs, IReadOnlyList<Step> before)
    {
        List<Step> steps = ReadList(node, handler: null);
        CheckCount([.. before, .. steps], StepWork.MaxSteps / runs, runs == 1 ? "" : string.Create(CultureInfo.InvariantCulture,
            $" ({StepWork.MaxSteps:#,0} in {runs} runs, one for each variant and historic design)"));
        return steps;
    }

    /// <summary>Reads one run of a handler. The CPU that runs the handler does its steps, unless a step names another
    /// CPU.</summary>
    internal List<Step> ReadTurn(YamlNode node, int cpu)
    {
        List<Step> steps = ReadList(node, cpu);
        CheckCount(steps, MaxHandlerSteps, "");
        return steps;
    }

    internal ExpectStep ReadExpect(YamlNode node) => _checks.Read(node);

    // Counts the steps of a run; nested repetitions multiply.
    private void CheckCount(IReadOnlyList<Step> steps, int most, string why)
    {
        foreach (MachineSpec machine in _machines)
            Count(machine, steps, most, why);
    }

    private static long Count(MachineSpec machine, IReadOnlyList<Step> steps, int most, string why)
    {
        long count = 0;
        foreach (Step step in steps)
        {
            count += step switch
            {
                // An empty repetition takes time too.
                RepeatStep repeat => repeat.Times * Math.Max(1, Count(machine, repeat.Steps, most, why)),
                _ => StepWork.Of(step, machine),
            };
            if (count > most)
                throw new ScenarioException(step.At, "too many steps", string.Create(CultureInfo.InvariantCulture,
                    $"at most {most:#,0} steps, repetitions counted{why}"));
        }
        return count;
    }

    private List<Step> ReadList(YamlNode node, int? handler)
    {
        var steps = new List<Step>();
        foreach (YamlNode item in node.AsSequence("a list of steps").Items)
            ReadStep(item, handler, steps);
        return steps;
    }

    private void ReadStep(YamlNode node, int? handler, List<Step> steps)
    {
        if (handler is { } running && node is YamlScalar)
        {
            _commands.Read(node, running, node.At, steps);
            return;
        }
        YamlMapping map = node.AsMapping(handler is null
            ? "a step that names its actor, such as \"disk: raise\""
            : $"a step, such as \"{{serve: disk}}\" or one of {Words.Join(ScenarioWords.PlainCommands)}");
        if (map.Entries.Count == 0)
            throw map.Expected("a step, such as \"disk: raise\"");
        YamlScalar key = map.Entries[0].Key;
        if (handler is { } cpu && ScenarioWords.Commands.Contains(key.Text) && !(key.Text == XenWords.Xen && XenCommandReader.IsDoing(map.Entries[0].Value)))
        {
            _commands.Read(map, cpu, map.At, steps);
            return;
        }
        if (map.Entries.Count > 1)
            throw map.Entries[1].Key.Expected("one actor in a step; the next step begins with \"- \"");
        ReadNamed(key, map.Entries[0].Value, handler, steps);
    }

    private void ReadNamed(YamlScalar key, YamlNode value, int? handler, List<Step> steps)
    {
        switch (key.Text)
        {
            case "time":
                steps.Add(new TimeStep(key.At, $"{value.AsScalar(Numbers.TimeForms).Text} pass", Numbers.ReadTime(value)));
                return;
            case "repeat":
                steps.Add(ReadRepeat(key, value, handler));
                return;
            case "expect":
                steps.Add(_checks.Read(value) with { At = key.At });
                return;
            case "save" or "restore" or "update" when handler is not null:
                throw key.Expected($"a step of a handler; {key.Text} is a step of the scenario: a machine is saved and restored at rest");
            case "save" or "restore" or "update" when _actors.Machine.Kernel == KernelModel.Full:
                throw key.Expected("a step of a machine with kernel: full; the state of its chips is not carried over");
            case "save":
                steps.Add(_snapshots.ReadSave(key, value));
                return;
            case "restore":
                steps.Add(_snapshots.ReadRestore(key, value));
                return;
            case "update":
                steps.AddRange(SnapshotReader.ReadUpdate(key, value));
                return;
            case HostWords.Host or HostWords.Guest:
                steps.Add(_host.ReadKernel(key, value));
                return;
            case XenWords.Xen:
                _actors.RequireXen(key);
                steps.Add(_xen.ReadDoing(key, value));
                return;
        }
        if (_actors.TryCpu(key, out int cpu))
            _commands.Read(value, cpu, key.At, steps);
        else if (_actors.TryDevice(key.Text, out int device))
            steps.Add(HostStepReader.IsOfProcess(value) ? _host.ReadProcess(key, value, device) : ReadDevice(key, value, device));
        else if (_actors.TryDomain(key.Text, out int domain))
            steps.Add(_xen.ReadStep(key, value, domain));
        else
            throw Words.Unknown(key,
                [.. _actors.Names, .. ScenarioWords.Steps, .. handler is null ? [] : ScenarioWords.Commands]);
    }

    private RepeatStep ReadRepeat(YamlScalar key, YamlNode value, int? handler)
    {
        YamlMapping map = value.AsMapping("a map of times and steps").Only(ScenarioWords.Repeat);
        int times = Numbers.ReadInt(map.Required("times", "repeat"), "how many times", 1, StepWork.MaxSteps);
        List<Step> steps = ReadList(map.Required("steps", "repeat"), handler);
        return new RepeatStep(key.At, $"{times} times", times, steps);
    }

    private DeviceStep ReadDevice(YamlScalar name, YamlNode value, int device)
    {
        YamlEntry? argument = null;
        YamlNode verb = value;
        if (value is YamlMapping map)
        {
            if (map.Entries.Count != 1)
            {
                throw map.Entries.Select(entry => entry.Key).FirstOrDefault(key => key.Text != XenWords.Gives && !Verbs(device).Contains(key.Text)) is { } unknown
                    ? Words.Unknown(unknown, Verbs(device)) : map.Expected("one action, such as {send: 3}");
            }
            argument = map.Entries[0];
            verb = argument.Value.Key;
        }
        DeviceAction action = verb is YamlScalar { IsNull: false } given && !ScenarioWords.Actions.TryFind(given.Text, out _)
            ? throw Words.Unknown(given, Verbs(device)) : ScenarioWords.Actions.Read(verb);
        DeviceSpec spec = _actors.Machine.Devices[device];
        bool hasLine = spec.Gsi >= 0 || spec.HostLine >= 0;
        if (hasLine ? action is DeviceAction.Send or DeviceAction.Message
            : action is DeviceAction.Raise or DeviceAction.Lower or DeviceAction.Pulse)
        {
            throw verb.Expected(hasLine
                ? $"raise, lower, pulse or remove; {name.Text} has a line" : $"send; {name.Text} has a message, not a line");
        }
        if (action is DeviceAction.Mask or DeviceAction.Unmask or DeviceAction.Message && !spec.IsVirq(_actors.Machine.Kernel))
            throw verb.Expected($"send, raise, lower, pulse or remove; {name.Text} has no virq (see kernel)");
        string word = ((YamlScalar)verb).Text;
        if (action == DeviceAction.Message)
        {
            Msi message = RemappingReader.ReadMessage(argument?.Value ?? throw verb.Expected("{message: {…}}"));
            return new DeviceStep(name.At, $"{name.Text} is given {message}", device, action, -1, message);
        }
        int vector = ReadVector(action, argument, spec);
        string which = vector < 0 && spec.Vectors > 1 ? "all vectors" : vector > 0 ? $"vector {vector}" : "";
        string text = action switch
        {
            DeviceAction.Send => which.Length == 0 ? "sends its message" : $"sends {which}",
            DeviceAction.Remove => "is removed",
            DeviceAction.Mask or DeviceAction.Unmask => $"is {word}ed{(which.Length == 0 ? "" : " at " + which)}",
            _ => word + "s",
        };
        return new DeviceStep(name.At, $"{name.Text} {text}", device, action, vector);
    }

    /// <summary>What a device does, and what its process does with it if it is passed on.</summary>
    private string[] Verbs(int device) =>
        [.. ScenarioWords.Actions.Words, .. _actors.Machine.Devices[device].Vfio is null ? (string[])[] : HostWords.Calls.Words];

    /// <summary>The vector of a device's action. By default a device sends its first message, and an action of its
    /// driver is for all of its vectors.</summary>
    private static int ReadVector(DeviceAction action, YamlEntry? argument, DeviceSpec spec)
    {
        if (argument is not { } given)
            return action is DeviceAction.Send or DeviceAction.Pulse or DeviceAction.Raise ? 0 : -1;
        if (action is not (DeviceAction.Send or DeviceAction.Mask or DeviceAction.Unmask))
            throw given.Value.Expected("the word alone, without a value");
        return given.Value is YamlScalar { Text: ScenarioWords.Everything } ? -1
            : Numbers.ReadInt(given.Value, $"{ScenarioWords.Everything} or a vector", 0, spec.Vectors - 1);
    }
}
