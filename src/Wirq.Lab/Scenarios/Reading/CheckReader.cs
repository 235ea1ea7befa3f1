using Wirq.Events;
using Wirq.Remapping.VtD;
using Wirq.Routing;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>expect</c>.</summary>
internal sealed class CheckReader(Actors actors, RegisterReader registers)
{
    private const string SipiPrefix = "sipi ";

    internal ExpectStep Read(YamlNode node)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(ScenarioWords.Expect)}").Only(ScenarioWords.Expect);
        if (map.Entries.Count == 0)
            throw map.Expected($"one or more of {Words.Join(ScenarioWords.Expect)}");
        var checks = new List<Check>();
        foreach (YamlEntry entry in map.Entries)
            ReadCheck(entry.Key, entry.Value, checks);
        return new ExpectStep(map.At, "expect " + Words.Join(map.Entries.Select(entry => entry.Key.Text)), checks);
    }

    private void ReadCheck(YamlScalar key, YamlNode value, List<Check> checks)
    {
        switch (key.Text)
        {
            case "taken-by-any":
                checks.Add(new TakenByAnyCheck(key.At, ReadCounts(value)) { Form = Numbers.FormOf(value) });
                return;
            case "intr":
                actors.RequirePic(key);
                checks.Add(new IntrCheck(key.At, Words.Boolean(value)));
                return;
            case "gsis":
                actors.RequireVirqs(key);
                checks.Add(new GsisCheck(key.At, ReadCount(value)));
                return;
            case "touched":
                actors.RequireUnit(key);
                checks.Add(new TouchedCheck(key.At, ReadCount(value)));
                return;
            case "faults":
                actors.RequireUnit(key);
                YamlSequence faults = value.AsSequence("a list of faults, such as [{reason: 0x22, index: 5, source: \"00:03.0\"}]");
                checks.Add(new FaultsCheck(key.At, [.. faults.Items.Select(ReadFault)]));
                return;
            case "order":
                YamlSequence kinds = value.AsSequence("a list of events, such as [virq-unbound, routes-committed, virq-bound]");
                if (kinds.Items.Count == 0)
                    throw kinds.Expected("one event or more");
                checks.Add(new OrderCheck(key.At, [.. kinds.Items.Select(ScenarioWords.EventKinds.Read)]));
                return;
        }
        YamlMapping map = value.AsMapping(key.Text switch
        {
            "taken" or "pending" or "in-service" or "signals" => "a map of CPUs, such as {cpu0: []}",
            "registers" => "a map of registers and their values",
            "holders" => "a map of GSIs, such as {11: [disk]}",
            "acks" => "a map of devices, such as {disk: 1}",
            "virqs" => "a map of devices and states, such as {nvme: hot}",
            "pba" => "a map of devices and vectors, such as {nvme: [0]}",
            "ports" => "a map of CPUs or domains and the ports that they handled, such as {cpu0: [ring]}",
            "polling" => "a map of CPUs, such as {cpu0: true}",
            "events" => "a map of events, such as {edge-lost: 1}",
            _ => "a map of addresses and values",
        });
        if (map.Entries.Count == 0)
            throw map.Expected("at least one thing to check");
        var seen = new HashSet<object>();
        foreach (YamlEntry entry in map.Entries)
        {
            (Check check, object what) = ReadEntry(key.Text, entry.Key, entry.Value);
            checks.Add(seen.Add(what) ? check with { Form = Numbers.FormOf(entry.Value) } : throw entry.Key.Expected("each thing once; another entry means the same"));
        }
    }

    private (Check Check, object What) ReadEntry(string kind, YamlScalar key, YamlNode value)
    {
        switch (kind)
        {
            case "taken":
                int taker = actors.ReadCpu(key);
                const string counts = ", or a map such as {0x31: 2} where the order does not count";
                return (value is YamlMapping ? new TakenCountCheck(key.At, taker, ReadCounts(value))
                    : new TakenCheck(key.At, taker, ReadVectors(value, counts)), taker);
            case "pending":
                int cpu = actors.ReadCpu(key);
                return (new PendingCheck(key.At, cpu, ReadVectors(value)), cpu);
            case "in-service":
                int server = actors.ReadCpu(key);
                return (new InServiceCheck(key.At, server, ReadVectors(value)), server);
            case "signals":
                int receiver = actors.ReadCpu(key);
                YamlSequence signals = value.AsSequence("a list of signals");
                return (new SignalsCheck(key.At, receiver, [.. signals.Items.Select(ReadSignal)]), receiver);
            case "registers":
                return ReadRegister(key, value);
            case "holders":
                int gsi = ReadGsi(key);
                return (new HoldersCheck(key.At, gsi, ReadHolders(value, gsi)), gsi);
            case "acks":
                int device = actors.ReadDevice(key);
                if (actors.Machine.Devices[device].Gsi < 0)
                    throw key.Expected("a device with a line; messages are not acknowledged");
                return (new AcksCheck(key.At, device, ReadCount(value)), device);
            case "virqs":
                int states = ReadVirqDevice(key);
                return (new VirqsCheck(key.At, states, ReadStates(value, states)), states);
            case "pba":
                int masked = ReadVirqDevice(key);
                int most = actors.Machine.Devices[masked].Vectors - 1;
                YamlSequence vectors = value.AsSequence("a list of vectors of the device");
                return (new PendingVectorsCheck(key.At, masked,
                    [.. vectors.Items.Select(item => Numbers.ReadInt(item, "a vector of the device", 0, most))]), masked);
            case "ports":
                actors.RequireXen(key);
                int handler = actors.TryDomain(key.Text, out int domain) ? actors.Machine.Cpus + domain : actors.ReadCpu(key);
                return (new PortsCheck(key.At, handler, [.. value.AsSequence("a list of ports").Items.Select(actors.Ports.Read)]), handler);
            case "polling":
                actors.RequireXen(key);
                int polls = actors.ReadCpu(key);
                return (new PollingCheck(key.At, polls, Words.Boolean(value)), polls);
            case "events":
                EventKind happened = ScenarioWords.EventKinds.Read(key);
                return (new EventCheck(key.At, happened, ReadCount(value)), happened);
            default:
                ulong address = Numbers.Read(key, "an address", 0, ulong.MaxValue);
                return (new MemoryCheck(key.At, address, (uint)Numbers.Read(value, "a value", 0, uint.MaxValue)), address);
        }
    }

    private int ReadVirqDevice(YamlScalar key)
    {
        int device = actors.ReadDevice(key);
        return actors.Machine.Devices[device].IsVirq(actors.Machine.Kernel) ? device
            : throw key.Expected("a device with a virq: a message, an eventfd or a resample eventfd, and kernel in the machine");
    }

    /// <summary>Reads one state for all virqs, or the number of virqs in each state.</summary>
    private Dictionary<VirqState, int> ReadStates(YamlNode node, int device)
    {
        if (node is not YamlMapping map)
            return new() { [ScenarioWords.VirqStates.Read(node)] = actors.Machine.Devices[device].Vectors };
        var counts = new Dictionary<VirqState, int>();
        foreach (YamlEntry entry in map.Entries)
        {
            if (ReadCount(entry.Value) is var count and > 0)
                counts.Add(ScenarioWords.VirqStates.Read(entry.Key), count);
        }
        return counts;
    }

    private static FaultSpec ReadFault(YamlNode node)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(ScenarioWords.Fault)}").Only(ScenarioWords.Fault);
        return new FaultSpec((VtdFaultReason)Numbers.Read(map.Required("reason", "a fault"), "a fault reason", 0x20, 0x26),
            map["index"] is { } index ? Numbers.ReadInt(index, "an entry", 0, ushort.MaxValue) : 0,
            RemappingReader.ReadRequester(map.Required("source", "a fault")));
    }

    private (Check Check, object What) ReadRegister(YamlScalar key, YamlNode value)
    {
        int dot = key.Text.IndexOf('.', StringComparison.Ordinal);
        int cpu = 0;
        string name = dot > 0 && actors.TryCpu(key, key.Text[..dot], out cpu) ? key.Text[(dot + 1)..] : key.Text;
        RegisterName register = registers.Read(key, name);
        (RegisterValue expected, _) = RegisterValueReader.Read(value, register, ValueUse.Compare);
        return (new RegisterCheck(key.At, cpu, register, expected), (cpu, register with { Text = "" }));
    }

    private int ReadGsi(YamlScalar key)
    {
        if (actors.TryDevice(key.Text, out int device))
        {
            int gsi = actors.Machine.Devices[device].Gsi;
            return gsi >= 0 ? gsi : throw key.Expected("a device with a line; this one has a message");
        }
        int count = Math.Max(16, actors.Machine.Fabric.IoApics.Select(io => io.GsiBase + io.Pins).DefaultIfEmpty(0).Max());
        return Numbers.ReadInt(key, "a device or a GSI", 0, count - 1);
    }

    private List<string> ReadHolders(YamlNode node, int gsi)
    {
        var holders = new List<string>();
        foreach (YamlNode item in node.AsSequence("a list of devices").Items)
        {
            YamlScalar name = item.AsScalar("a device");
            if (name.Text != ScenarioWords.IntrLabel && !IsOfXen(name.Text))
            {
                if (!actors.TryDevice(name.Text, out int number))
                    throw Words.Unknown(name, "a device of the machine, or a source that it has besides", [.. actors.Machine.Devices.Select(one => one.Name), ScenarioWords.IntrLabel, .. actors.Machine.Xen.Count > 0 ? [XenWords.CallbackLabel] : (string[])[]]);
                DeviceSpec device = actors.Machine.Devices[number];
                string where = device.Gsi < 0 ? "a message" : $"GSI {device.Gsi}";
                if (device.Gsi != gsi)
                    throw name.Expected($"a device on GSI {gsi}; {device.Name} has {where}");
            }
            holders.Add(name.Text);
        }
        return holders;
    }

    // Sources that the machine has besides its devices.
    private bool IsOfXen(string label) => actors.Machine.Xen.Count > 0
        && (label == XenWords.CallbackLabel || label.StartsWith("PCI ", StringComparison.Ordinal) && actors.Machine.Fabric.Xen!.HasPciLines);

    private static string ReadSignal(YamlNode node)
    {
        const string expected = "nmi, smi, init or \"sipi 0x9a\"";
        YamlScalar scalar = node.AsScalar(expected);
        if (scalar.Text is "nmi" or "smi" or "init")
            return scalar.Text;
        return scalar.Text.StartsWith(SipiPrefix, StringComparison.Ordinal)
            && Numbers.TryParse(scalar.Text.AsSpan(SipiPrefix.Length), out ulong vector) && vector <= byte.MaxValue
            ? SipiPrefix + Numbers.ShowVector((int)vector)
            : throw Words.Unknown(scalar, expected, "nmi", "smi", "init", SipiPrefix + "0x9a");
    }

    private static List<byte> ReadVectors(YamlNode node, string or = "") =>
        [.. node.AsSequence("a list of vectors" + or).Items.Select(Numbers.ReadVector)];

    private static Dictionary<byte, int> ReadCounts(YamlNode node)
    {
        var counts = new Dictionary<byte, int>();
        foreach (YamlEntry entry in node.AsMapping("a map of vectors and how often, such as {0x31: 2}").Entries)
        {
            if (!counts.TryAdd(Numbers.ReadVector(entry.Key), ReadCount(entry.Value)))
                throw entry.Key.Expected("each vector once");
        }
        return counts;
    }

    private static int ReadCount(YamlNode node) => Numbers.ReadInt(node, "how often", 0, int.MaxValue);
}
