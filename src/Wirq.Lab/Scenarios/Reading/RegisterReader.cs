using System.Globalization;
using Wirq.Remapping.VtD;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads names of registers, and values with named fields.</summary>
internal sealed class RegisterReader(Actors actors)
{
    private readonly IReadOnlyList<IoApicOptions> _ioApics = actors.Machine.Fabric.IoApics;

    private const int EntrySize = 8, WordSize = 4, MsrSize = 8, PortSize = 1;
    private const uint RecordStride = 0x10, RegisterStride = LocalApics.RegisterStride, LastApicOffset = 0xFF0;

    /// <summary>The forms of names, for an error and for the documentation.</summary>
    internal static IReadOnlyList<string> Shapes { get; } =
    [
        "rte.N", "rte.N.low", "rte.N.high", "ioapic.id", "ioapic.version", "ioapic.arbitration", "ioapic.index.N",
        "ioapic.select", "ioapic.window", "ioapic.eoi", "ioapicK.…", "apic.NAME", "apic.0xNNN", "msr.N", "msr.apic-base",
        "msr.tsc-deadline", "port.N", "pic.master.command", "pic.master.data", "pic.master.elcr", "pic.slave.…",
        "memory.N", "memory.N.SIZE", "cr8", "vtd.NAME", "vtd.frcd.N.low", "vtd.frcd.N.high",
        "xen.upcall.VCPU", "xen.selector.VCPU", "xen.ready.VCPU", "xen.head.VCPU.N", "xen.pending.PORT", "xen.mask.PORT", "xen.word.PORT",
        "host.WORD.LINE", "guest.WORD.LINE", "vfio.WORD.DEVICE", "eventfd.NAME",
    ];

    internal static WordList<uint> Indexes { get; } = new(
        ("id", Wirq.IoApic.IdIndex), ("version", Wirq.IoApic.VersionIndex), ("arbitration", Wirq.IoApic.ArbitrationIndex));
    internal static WordList<uint> Offsets { get; } = new(
        ("select", Wirq.IoApic.SelectOffset), ("window", Wirq.IoApic.WindowOffset), ("eoi", Wirq.IoApic.EoiOffset));
    internal static WordList<uint> Msrs { get; } = new(("apic-base", ApicMsr.Base), ("tsc-deadline", ApicMsr.TscDeadline));

    internal static WordList<uint> PicPorts { get; } = new(
        ("master.command", PicPair.MasterCommand), ("master.data", PicPair.MasterData), ("master.elcr", PicPair.MasterTriggers),
        ("slave.command", PicPair.SlaveCommand), ("slave.data", PicPair.SlaveData), ("slave.elcr", PicPair.SlaveTriggers));

    internal static WordList<ApicRegister> Apic { get; } = new(
        ("id", ApicRegister.Id), ("version", ApicRegister.Version), ("tpr", ApicRegister.TaskPriority),
        ("apr", ApicRegister.ArbitrationPriority), ("ppr", ApicRegister.ProcessorPriority), ("eoi", ApicRegister.Eoi),
        ("rrd", ApicRegister.RemoteRead), ("ldr", ApicRegister.LogicalDestination),
        ("dfr", ApicRegister.DestinationFormat), ("svr", ApicRegister.SpuriousVector), ("esr", ApicRegister.ErrorStatus),
        ("icr", ApicRegister.CommandLow), ("icr2", ApicRegister.CommandHigh), ("lvt.cmci", ApicRegister.Cmci),
        ("lvt.timer", ApicRegister.Timer), ("lvt.thermal", ApicRegister.Thermal),
        ("lvt.performance", ApicRegister.Performance), ("lvt.lint0", ApicRegister.Lint0),
        ("lvt.lint1", ApicRegister.Lint1), ("lvt.error", ApicRegister.Error),
        ("timer.initial", ApicRegister.InitialCount), ("timer.current", ApicRegister.CurrentCount),
        ("timer.divide", ApicRegister.DivideConfiguration), ("self-ipi", ApicRegister.SelfIpi));

    /// <summary>Registers of 256 bits, as eight of 32.</summary>
    internal static WordList<ApicRegister> ApicArrays { get; } = new(
        ("isr", ApicRegister.InService), ("tmr", ApicRegister.TriggerMode), ("irr", ApicRegister.Request));

