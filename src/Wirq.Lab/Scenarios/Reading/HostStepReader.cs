using Wirq.Vfio;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads steps of kernels, and of the process that passes devices on.</summary>
internal sealed class HostStepReader(Actors actors)
{
    private const int MostFds = 64;

    /// <summary>Reads a step of the host, or of the guest's kernel.</summary>
    internal KernelStep ReadKernel(YamlScalar key, YamlNode node)
    {
        bool ofGuest = key.Text == HostWords.Guest;
        IrqKernelSpec spec = ofGuest ? actors.RequireGuest(key) : actors.RequireHost(key);
        YamlMapping map = node.AsMapping($"a map of one of {Words.Join(HostWords.Doings.Words)}");
        YamlEntry[] doings = [.. map.Entries.Where(entry => entry.Key.Text != XenWords.Gives)];
        if (doings.Length != 1)
            throw doings.Length == 0 ? map.Expected($"one of {Words.Join(HostWords.Doings.Words)}") : Words.Second(doings[1].Key, "one action in a step", XenWords.Gives);
        (YamlScalar word, YamlNode value) = (doings[0].Key, doings[0].Value);
        KernelAction action = HostWords.Doings.Read(word);
        if (ofGuest && action is KernelAction.Write or KernelAction.Read)
            throw word.Expected("it of the host: a guest has no eventfds");
        if (map[XenWords.Gives] is { } misplaced && action != KernelAction.Request)
            throw misplaced.Expected("it beside request alone");
        int gives = map[XenWords.Gives] is { } answer ? HostWords.Answers.Read(answer) : 0;
        (int which, int cpu, string text) = ReadWhich(action, value, spec);
        return new KernelStep(key.At, $"{(ofGuest ? "the guest" : "the host")}: {word.Text} {text}", ofGuest, action, which, cpu, gives);
    }

    private (int Which, int Cpu, string Text) ReadWhich(KernelAction action, YamlNode value, IrqKernelSpec spec)
    {
        switch (action)
        {
            case KernelAction.Move:
                YamlMapping map = value.AsMapping($"a map of {Words.Join(HostWords.Move)}").Only(HostWords.Move);
                int line = ReadLine(map.Required("line", "move"), spec);
                int cpu = Numbers.ReadInt(map.Required("cpu", "move"), "a CPU", 0, spec.Irqs.Cpus - 1);
                return (line, cpu, $"line {line} to CPU {cpu}");
            case KernelAction.Request or KernelAction.Free or KernelAction.Thread:
                YamlScalar name = value.AsScalar("a driver");
                string[] names = [.. spec.Drivers.Select(driver => driver.Name)];
                int driver = Array.IndexOf(names, name.Text);
                return driver >= 0 ? (driver, 0, name.Text) : throw (names.Length == 0 ? name.Expected("no driver; this kernel has none (drivers)") : Words.Unknown(name, names));
            case KernelAction.Write or KernelAction.Read:
                YamlScalar fd = value.AsScalar("an eventfd of the process");
                return (ReadNamed(fd), 0, $"eventfd {fd.Text}");
            default:
                int its = ReadLine(value, spec);
                return (its, 0, $"line {its}");
        }
    }

    private static int ReadLine(YamlNode node, IrqKernelSpec spec) => Numbers.ReadInt(node, "a line", 0, spec.Irqs.Lines.Count - 1);

    private int ReadNamed(YamlScalar name)
    {
        string[] names = [.. actors.Machine.Host?.EventFds ?? []];
        int place = Array.IndexOf(names, name.Text);
        return place >= 0 ? place : throw (names.Length == 0 ? name.Expected("no eventfd; the process has none of its own (eventfds)") : Words.Unknown(name, names));
    }

    /// <summary>Whether a step of a device is one of its process.</summary>
    internal static bool IsOfProcess(YamlNode node) => node switch
    {
        YamlScalar scalar => HostWords.Calls.TryFind(scalar.Text, out _),
        YamlMapping { Entries: [var first, ..] } => HostWords.Calls.TryFind(first.Key.Text, out _),
        _ => false,
    };

