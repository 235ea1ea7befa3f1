using Wirq.Remapping.VtD;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads the commands of a CPU.</summary>
internal sealed class CommandReader(Actors actors, RegisterReader registers)
{
    private const int SpecificEois = 16, AnyOf = -1, NoneAtAll = -2;
    private const ulong MaxPinDestination = 0x7FFF;
    // The text of a step says what it does, and not the expected outcome: a timeline adds the outcome.
    private const string Takes = "looks for an interrupt to take", Asks = "runs an INTA cycle";

    /// <summary>Reads one command, or a list of them, as steps of a CPU.</summary>
    internal void Read(YamlNode node, int cpu, FilePosition at, List<Step> steps)
    {
        switch (node)
        {
            case YamlSequence list:
                foreach (YamlNode item in list.Items)
                    Read(item is YamlSequence ? throw item.Expected("a command") : item, cpu, item.At, steps);
                break;
            case YamlMapping map:
                ReadMap(map, cpu, at, steps);
                break;
            default:
                steps.Add(ReadWord(node, cpu, at));
                break;
        }
    }

    private CpuStep ReadWord(YamlNode node, int cpu, FilePosition at)
    {
        YamlScalar scalar = node.AsScalar(Expected);
        if (scalar.Text is XenWords.Upcall or XenWords.Enter)
            actors.RequireXen(scalar);
        if (scalar.Text is "pic-eoi" or "pic-eoi-both" or "inta")
            actors.RequirePic(scalar);
        (CpuCommand command, string text) = scalar.Text switch
        {
            "eoi" => ((CpuCommand)new EoiCommand(), "signals EOI"),
            "pic-eoi" => (new PicEoiCommand(-1, Slave: false), "signals EOI to the master 8259"),
            "pic-eoi-both" => (new PicEoiCommand(-1, Slave: true), "signals EOI to both 8259s"),
            "sti" => (new InterruptsCommand(true), "enables interrupts"),
            "cli" => (new InterruptsCommand(false), "disables interrupts"),
            "take" => (new TakeCommand(AnyOf), Takes),
            "inta" => (new IntaCommand(AnyOf), Asks),
            XenWords.Upcall => (new UpcallCommand(), "handles its events"),
            XenWords.Enter => (new EnterCommand(), "leaves its guest and enters it"),
            _ => ScenarioWords.Commands.Contains(scalar.Text)
                ? throw scalar.Expected($"what to {scalar.Text}: {{{scalar.Text}: …}}")
                : throw Words.Unknown(scalar, [.. ScenarioWords.PlainCommands.Union(ScenarioWords.Commands)]),
        };
        return new CpuStep(at, $"{Actors.CpuName(cpu)} {text}", cpu, command);
    }

    private static string Expected => $"a command: one of {Words.Join(ScenarioWords.PlainCommands)}, "
        + $"or a map with one of {Words.Join(ScenarioWords.Commands)}";

    private void ReadMap(YamlMapping map, int cpu, FilePosition at, List<Step> steps)
    {
        YamlEntry[] commands = [.. map.Entries.Where(entry => entry.Key.Text != ScenarioWords.Faults)];
        if (commands.Length != 1)
            throw commands.Length == 0 ? map.Expected(Expected) : Words.Second(commands[1].Key, "one command in a step", ScenarioWords.Faults);
        (YamlScalar word, YamlNode value) = (commands[0].Key, commands[0].Value);
        bool accesses = word.Text is "write" or "read";
        if (!ScenarioWords.Commands.Contains(word.Text) && !ScenarioWords.PlainCommands.Contains(word.Text))
            throw Words.Unknown(word, [.. ScenarioWords.Commands]);
        if (map[ScenarioWords.Faults] is { } flag && !accesses)
            throw new ScenarioException(flag.At, $"faults beside {word.Text}", "it beside write or read alone");
        bool faults = map[ScenarioWords.Faults] is { } given && Words.Boolean(given);
        if (accesses || word.Text == "change")
        {
            ReadAccesses(word, value, faults, cpu, steps);
            return;
        }
        if (word.Text is "irte" or "invalidate" or "remapping" or "cfi")
        {
            actors.RequireUnit(word);
            foreach ((CpuCommand remapping, string does) in ReadRemapping(word, value))
                steps.Add(new CpuStep(at, $"{Actors.CpuName(cpu)} {does}", cpu, remapping));
            return;
        }
        (CpuCommand command, string text) = ReadCommand(word, value);
        steps.Add(new CpuStep(at, $"{Actors.CpuName(cpu)} {text}", cpu, command));
    }