    /// <summary>Registers of the remapping unit: offset and size.</summary>
    internal static WordList<(uint Offset, int Size)> Units { get; } = new(
        ("version", Of(VtdRegister.Version)), ("cap", Of(VtdRegister.Capability)),
        ("ecap", Of(VtdRegister.ExtendedCapability)), ("gcmd", Of(VtdRegister.GlobalCommand)),
        ("gsts", Of(VtdRegister.GlobalStatus)), ("rtaddr", Of(VtdRegister.RootTable)),
        ("ccmd", Of(VtdRegister.ContextCommand)), ("fsts", Of(VtdRegister.FaultStatus)),
        ("fectl", Of(VtdRegister.FaultControl)), ("fedata", Of(VtdRegister.FaultData)),
        ("feaddr", Of(VtdRegister.FaultAddress)), ("feuaddr", Of(VtdRegister.FaultUpperAddress)),
        ("iqh", Of(VtdRegister.QueueHead)), ("iqt", Of(VtdRegister.QueueTail)), ("iqa", Of(VtdRegister.QueueAddress)),
        ("ics", Of(VtdRegister.CompletionStatus)), ("iectl", Of(VtdRegister.CompletionControl)),
        ("iedata", Of(VtdRegister.CompletionData)), ("ieaddr", Of(VtdRegister.CompletionAddress)),
        ("ieuaddr", Of(VtdRegister.CompletionUpperAddress)), ("iqercd", Of(VtdRegister.QueueErrorRecord)),
        ("irta", Of(VtdRegister.TableAddress)));

    private static (uint Offset, int Size) Of(VtdRegister register)
    {
        VtdRegisterRow row = VtdRegisters.Rows[(int)register];
        return (row.Offset, row.Size);
    }

    internal RegisterName Read(YamlScalar name) => Read(name, name.Text);

    /// <summary>Reads a name; <paramref name="text"/> is its remainder after a prefix.</summary>
    internal RegisterName Read(YamlScalar at, string text)
    {
        string[] parts = text.Split('.');
        RegisterName? found = (parts[0], parts[1..]) switch
        {
            ("cr8", []) => new(RegisterKind.Cr8, 0, 0, MsrSize, text),
            ("rte", var rest) => Entry(at, text, 0, rest),
            ("apic", var rest) => LocalApic(at, text, rest),
            ("msr", [var which]) => Msr(at, text, which),
            ("port", var rest) => Port(at, text, rest),
            ("pic", [_, _]) when PicPorts.TryFind(text[4..], out uint port) =>
                new(RegisterKind.Port, 0, port, PortSize, text),
            ("vtd", var rest) => Unit(at, text, rest),
            (XenWords.Xen, var rest) => Xen(at, text, rest),
            (HostWords.Host or HostWords.Guest or HostWords.Vfio or HostWords.EventFd, _) => new HostStepReader(actors).ReadWord(at, text, parts),
            ("memory", var rest) => Sized(RegisterKind.Memory, rest, WordSize, MsrSize, text),
            (var chip, var rest) when TryUnit(chip, out int unit) => IoApic(at, text, unit, rest),
            _ => null,
        };
        if (found?.Kind == RegisterKind.Port)
            actors.RequirePic(at);
        return found ?? throw NoSuch(at, text);
    }

    private static ScenarioException NoSuch(YamlScalar at, string text) =>
        NoSuch(at, text, $"one of {Words.Join(Shapes)}" + Words.Perhaps(Words.Nearest(text, Spellings()) ?? NearestEntry(text)));

    /// <summary>The error for a name of a register that does not exist.</summary>
    internal static ScenarioException NoSuch(YamlScalar at, string text, string expected) =>
        new(at.At, $"no register {YamlScalar.Quote(text)}", expected);

    private static readonly string[] Numbered = ["rte", "ioapic", "apic", "msr", "port", "memory", HostWords.Host, HostWords.Guest, HostWords.Vfio, HostWords.EventFd];

    // A register with a number, of which there is no list: its first word is compared alone.
    private static string? NearestEntry(string text)
    {
        string first = text.Split('.')[0];
        return first.Length < text.Length && Words.Nearest(first, Numbered) is { } nearest && nearest != first ? nearest + text[first.Length..] : null;
    }

    private static IEnumerable<string> Spellings() =>
    [
        "cr8", .. Indexes.Words.Concat(Offsets.Words).Select(word => "ioapic." + word),
        .. Apic.Words.Select(word => "apic." + word), .. Msrs.Words.Select(word => "msr." + word), .. Units.Words.Select(word => "vtd." + word), .. PicPorts.Words.Select(word => "pic." + word),
    ];