    /// <summary>Reads a step of the process that passes a device on.</summary>
    internal VfioStep ReadProcess(YamlScalar name, YamlNode node, int device)
    {
        DeviceSpec spec = actors.Machine.Devices[device];
        if (node is YamlScalar word)
        {
            VfioAction alone = HostWords.Calls.Read(word);
            if (alone is VfioAction.SetIrqs or VfioAction.DisableIntx)
                throw word.Expected($"{{{word.Text}: …}}");
            Require(spec, word);
            return new VfioStep(name.At, $"{name.Text}: {word.Text}", device, alone);
        }
        var map = (YamlMapping)node;
        YamlEntry call = map.Entries[0];
        Require(spec, call.Key);
        VfioAction action = HostWords.Calls.Read(call.Key);
        if (action == VfioAction.DisableIntx)
        {
            bool on = Words.Boolean(call.Value);
            return new VfioStep(name.At, $"{name.Text}: DisINTx is {(on ? "set" : "cleared")}", device, action) { On = on };
        }
        if (action != VfioAction.SetIrqs)
            throw call.Key.Expected($"the word {call.Key.Text} alone, without a value");
        map.Only([HostWords.SetIrqs, XenWords.Gives]);
        return ReadSet(name, call.Value.AsMapping($"a map of {Words.Join(HostWords.Set)}").Only(HostWords.Set), map[XenWords.Gives], spec, device);
    }

    private static void Require(DeviceSpec spec, YamlScalar word)
    {
        if (spec.Vfio is null)
            throw word.Expected($"nothing of VFIO; {spec.Name} is not passed on (vfio)");
    }

    private VfioStep ReadSet(YamlScalar name, YamlMapping map, YamlNode? gives, DeviceSpec spec, int device)
    {
        VfioIrqIndex index = map["irq"] is { } irq ? HostWords.Indexes.Read(irq) : spec.Gsi >= 0 ? VfioIrqIndex.Intx : VfioIrqIndex.Msix;
        YamlNode action = map.Required("action", HostWords.SetIrqs);
        VfioIrqSetBits bits = HostWords.Actions.Read(action);
        List<int> fds = [.. List(map["fds"], "a list of eventfds").Select(item => ReadFd(item, spec))];
        List<byte> bools = [.. List(map["bools"], "a list of 0 and 1").Select(item => (byte)Numbers.ReadInt(item, "0 or 1", 0, 1))];
        if (fds.Count > 0 && bools.Count > 0)
            throw map["bools"]!.Expected("fds or bools, not both");
        bits |= fds.Count > 0 ? VfioIrqSetBits.DataEventFd : bools.Count > 0 ? VfioIrqSetBits.DataBool : VfioIrqSetBits.DataNone;
        uint start = map["start"] is { } first ? (uint)Numbers.Read(first, "a vector", 0, uint.MaxValue) : 0;
        uint count = map["count"] is { } many ? (uint)Numbers.Read(many, "a count", 0, uint.MaxValue) : (uint)Math.Max(1, Math.Max(fds.Count, bools.Count));
        if (count > Math.Max(fds.Count, bools.Count) && fds.Count + bools.Count > 0)
            throw map["count"]!.Expected("as many fds or bools");
        int answer = 0;
        bool isNumber = gives is YamlScalar scalar && Numbers.TryParse(scalar.Text, out _);
        if (gives is not null)
            answer = isNumber ? Numbers.ReadInt(gives, "a number of vectors", 0, ushort.MaxValue) : HostWords.Answers.Read(gives);
        string data = map["fds"] is YamlSequence list ? " " + Words.Join(list.Items.Select(item => (item as YamlScalar)?.Text ?? "")) : "";
        return new VfioStep(name.At, $"{name.Text}: {HostWords.SetIrqs} {HostWords.Indexes.WordOf(index)} {((YamlScalar)action).Text}{(count == 0 ? " of none" : data)}", device, VfioAction.SetIrqs)
        {
            Set = new VfioIrqSet(0, bits, (uint)index, start, count),
            Fds = fds,
            Bools = bools,
            Gives = answer,
            GivesVectors = isNumber,
        };
    }

    private static IReadOnlyList<YamlNode> List(YamlNode? node, string what)
    {
        if (node is null)
            return [];
        YamlSequence list = node.AsSequence(what);
        return list.Items.Count is > 0 and <= MostFds ? list.Items : throw new ScenarioException(list.At, $"a list of {list.Items.Count}", $"1 to {MostFds} of them");
    }