    private static IEnumerable<(CpuCommand Command, string Text)> ReadRemapping(YamlScalar word, YamlNode value)
    {
        if (word.Text == "irte")
            return RemappingReader.ReadEntries(value).Select(entry => ((CpuCommand)entry.Command, entry.Text));
        if (word.Text == "invalidate")
        {
            (InvalidateCommand command, string text) = RemappingReader.ReadInvalidate(value);
            return [(command, text)];
        }
        bool on = ScenarioWords.Switches.Read(value);
        ulong bit = word.Text == "cfi" ? GlobalCommand.Compatibility : GlobalCommand.Remapping;
        return [(new RemappingCommand(bit, on), $"switches {(word.Text == "cfi" ? "compatibility format" : "remapping")} {(on ? "on" : "off")}")];
    }

    private (CpuCommand Command, string Text) ReadCommand(YamlScalar word, YamlNode value)
    {
        switch (word.Text)
        {
            case XenWords.Xen:
                actors.RequireXen(word);
                return new XenCommandReader(actors).ReadCall(value, domain: 0);
            case "mask" or "unmask":
                (int chip, int pin) = registers.ReadPin(value);
                return (new MaskCommand(chip, pin, word.Text == "mask"), $"{word.Text}s pin {PinName(chip, pin)}");
            case "mask-irq" or "unmask-irq":
                actors.RequirePic(word);
                int irq = Numbers.ReadInt(value, "an IRQ of the 8259s", 0, SpecificEois - 1);
                bool masks = word.Text == "mask-irq";
                return (new MaskIrqCommand(irq, masks), $"{(masks ? "masks" : "unmasks")} IRQ {Numbers.Written(value)}{(irq >= 8 && !masks ? " and the cascade" : "")}");
            case "pic-eoi":
                actors.RequirePic(word);
                int ended = Numbers.ReadInt(value, "an IRQ of the 8259s", 0, SpecificEois - 1);
                return (new PicEoiCommand(ended, Slave: false), $"signals EOI of IRQ {Numbers.Written(value)} to the 8259s");
            case "migrate":
                return ReadMigrate(value);
            case "ipi":
                return InterruptCommandReader.Read(value);
            case "take":
                int taken = ReadVector(value, mayBeNone: true);
                return (new TakeCommand(taken), Takes);
            case "inta":
                actors.RequirePic(word);
                return (new IntaCommand(ReadVector(value, mayBeNone: false)), Asks);
            case HostWords.Irq:
                IrqKernelSpec guest = actors.RequireGuest(word);
                int line = Numbers.ReadInt(value, "a line of the guest", 0, guest.Irqs.Lines.Count - 1);
                return (new IrqCommand(line), $"runs the flow handler of line {line}");
            case HostWords.Access:
                int accessed = actors.ReadDevice(value);
                return (new AccessCommand(accessed), $"reads a register of {actors.Machine.Devices[accessed].Name}");
            case "serve":
                int device = actors.ReadDevice(value);
                return (new ServeCommand(device), $"serves {actors.Machine.Devices[device].Name}");
            default:
                throw ScenarioWords.PlainCommands.Contains(word.Text)
                    ? word.Expected($"the word {word.Text} alone, without a value")
                    : Words.Unknown(word, ScenarioWords.Commands);
        }
    }