    private RegisterName? Entry(YamlScalar at, string text, int unit, string[] rest)
    {
        RegisterKind kind = rest switch
        {
            [_] => RegisterKind.Entry,
            [_, "low"] => RegisterKind.EntryLow,
            [_, "high"] => RegisterKind.EntryHigh,
            _ => RegisterKind.Cr8,
        };
        if (kind == RegisterKind.Cr8 || !Numbers.TryParse(rest[0], out ulong pin))
            return null;
        CheckPin(at, unit, pin);
        return new(kind, unit, pin, kind == RegisterKind.Entry ? EntrySize : WordSize, text);
    }

    private RegisterName? IoApic(YamlScalar at, string text, int unit, string[] rest)
    {
        CheckUnit(at, unit);
        return rest switch
        {
            ["rte", .. var entry] => Entry(at, text, unit, entry),
            ["index", var number] when Numbers.TryParse(number, out ulong index) && index <= byte.MaxValue =>
                new(RegisterKind.IoApicIndex, unit, index, WordSize, text),
            [var word] when Indexes.TryFind(word, out uint index) =>
                new(RegisterKind.IoApicIndex, unit, index, WordSize, text),
            [var word, .. var size] when Offsets.TryFind(word, out uint offset)
                && TrySize(size, WordSize, WordSize, out int bytes) => new(RegisterKind.IoApicOffset, unit, offset, bytes, text),
            _ => null,
        };
    }

    private RegisterName? Unit(YamlScalar at, string text, string[] rest)
    {
        if (actors.Machine.Fabric.Vtd is not { } unit)
            throw new ScenarioException(at.At, YamlScalar.Quote(text), "nothing of a remapping unit; this machine has none (vtd)");
        if (rest is [var word] && Units.TryFind(word, out (uint Offset, int Size) register))
            return new(RegisterKind.Vtd, 0, register.Offset, register.Size, text);
        if (rest is not ["frcd", var number, "low" or "high"] || !Numbers.TryParse(number, out ulong index))
            return null;
        if (index >= (ulong)unit.FaultRecords)
            throw NoSuch(at, text, $"a fault record, 0 to {unit.FaultRecords - 1}");
        uint offset = VtdUnit.FaultRecordOffset + (uint)index * RecordStride + (rest[2] == "high" ? (uint)sizeof(ulong) : 0);
        return new(RegisterKind.Vtd, 0, offset, sizeof(ulong), text);
    }

    private RegisterName? Xen(YamlScalar at, string text, string[] rest)
    {
        actors.RequireXen(at);
        if (rest is [var kind, var port] && XenWords.PortWords.TryFind(kind, out XenWord ofPort))
        {
            PortRef? found = actors.Ports.Read(at, port);
            return found is { } its ? new(RegisterKind.Xen, (int)ofPort, its.Packed, ofPort == XenWord.Event ? WordSize : 1, text) : null;
        }
        if (rest is not [var word, var which, .. var queue] || !XenWords.VcpuWords.TryFind(word, out XenWord ofVcpu)
            || !Numbers.TryParse(which, out ulong vcpu) || queue.Length != (ofVcpu == XenWord.Head ? 1 : 0))
        {
            string[] words = [.. XenWords.PortWords.Words.Concat(XenWords.VcpuWords.Words).Distinct()];
            string? nearest = rest.Length > 0 && !words.Contains(rest[0]) ? Words.Nearest(rest[0], words) : null;
            throw NoSuch(at, text, $"{Words.Join(words.Select(one => $"xen.{one}.N"))} (xen.head.N.PRIORITY)"
                + Words.Perhaps(nearest is null ? null : string.Join('.', [XenWords.Xen, nearest, .. rest[1..]])));
        }
        if (vcpu >= (ulong)actors.Machine.Cpus)
            throw NoSuch(at, text, $"a vCPU of this machine, 0 to {actors.Machine.Cpus - 1}");
        ulong priority = 0;
        if (queue is [var last] && (!Numbers.TryParse(last, out priority) || priority >= 16))
            throw NoSuch(at, text, "a priority, 0 to 15");
        int size = ofVcpu switch { XenWord.Upcall => 1, XenWord.Selector => MsrSize, _ => WordSize };
        return new(RegisterKind.Xen, (int)ofVcpu, priority << QueueShift | vcpu, size, text);
    }

    /// <summary>The bit of a line's number that says that the kernel is the guest's.</summary>
    internal const ulong OfGuest = 1u << 31;

    /// <summary>Where the queue of a head stands in the number of its register.</summary>
    internal const int QueueShift = 16;

