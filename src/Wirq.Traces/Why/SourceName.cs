using System.Globalization;

namespace Wirq.Traces.Why;

/// <summary>The kind of a source of interrupts.</summary>
public enum SourceClass : byte
{
    /// <summary>A line, <c>gsi:21</c>: the pins of the 8259 and of an I/OAPIC to which it is connected.</summary>
    Line,
    /// <summary>A pin of an I/OAPIC: <c>ioapic:21</c>, or <c>ioapic1:3</c> for an I/OAPIC after the first.</summary>
    Pin,
    /// <summary>A pin of the 8259 pair: <c>pic:4</c>.</summary>
    Irq,
    /// <summary>A message of a device: <c>msi:0xfee01000:0x4051</c>.</summary>
    Message,
    /// <summary>An entry of a remapping table: <c>irte:5</c>.</summary>
    Remapped,
    /// <summary>An entry of a local vector table: <c>lvt:timer@cpu0</c>.</summary>
    Local,
    /// <summary>Interprocessor interrupts that a CPU sends: <c>ipi:0xfb@cpu0</c>, or <c>ipi:nmi@cpu0</c>.</summary>
    Ipi,
    /// <summary>All that was delivered with a vector: <c>vector:0x51</c>. It is only a question.</summary>
    Vector,
    /// <summary>All that was delivered to a CPU, and its own interrupts: <c>cpu1</c>. It is only a question.</summary>
    Cpu,
}