    private int ReadFd(YamlNode node, DeviceSpec spec)
    {
        string[] words = [.. HostWords.EventFds, .. actors.Machine.Host!.EventFds];
        YamlScalar scalar = node.AsScalar($"one of {Words.Join(words)}");
        string[] parts = scalar.Text.Split('.');
        return parts switch
        {
            ["none"] => EventFdName.None,
            ["closed"] => EventFdName.Closed,
            ["resample"] => spec.Resamples ? EventFdName.Resample : throw scalar.Expected("another eventfd; the device has no such (resample: true)"),
            ["trigger"] => EventFdName.Trigger,
            ["trigger", var number] when Numbers.TryParse(number, out ulong vector) && vector < (ulong)spec.Vectors => EventFdName.Trigger - (int)vector,
            _ when Array.IndexOf([.. actors.Machine.Host.EventFds], scalar.Text) is >= 0 and var place => place,
            _ => throw Words.Unknown(scalar, $"one of {Words.Join(words)}", [.. words, .. Enumerable.Range(0, spec.Vectors).Select(vector => $"trigger.{vector}")]),
        };
    }

    /// <summary>Reads the name of a value about a kernel or a passed device.</summary>
    /// <returns>Null if it is none.</returns>
    internal RegisterName? ReadWord(YamlScalar at, string text, string[] parts)
    {
        const int size = sizeof(uint);
        switch (parts)
        {
            case [HostWords.Host or HostWords.Guest, var word, var which] when HostWords.LineWords.TryFind(word, out HostWord its):
                bool ofGuest = parts[0] == HostWords.Guest;
                IrqKernelSpec spec = ofGuest ? actors.RequireGuest(at) : actors.RequireHost(at);
                if (its == HostWord.Entries && ofGuest)
                    throw NoWord(at, text, HostWords.LineWords.Words.Where(one => one != word), "N");
                return Numbers.TryParse(which, out ulong line) && line < (ulong)spec.Irqs.Lines.Count
                    ? new(RegisterKind.Host, (int)its, line | (ofGuest ? RegisterReader.OfGuest : 0), size, text)
                    : throw RegisterReader.NoSuch(at, text, $"a line, 0 to {spec.Irqs.Lines.Count - 1}");
            case [HostWords.Host or HostWords.Guest, ..]:
                throw NoWord(at, text, HostWords.LineWords.Words.Where(one => parts[0] == HostWords.Host || HostWords.LineWords.TryFind(one, out HostWord itsWord) && itsWord != HostWord.Entries), "N");
            case [HostWords.Vfio, var word, var name] when HostWords.DeviceWords.TryFind(word, out HostWord its):
                actors.RequireHost(at);
                return actors.TryDevice(name, out int device) && actors.Machine.Devices[device].Vfio is not null
                    ? new(RegisterKind.Host, (int)its, (ulong)device, size, text)
                    : throw NoSuch(at, text, "a device that is passed on (vfio)", actors.Machine.Devices.Where(one => one.Vfio is not null).Select(one => one.Name), name);
            case [HostWords.Vfio, ..]:
                throw NoWord(at, text, HostWords.DeviceWords.Words, "DEVICE");
            case [HostWords.EventFd, var name]:
                string[] names = [.. actors.RequireHost(at).EventFds];
                int place = Array.IndexOf(names, name);
                return place >= 0 ? new(RegisterKind.Host, (int)HostWord.EventFd, (ulong)place, size, text)
                    : throw NoSuch(at, text, "an eventfd of the process (eventfds)", names, name);
            default:
                return null;
        }
    }

    /// <summary>The error about the last part of a name.</summary>
    private static ScenarioException NoSuch(YamlScalar at, string text, string expected, IEnumerable<string> names, string name)
    {
        string[] known = [.. names];
        return RegisterReader.NoSuch(at, text, expected + (known.Length == 0 ? "; there is none" : $": {Words.Join(known)}") + Words.Perhaps(Words.Nearest(name, known)));
    }

    /// <summary>The error about the word in the middle of a name.</summary>
    private static ScenarioException NoWord(YamlScalar at, string text, IEnumerable<string> words, string last)
    {
        string[] parts = text.Split('.'), known = [.. words];
        string? nearest = parts.Length > 1 ? Words.Nearest(parts[1], known) : null;
        return RegisterReader.NoSuch(at, text, $"{parts[0]}.WORD.{last} with one of {Words.Join(known)}"
            + Words.Perhaps(nearest is null ? null : string.Join('.', [parts[0], nearest, .. parts.Length > 2 ? parts[2..] : [last]])));
    }
}
