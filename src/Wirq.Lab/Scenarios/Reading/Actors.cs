using System.Globalization;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>The actors of a scenario: its CPUs and devices.</summary>
internal sealed class Actors
{
    /// <summary>The CPU that runs a handler of all CPUs.</summary>
    internal const int RunningCpu = -1;

    private const string CpuPrefix = "cpu";
    private readonly Dictionary<string, int> _devices;

    internal Actors(MachineSpec machine)
    {
        Machine = machine;
        _devices = machine.Devices.Index().ToDictionary(device => device.Item.Name, device => device.Index);
    }

    internal MachineSpec Machine { get; }

    /// <summary>The names of ports.</summary>
    internal PortNames Ports { get; } = new();

    internal static bool IsCpu(string text) => text == ScenarioWords.AllCpus || TryNumber(text, out _);

    internal static string CpuName(int cpu) => cpu == RunningCpu ? "the CPU" : $"{CpuPrefix}{cpu}";

    /// <summary>The words with which a step can begin.</summary>
    internal IEnumerable<string> Names
    {
        get
        {
            // For a machine with many CPUs the list would be too long.
            const int listed = 4;
            IEnumerable<string> cpus = Machine.Cpus <= listed
                ? Enumerable.Range(0, Machine.Cpus).Select(CpuName) : [CpuName(0), "…", CpuName(Machine.Cpus - 1)];
            return cpus.Concat(_devices.Keys).Concat(Machine.Xen.Skip(1).Select(domain => domain.Name));
        }
    }

    /// <summary>Whether a word has the form of a CPU's name. If so, it must be a CPU of the machine.</summary>
    internal bool TryCpu(YamlScalar scalar, out int cpu) => TryCpu(scalar, scalar.Text, out cpu);

    internal bool TryCpu(YamlScalar at, string text, out int cpu)
    {
        if (!TryNumber(text, out cpu))
            return false;
        if (cpu >= Machine.Cpus)
            throw new ScenarioException(at.At, YamlScalar.Quote(text), $"a CPU of this machine, cpu0 to cpu{Machine.Cpus - 1}");
        return true;
    }

    internal int ReadCpu(YamlScalar scalar) =>
        TryCpu(scalar, out int cpu) ? cpu : throw scalar.Expected($"a CPU, cpu0 to cpu{Machine.Cpus - 1}");

    internal bool TryDevice(string name, out int device) => _devices.TryGetValue(name, out device);

    internal int ReadDevice(YamlNode node)
    {
        YamlScalar scalar = node.AsScalar("a device");
        if (TryDevice(scalar.Text, out int device))
            return device;
        throw _devices.Count == 0
            ? scalar.Expected("no device; this machine has none") : Words.Unknown(scalar, _devices.Keys);
    }

    /// <summary>The place of another domain than the machine's own.</summary>
    internal bool TryDomain(string name, out int place)
    {
        place = Machine.Xen.Index().Skip(1).Where(domain => domain.Item.Name == name).Select(domain => domain.Index).FirstOrDefault(-1);
        return place > 0;
    }

    internal void RequireXen(YamlScalar at)
    {
        if (Machine.Xen.Count == 0)
            throw at.Expected("nothing of Xen; this machine is no domain of it (xen)");
    }

    internal IrqKernelSpec RequireHost(YamlScalar at) =>
        Machine.Host ?? throw at.Expected("nothing of a host; this machine has none (host)");

    internal IrqKernelSpec RequireGuest(YamlScalar at) =>
        Machine.Guest ?? throw at.Expected("nothing of a guest's kernel; this machine has none (guest)");

    internal void RequirePic(YamlScalar at)
    {
        if (Machine.Fabric.Pic is null)
            throw at.Expected("nothing of the 8259s; this machine has none (pic: false)");
    }

    internal void RequireUnit(YamlScalar at)
    {
        if (Machine.Fabric.Vtd is null)
            throw at.Expected("nothing of a remapping unit; this machine has none (vtd)");
    }

    internal void RequireVirqs(YamlScalar at)
    {
        if (Machine.Kernel == KernelModel.None)
            throw at.Expected("nothing of virqs; this machine has none (kernel)");
    }

    private static bool TryNumber(string text, out int cpu)
    {
        cpu = 0;
        return text.StartsWith(CpuPrefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(CpuPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out cpu);
    }
}
