using System.Globalization;
using Wirq.Lab.Kernels;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Routing;

namespace Wirq.Lab.Exploring.Diagrams;

/// <summary>A part of a world, of which a diagram is drawn: what of it is told apart, and in which words.</summary>
internal abstract class DiagramSubject
{
    /// <summary>Words by which it is named: <c>virq nvme</c>.</summary>
    internal abstract string Name { get; }

    /// <summary>Its state, as a number. Two states of a world with one number are one state of the diagram.</summary>
    internal abstract ulong StateIn(World world);

    /// <summary>A state in words, one line each.</summary>
    internal abstract IReadOnlyList<string> WordsOf(ulong state);

    /// <summary>The subject of a text such as <c>virq:nvme</c>, <c>virq:nvme:1</c>, <c>pin:3</c>, <c>pin:ioapic1.3</c> or
    /// <c>line:11</c>; by default the first virq of a message, else the first line.</summary>
    /// <exception cref="WorldException">There is no such subject.</exception>
    internal static DiagramSubject Of(Scenario scenario, string? text)
    {
        MachineSpec machine = scenario.Machine;
        if (text is null)
        {
            int first = machine.Devices.ToList().FindIndex(device => device.IsVirq(machine.Kernel) && device.Gsi < 0);
            if (first < 0)
                first = machine.Devices.ToList().FindIndex(device => device.Gsi >= 0);
            if (first < 0)
                throw new WorldException($"{scenario.At.File} has neither a virq nor a line to draw: expected --of pin:NUMBER");
            return machine.Devices[first].Gsi >= 0 ? new LineSubject(machine, machine.Devices[first].Gsi) : new VirqSubject(machine.Devices[first], first, vector: 0);
        }
        string[] parts = text.Split(':');
        return parts switch
        {
            ["virq", { } name] => VirqOf(machine, text, name, 0),
            ["virq", { } name, { } vector] when TryNumber(vector, out int number) => VirqOf(machine, text, name, number),
            ["line", { } gsi] when TryNumber(gsi, out int number) && machine.Devices.Any(device => device.Gsi == number) => new LineSubject(machine, number),
            ["line", _] => throw Expected(text, "a line that a device drives", machine.Devices.Where(device => device.Gsi >= 0).Select(device => $"line:{device.Gsi}")),
            ["pin", { } pin] => PinOf(machine, text, pin),
            _ => throw new WorldException($"--of {text}: expected virq:NAME, virq:NAME:VECTOR, pin:NUMBER, pin:ioapicN.NUMBER or line:GSI"),
        };
    }

    private static VirqSubject VirqOf(MachineSpec machine, string text, string name, int vector)
    {
        int index = machine.Devices.ToList().FindIndex(device => device.Name == name);
        if (index < 0 || !machine.Devices[index].IsVirq(machine.Kernel) || vector >= machine.Devices[index].Vectors)
        {
            throw Expected(text, "a virq of this machine", machine.Devices.Where(device => device.IsVirq(machine.Kernel))
                .SelectMany(device => Enumerable.Range(0, device.Vectors).Select(one => device.Vectors == 1 ? $"virq:{device.Name}" : $"virq:{device.Name}:{one}")));
        }
        return new VirqSubject(machine.Devices[index], index, vector);
    }

    private static PinSubject PinOf(MachineSpec machine, string text, string pin)
    {
        const string unit = "ioapic";
        (string chip, string number) = pin.Split('.') is [{ } first, { } second] && first.StartsWith(unit, StringComparison.Ordinal) ? (first[unit.Length..], second) : ("0", pin);
        if (TryNumber(chip, out int index) && TryNumber(number, out int place) && index < machine.Fabric.IoApics.Count && place < machine.Fabric.IoApics[index].Pins)
            return new PinSubject(index, place);
        throw Expected(text, "a pin of this machine", machine.Fabric.IoApics.Select((one, at) => (Chip: at == 0 ? "" : $"{unit}{at}.", Last: one.Pins - 1))
            .Select(one => one.Last == 0 ? $"pin:{one.Chip}0" : $"pin:{one.Chip}0 to pin:{one.Chip}{one.Last}"));
    }

    private static bool TryNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static WorldException Expected(string text, string what, IEnumerable<string> known)
    {
        string[] all = [.. known.Distinct().Take(8)];
        return new WorldException($"--of {text}: expected {what}{(all.Length == 0 ? "; it has none" : $": {string.Join(", ", all)}")}");
    }
}

/// <summary>A virq: who reads its eventfd now, its state, and whether an interrupt waits that nobody reads.</summary>
internal sealed class VirqSubject(DeviceSpec device, int index, int vector) : DiagramSubject
{
    private const int ReaderShift = 8, PendingShift = 16;