/// <summary>The name of a source of interrupts.</summary>
/// <param name="Class">The kind of source.</param>
/// <param name="Unit">The I/OAPIC or CPU.</param>
/// <param name="Index">GSI, pin, IRQ, handle, <see cref="LocalVector"/> or vector.</param>
/// <param name="Address">Address of a message.</param>
/// <param name="Data">Data of a message; delivery mode of an IPI.</param>
public readonly record struct SourceName(SourceClass Class, int Unit, int Index, ulong Address = 0, uint Data = 0)
{
    /// <summary>The possible forms of a name, for an error message.</summary>
    public const string Forms = "ioapic:PIN, ioapicN:PIN, gsi:N, pic:IRQ, msi:ADDRESS:DATA (hex), irte:N, "
        + "lvt:timer@cpuN (or lint0, lint1, error, thermal, performance, cmci), ipi:VECTOR@cpuN, vector:V, cpuN; irqN is gsi:N, pinN is "
        + "ioapic:N";

    /// <summary>A line.</summary>
    public static SourceName Gsi(int gsi) => new(SourceClass.Line, 0, gsi);
    /// <summary>A pin of an I/OAPIC.</summary>
    public static SourceName Pin(int ioApic, int pin) => new(SourceClass.Pin, ioApic, pin);
    /// <summary>A pin of the 8259 pair.</summary>
    public static SourceName Irq(int irq) => new(SourceClass.Irq, 0, irq);
    /// <summary>An entry of a local vector table.</summary>
    public static SourceName Local(int cpu, LocalVector entry) => new(SourceClass.Local, cpu, (int)entry);
    /// <summary>An entry of a remapping table.</summary>
    public static SourceName Remapped(int index) => new(SourceClass.Remapped, 0, index);

    /// <summary>A message. The name of a message in remappable format is that of its entry.</summary>
    public static SourceName Message(Msi message)
    {
        if (!message.Address.Remappable)
            return new(SourceClass.Message, 0, 0, message.Address.Bits, message.Data.Bits);
        int index = message.Address.Handle;
        if (message.Address.SubhandleValid)
            index += (ushort)message.Data.Bits;
        return Remapped(index);
    }

    /// <summary>Interprocessor interrupts of a CPU.</summary>
    public static SourceName Ipi(int cpu, InterruptMessage message)
    {
        bool vectored = message.Mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority;
        return new(SourceClass.Ipi, cpu, vectored ? message.Vector : 0, 0, vectored ? 0 : (uint)message.Mode);
    }

    /// <summary>Reads a name. <c>irq4</c>, <c>pin:4</c>, <c>vec:51</c> and the like are read as what they mean.</summary>
    public static bool TryParse(string text, out SourceName name)
    {
        ArgumentNullException.ThrowIfNull(text);
        name = default;
        string[] parts = WithColon(text).Split(':');
        if (parts.Length is < 2 or > 3 || parts.Length == 3 && parts[0] != "msi")
            return false;
        string rest = parts[1];
        switch (parts[0])
        {
            case "msi" when parts.Length == 3:
                if (!TryHex(rest, out ulong address) || !TryHex(parts[2], out ulong data) || data > uint.MaxValue)
                    return false;
                name = new(SourceClass.Message, 0, 0, address, (uint)data);
                return true;
            case "vector" or "vec" when TryHex(rest, out ulong vector) && vector <= byte.MaxValue:
                name = new(SourceClass.Vector, 0, (int)vector);
                return true;
            case "cpu" when TryNumber(rest, out int cpu):
                name = new(SourceClass.Cpu, cpu, 0);
                return true;
            case "pin" when TryNumber(rest, out int pin):
                name = Pin(0, pin);
                return true;
            case "gsi" or "irq" when TryNumber(rest, out int gsi):
                name = Gsi(gsi);
                return true;
            case "pic" when TryNumber(rest, out int irq):
                name = Irq(irq);
                return true;
            case "irte" when TryNumber(rest, out int index):
                name = Remapped(index);
                return true;
            case "lvt":
                return TryLocal(rest, out name);
            case "ipi":
                return TryIpi(rest, out name);
            default:
                return TryPin(parts[0], rest, out name);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Class switch
    {
        SourceClass.Line => $"gsi:{Index}",
        SourceClass.Pin => Unit == 0 ? $"ioapic:{Index}" : $"ioapic{Unit}:{Index}",
        SourceClass.Irq => $"pic:{Index}",
        SourceClass.Message => $"msi:0x{Address:x8}:0x{Data:x4}",
        SourceClass.Remapped => $"irte:{Index}",
        SourceClass.Vector => $"vector:0x{Index:x2}",
        SourceClass.Cpu => $"cpu{Unit}",
        SourceClass.Local => $"lvt:{Word((LocalVector)Index)}@cpu{Unit}",
        _ => Data == 0 ? $"ipi:0x{Index:x2}@cpu{Unit}" : $"ipi:{Word((DeliveryMode)Data)}@cpu{Unit}",
    };

    /// <summary><c>irq4</c> is <c>irq:4</c>.</summary>
    private static string WithColon(string text)
    {
        text = text.ToLowerInvariant();
        int digits = text.AsSpan().IndexOfAnyInRange('0', '9');
        return digits <= 0 || text.Contains(':', StringComparison.Ordinal) || text.AsSpan(0, digits).ContainsAnyExceptInRange('a', 'z')
            ? text : $"{text[..digits]}:{text[digits..]}";
    }

    private static bool TryPin(string chip, string rest, out SourceName name)
    {
        const string prefix = "ioapic";
        name = default;
        int unit = 0;
        if (!chip.StartsWith(prefix, StringComparison.Ordinal)
            || chip.Length > prefix.Length && !TryNumber(chip[prefix.Length..], out unit)
            || !TryNumber(rest, out int pin))
            return false;
        name = Pin(unit, pin);
        return true;
    }

    private static bool TryLocal(string rest, out SourceName name)
    {
        name = default;
        if (!TryAtCpu(rest, out string word, out int cpu))
            return false;
        for (var entry = LocalVector.Cmci; entry <= LocalVector.Error; entry++)
        {
            if (word != Word(entry))
                continue;
            name = Local(cpu, entry);
            return true;
        }
        return false;
    }

    private static bool TryIpi(string rest, out SourceName name)
    {
        name = default;
        if (!TryAtCpu(rest, out string word, out int cpu))
            return false;
        for (var mode = DeliveryMode.LowestPriority; mode <= DeliveryMode.ExtInt; mode++)
        {
            if (word != Word(mode))
                continue;
            name = new(SourceClass.Ipi, cpu, 0, 0, (uint)mode);
            return true;
        }
        if (!TryHex(word, out ulong vector) || vector > byte.MaxValue)
            return false;
        name = new(SourceClass.Ipi, cpu, (int)vector);
        return true;
    }

    private static bool TryAtCpu(string rest, out string word, out int cpu)
    {
        const string mark = "@cpu";
        int at = rest.IndexOf(mark, StringComparison.Ordinal);
        (word, cpu) = (at < 0 ? rest : rest[..at], 0);
        return at >= 0 && TryNumber(rest[(at + mark.Length)..], out cpu);
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static bool TryHex(string text, out ulong number) => ulong.TryParse(
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text,
        NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);

    private static string Word(LocalVector entry) => entry switch
    {
        LocalVector.Cmci => "cmci",
        LocalVector.Timer => "timer",
        LocalVector.Thermal => "thermal",
        LocalVector.Performance => "performance",
        LocalVector.Lint0 => "lint0",
        LocalVector.Lint1 => "lint1",
        LocalVector.Error => "error",
        _ => $"entry{(int)entry}",
    };

    private static string Word(DeliveryMode mode) => mode switch
    {
        DeliveryMode.LowestPriority => "lowest-priority",
        DeliveryMode.Smi => "smi",
        DeliveryMode.Nmi => "nmi",
        DeliveryMode.Init => "init",
        DeliveryMode.StartUp => "startup",
        DeliveryMode.ExtInt => "extint",
        _ => "reserved",
    };
}