    private static RegisterName? LocalApic(YamlScalar at, string text, string[] rest)
    {
        string name = string.Join('.', rest);
        if (Apic.TryFind(name, out ApicRegister register))
            return new(RegisterKind.LocalApic, 0, (uint)register, register == ApicRegister.CommandLow ? MsrSize : WordSize, text);
        if (rest is [var array, var word] && ApicArrays.TryFind(array, out ApicRegister start)
            && Numbers.TryParse(word, out ulong index))
        {
            return index < 8
                ? new(RegisterKind.LocalApic, 0, (uint)start + (uint)index * RegisterStride, WordSize, text)
                : throw NoSuch(at, text, $"apic.{array}.0 to apic.{array}.7");
        }
        if (rest is [['0', 'x', ..] number] && Numbers.TryParse(number, out ulong raw))
        {
            return raw <= LastApicOffset && raw % RegisterStride == 0
                ? new(RegisterKind.LocalApic, 0, raw, WordSize, text)
                : throw NoSuch(at, text, "an offset of 0 to 0xff0 that is a multiple of 0x10");
        }
        return null;
    }

    // A port or an MSR outside the interrupt system would be a step without effect, so it is a typing error.
    private static RegisterName? Msr(YamlScalar at, string text, string which)
    {
        if (Msrs.TryFind(which, out uint msr))
            return new(RegisterKind.Msr, 0, msr, MsrSize, text);
        if (!Numbers.TryParse(which, out ulong number))
            return null;
        return number <= uint.MaxValue && LocalApics.ClaimsMsr((uint)number)
            ? new(RegisterKind.Msr, 0, number, MsrSize, text)
            : throw NoSuch(at, text, "msr.0x1b, msr.0x6e0 or msr.0x800 to msr.0x8ff");
    }

    private static RegisterName? Port(YamlScalar at, string text, string[] rest)
    {
        RegisterName? port = Sized(RegisterKind.Port, rest, PortSize, WordSize, text);
        return port is null || (port.Number <= ushort.MaxValue && PicPair.Claims((ushort)port.Number)) ? port
            : throw NoSuch(at, text, "a port of the 8259s: 0x20, 0x21, 0xa0, 0xa1, 0x4d0 or 0x4d1");
    }

    private static RegisterName? Sized(RegisterKind kind, string[] rest, int usual, int most, string text) =>
        rest is [var number, .. var size] && Numbers.TryParse(number, out ulong value)
            && TrySize(size, usual, most, out int bytes)
            ? new(kind, 0, value, bytes, text)
            : null;

    private static bool TrySize(string[] rest, int usual, int most, out int size)
    {
        size = usual;
        return rest is [] || (rest is ["1" or "2" or "4" or "8"]
            && int.TryParse(rest[0], NumberStyles.None, CultureInfo.InvariantCulture, out size) && size <= most);
    }

    private static bool TryUnit(string chip, out int unit)
    {
        const string prefix = "ioapic";
        unit = 0;
        return chip == prefix || (chip.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(chip.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out unit));
    }

    /// <summary>Reads a pin: 11, or ioapic1.3 for a pin of another I/OAPIC.</summary>
    internal (int IoApic, int Pin) ReadPin(YamlNode node)
    {
        YamlScalar scalar = node.AsScalar("a pin such as 11 or ioapic1.3");
        string[] parts = scalar.Text.Split('.');
        int unit = 0;
        if (parts.Length > 2 || (parts.Length == 2 && !TryUnit(parts[0], out unit))
            || !Numbers.TryParse(parts[^1], out ulong pin))
            throw scalar.Expected("a pin such as 11 or ioapic1.3");
        CheckUnit(scalar, unit);
        CheckPin(scalar, unit, pin);
        return (unit, (int)pin);
    }

    private void CheckUnit(YamlScalar at, int unit)
    {
        if (unit >= _ioApics.Count)
            throw new ScenarioException(at.At, $"I/OAPIC {unit}", _ioApics.Count == 0
                ? "nothing of an I/OAPIC; this machine has none" : $"one of the machine's {_ioApics.Count}, counted from 0");
    }

    private void CheckPin(YamlScalar at, int unit, ulong pin)
    {
        CheckUnit(at, unit);
        if (pin >= (ulong)_ioApics[unit].Pins)
            throw new ScenarioException(at.At, $"pin {pin}", $"a pin of I/OAPIC {unit}, 0 to {_ioApics[unit].Pins - 1}");
    }
}