    internal override string Name => device.Vectors == 1 ? $"virq {device.Name}" : $"virq {device.Name}, vector {vector}";

    internal override ulong StateIn(World world)
    {
        DeviceVirq virq = world.VirqsOf(index)[vector];
        VirqState state = world.Fabric.RouteCache!.StateOf(virq.Handle);
        bool isBound = virq.Trigger.Exists && world.Host!.Kernel is { } kernel && kernel.IsBound(virq.Trigger);
        VirqReader reader = isBound ? VirqReader.Kernel
            : virq.Trigger.Exists && world.Host!.EventFds.IsWatched(virq.Trigger) ? VirqReader.Userspace : VirqReader.Nobody;
        // Where somebody reads it, a count is on its way.
        bool isPending = reader == VirqReader.Nobody && (virq.Trigger.Exists ? world.Host!.EventFds.IsReadable(virq.Trigger) : state != VirqState.Free && world.IsPending(virq));
        return (ulong)state | (ulong)reader << ReaderShift | (isPending ? 1ul << PendingShift : 0);
    }

    internal override IReadOnlyList<string> WordsOf(ulong state)
    {
        string reader = (VirqReader)(byte)(state >> ReaderShift) switch
        {
            VirqReader.Kernel => "the kernel reads",
            VirqReader.Userspace => "userspace reads",
            _ => "nobody reads",
        };
        string route = ((VirqState)(byte)state).ToString().ToLowerInvariant();
        return state >> PendingShift == 0 ? [reader, route] : [reader, $"{route}, pending"];
    }
}

/// <summary>A pin of an I/OAPIC: its wire, its mask, and what it waits for.</summary>
internal sealed class PinSubject(int ioApic, int pin) : DiagramSubject
{
    private const ulong Masked = 1ul << 32, Level = 1ul << 33;
    private const PinFlags Shown = PinFlags.Asserted | PinFlags.RemoteIrr | PinFlags.InFlight | PinFlags.Refused | PinFlags.AckOwed | PinFlags.Braked | PinFlags.Latched;
    private static readonly (PinFlags Flag, string Words)[] s_waits =
    [
        (PinFlags.RemoteIrr, "Remote IRR"), (PinFlags.InFlight, "sent, no answer yet"), (PinFlags.Refused, "refused"),
        (PinFlags.AckOwed, "acknowledge at the unmask"), (PinFlags.Braked, "held by the storm brake"), (PinFlags.Latched, "latched"),
    ];

    internal override string Name => ioApic == 0 ? $"pin {pin}" : $"pin {pin} of I/OAPIC {ioApic}";

    internal override ulong StateIn(World world)
    {
        IoApic chip = world.Fabric.IoApics[ioApic];
        RedirectionEntry entry = chip.Entry(pin);
        return (ulong)(chip.PinState(pin).Flags & Shown) | (entry.Masked ? Masked : 0) | (entry.Level ? Level : 0);
    }

    internal override IReadOnlyList<string> WordsOf(ulong state)
    {
        var flags = (PinFlags)(uint)state;
        string wire = $"{((flags & PinFlags.Asserted) != 0 ? "asserted" : "idle")}, {((state & Level) != 0 ? "level" : "edge")}{((state & Masked) != 0 ? ", masked" : "")}";
        return [wire, .. s_waits.Where(wait => (flags & wait.Flag) != 0).Select(wait => wait.Words)];
    }
}

/// <summary>A line: which of its devices assert it.</summary>
internal sealed class LineSubject : DiagramSubject
{
    private const int MostDevices = 64;
    private readonly int _gsi;
    private readonly (int Device, string Name)[] _devices;

    internal LineSubject(MachineSpec machine, int gsi)
    {
        _gsi = gsi;
        _devices = [.. machine.Devices.Index().Where(one => one.Item.Gsi == gsi).Select(one => (one.Index, one.Item.Name))];
        if (_devices.Length > MostDevices)
            throw new WorldException($"--of line:{gsi}: expected at most {MostDevices} devices on the line; it has {_devices.Length}");
    }

    internal override string Name => $"line {_gsi}";

    internal override ulong StateIn(World world)
    {
        ulong asserting = 0;
        for (int i = 0; i < _devices.Length; i++)
            asserting |= world.Asserts(_devices[i].Device) ? 1ul << i : 0;
        return asserting;
    }

    internal override IReadOnlyList<string> WordsOf(ulong state) => state == 0 ? ["idle"]
        : [.. _devices.Where((_, i) => (state >> i & 1) != 0).Select(device => $"{device.Name} asserts")];
}