    private static int ReadVector(YamlNode node, bool mayBeNone)
    {
        string expected = $"a vector, {(mayBeNone ? ScenarioWords.Nothing + " or " : "")}{ScenarioWords.AnyVector}";
        YamlScalar scalar = node.AsScalar(expected);
        if (scalar.Text == ScenarioWords.AnyVector)
            return AnyOf;
        if (scalar.Text == ScenarioWords.Nothing && mayBeNone)
            return NoneAtAll;
        return Numbers.TryParse(scalar.Text, out ulong vector) && vector <= byte.MaxValue
            ? (int)vector : throw Words.Unknown(scalar, expected, ScenarioWords.AnyVector, ScenarioWords.Nothing);
    }

    private (CpuCommand Command, string Text) ReadMigrate(YamlNode value)
    {
        YamlMapping map = value.AsMapping($"a map of {Words.Join(ScenarioWords.Migrate)}").Only(ScenarioWords.Migrate);
        (int chip, int pin) = registers.ReadPin(map.Required("pin", "migrate"));
        YamlNode destination = map.Required("to", "migrate");
        uint to = (uint)Numbers.Read(destination, "a destination", 0, MaxPinDestination);
        int vector = map["vector"] is { } node ? Numbers.ReadVector(node) : -1;
        string anew = map["vector"] is { } written ? $" vector {Numbers.Written(written)}" : "";
        return (new MigrateCommand(chip, pin, to, vector), $"migrates pin {PinName(chip, pin)} to {Numbers.Written(destination)}{anew}");
    }

    // Several registers in one command make several steps, in the order of the file. So do several values of one
    // register.
    private void ReadAccesses(YamlScalar word, YamlNode value, bool faults, int cpu, List<Step> steps)
    {
        YamlMapping map = value.AsMapping("a map of registers and their values");
        if (map.Entries.Count == 0)
            throw map.Expected("one register or more");
        foreach (YamlEntry entry in map.Entries)
        {
            RegisterName register = registers.Read(entry.Key);
            if (register.Kind == RegisterKind.Host)
                throw entry.Key.Expected("it in an expectation; no CPU of the guest has such a register");
            if (faults && register.Kind is not (RegisterKind.Msr or RegisterKind.LocalApic or RegisterKind.Cr8))
                throw entry.Key.Expected("an MSR, a register of the local APIC or cr8, which alone can fault");
            if (entry.Value is YamlSequence several && word.Text != "change")
            {
                foreach (YamlNode item in several.Items)
                    steps.Add(ReadAccess(word, register, item, faults, cpu, item.At));
            }
            else
            {
                steps.Add(ReadAccess(word, register, entry.Value, faults, cpu, entry.Key.At));
            }
        }
    }

    private static CpuStep ReadAccess(YamlScalar word, RegisterName register, YamlNode value, bool faults, int cpu, FilePosition at)
    {
        string start = $"{Actors.CpuName(cpu)} {word.Text}s {register.Text}";
        if (word.Text == "read" && (faults || value is YamlScalar { IsNull: true }))
        {
            return value is YamlScalar { IsNull: true }
                ? new CpuStep(at, start, cpu, new ReadCommand(register, null, faults))
                : throw value.Expected("~ (nothing); a read that faults yields no value");
        }
        (RegisterValue number, string text) = RegisterValueReader.Read(value, register, word.Text switch
        {
            "write" => ValueUse.Write,
            "change" => ValueUse.Change,
            _ => ValueUse.Compare,
        });
        CpuCommand command = word.Text switch
        {
            "write" => new WriteCommand(register, number, faults),
            "change" => new ChangeCommand(register, number),
            _ => new ReadCommand(register, number),
        };
        string does = word.Text switch
        {
            "read" => start,
            "change" => $"{start} to {text}",
            _ => $"{start} {text}",
        };
        return new CpuStep(at, does, cpu, command);
    }

    private static string PinName(int chip, int pin) => chip == 0 ? $"{pin}" : $"ioapic{chip}.{pin}";
}
