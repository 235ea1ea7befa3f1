using System.Globalization;
using Wirq.Events;
using Wirq.Remapping.VtD;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Consecutive bits of a register that contain consecutive bits of a field's value.</summary>
/// <param name="Bit">Lowest bit in the register.</param>
/// <param name="Width">Number of bits.</param>
/// <param name="ValueBit">Lowest bit in the value.</param>
internal readonly record struct Piece(int Bit, int Width, int ValueBit = 0)
{
    private ulong Ones => Width == 64 ? ulong.MaxValue : (1ul << Width) - 1;
    internal ulong RegisterMask => Ones << Bit;
    internal ulong ValueMask => Ones << ValueBit;
    internal ulong Place(ulong value) => (value >> ValueBit & Ones) << Bit;
    internal ulong ValueIn(ulong register) => (register >> Bit & Ones) << ValueBit;
}

/// <summary>A named field of a register.</summary>
internal sealed record Field(string Name, Piece[] Pieces, WordList<ulong>? Words = null, string? Label = null, bool IsRequester = false)
{
    internal ulong Mask => Pieces.Aggregate(0ul, (mask, piece) => mask | piece.RegisterMask);
    private ulong ValueMask => Pieces.Aggregate(0ul, (mask, piece) => mask | piece.ValueMask);
    private bool IsFlag => Pieces is [{ Width: 1 }] && Words is null;

    /// <summary>Reads a value of the field: a number, one of its words, or true or false for a single bit.</summary>
    internal (ulong Bits, string Text) Read(YamlNode node)
    {
        YamlScalar scalar = node.AsScalar(Expected);
        ulong value;
        if (IsRequester)
            return (Place(RemappingReader.ReadRequester(scalar)), $"{Name} {scalar.Text}");
        if (Words is not null && Words.TryFind(scalar.Text, out value))
            return (Place(value), scalar.Text);
        if (IsFlag && scalar.Text is "true" or "false" or "0" or "1")
        {
            bool set = scalar.Text is "true" or "1";
            return (Place(set ? 1u : 0), set ? Name : "not " + Name);
        }
        if (!Numbers.TryParse(scalar.Text, out value) || (value & ~ValueMask) != 0)
            throw Words is null ? Reading.Words.Unknown(scalar, Expected, IsFlag ? ["true", "false"] : []) : Reading.Words.Unknown(scalar, [.. Words.Words, Range]);
        return (Place(value), $"{Label ?? Name} {scalar.Text}");
    }

    /// <summary>The field of a register's value, in words.</summary>
    internal string Describe(ulong register)
    {
        ulong value = Pieces.Aggregate(0ul, (bits, piece) => bits | piece.ValueIn(register));
        if (IsFlag)
            return value != 0 ? $"{Name} set" : $"{Name} clear";
        if (IsRequester)
            return $"{Name} {Origin.Device((ushort)value)}";
        string? word = Words?.Words.FirstOrDefault(word => Words.TryFind(word, out ulong named) && named == value);
        return word ?? $"{Label ?? Name} {(Name == "vector" ? Numbers.ShowVector((int)value) : Numbers.Show(value))}";
    }

    private ulong Place(ulong value) => Pieces.Aggregate(0ul, (bits, piece) => bits | piece.Place(value));

    private string Expected => IsFlag ? $"{Name}: true or false"
        : Words is not null ? $"{Name}: one of {Reading.Words.Join([.. Words.Words, Range])}"
        : $"{Name}: {Range}";

    private string Range
    {
        get
        {
            ulong unit = ValueMask & ~(ValueMask - 1);
            string range = $"a number, 0 to {Numbers.Show(ValueMask)}";
            return unit == 1 ? range : range + string.Create(CultureInfo.InvariantCulture, $", a multiple of 0x{unit:x}");
        }
    }

    /// <summary>The part of the field in the half of the register that begins at <paramref name="start"/>; null if it
    /// is in the other half.</summary>
    internal Field? Within(int start, int width)
    {
        Piece[] inside = [.. Pieces.Where(piece => piece.Bit >= start && piece.Bit + piece.Width <= start + width)];
        return inside.Length == Pieces.Length
            ? this with { Pieces = [.. inside.Select(piece => piece with { Bit = piece.Bit - start })] }
            : null;
    }
}

/// <summary>The fields of a register.</summary>
internal sealed class FieldMap(params Field[] fields)
{
    internal IReadOnlyList<Field> Fields { get; } = fields;
    internal IReadOnlyList<string> Names { get; } = [.. fields.Select(field => field.Name)];

    internal Field? Find(string name) => Fields.FirstOrDefault(field => field.Name == name);

    internal FieldMap Within(int start, int width) =>
        new([.. Fields.Select(field => field.Within(start, width)).OfType<Field>()]);
}

/// <summary>Every register whose fields have names.</summary>
internal static class RegisterFields
{
    internal static WordList<ulong> Modes { get; } = new(
        ("fixed", (ulong)DeliveryMode.Fixed), ("lowest-priority", (ulong)DeliveryMode.LowestPriority),
        ("smi", (ulong)DeliveryMode.Smi), ("nmi", (ulong)DeliveryMode.Nmi), ("init", (ulong)DeliveryMode.Init),
        ("start-up", (ulong)DeliveryMode.StartUp), ("extint", (ulong)DeliveryMode.ExtInt));

    internal static WordList<ulong> TimerModes { get; } = new(("one-shot", 0), ("periodic", 1), ("tsc-deadline", 2));

    internal static WordList<ulong> Shorthands { get; } = new(("none", 0), ("self", 1), ("all", 2), ("others", 3));

    private static readonly Field
        Vector = new("vector", [new(0, 8)]),
        Mode = new("mode", [new(8, 3)], Modes),
        Logical = Flag("logical", 11),
        DeliveryStatus = Flag("delivery-status", 12),
        ActiveLow = Flag("active-low", 13),
        RemoteIrr = Flag("remote-irr", 14),
        Level = Flag("level", 15),
        Masked = Flag("masked", 16);

    /// <summary>A redirection entry (82093AA, 3.2.4; VT-d specification, 5.1.5.1 for the remappable format).</summary>
    internal static FieldMap Entry { get; } = new(
        Vector, Mode, new("destination", [new(56, 8), new(49, 7, 8)], Label: "to"), Logical, Level, ActiveLow, Masked,
        RemoteIrr, DeliveryStatus, Flag("remappable", 48), new("handle", [new(49, 15), new(11, 1, 15)]));

    internal static FieldMap EntryLow { get; } = Entry.Within(0, 32);
    internal static FieldMap EntryHigh { get; } = Entry.Within(32, 32);

    /// <summary>An entry of the local vector table (Intel SDM vol. 3, 11.5.1).</summary>
    internal static FieldMap LocalVector { get; } = new(
        Vector, Mode, Level, ActiveLow, Masked, new("timer-mode", [new(17, 2)], TimerModes), RemoteIrr, DeliveryStatus);

    /// <summary>The spurious-interrupt vector register (Intel SDM vol. 3, 11.9).</summary>
    internal static FieldMap SpuriousVector { get; } = new(
        Vector, Flag("enabled", 8), Flag("focus", 9), Flag("suppress-eoi-broadcast", 12));

    /// <summary>The interrupt command register in the layout of x2APIC mode (Intel SDM vol. 3, 11.12.9).</summary>
    internal static FieldMap InterruptCommand { get; } = new(
        Vector, new("to", [new(32, 32)]), Mode, Logical, new("shorthand", [new(18, 2)], Shorthands), Level,
        Flag("assert", 14));

    internal static FieldMap InterruptCommandLow { get; } = InterruptCommand.Within(0, 32);

    /// <summary>IA32_APIC_BASE (Intel SDM vol. 3, 11.4.4 and 11.12.1).</summary>
    internal static FieldMap ApicBase { get; } = new(
        new("base", [new(12, 40, 12)]), Flag("bsp", 8), Flag("x2apic", 10), Flag("enabled", 11));

    /// <summary>GCMD_REG and GSTS_REG (VT-d specification, 11.4, here and below).</summary>
    internal static FieldMap GlobalCommand { get; } = new(
        Flag("translation", 31), Flag("root", 30), Flag("queue", 26), Flag("remapping", 25), Flag("table", 24),
        Flag("compatibility", 23));

    /// <summary>FSTS_REG.</summary>
    internal static FieldMap FaultStatus { get; } = new(
        Flag("overflow", 0), Flag("pending", 1), Flag("queue-error", 4), new("record", [new(8, 8)]));

    /// <summary>FECTL_REG and IECTL_REG.</summary>
    internal static FieldMap EventControl { get; } = new(Flag("masked", 31), Flag("pending", 30));

    /// <summary>IRTA_REG.</summary>
    internal static FieldMap TableAddress { get; } = new(
        new("address", [new(12, 52, 12)]), Flag("extended", 11), new("size", [new(0, 4)]));

    /// <summary>A fault recording register, lower and upper half.</summary>
    internal static FieldMap FaultRecordLow { get; } = new(new Field("index", [new(48, 16)]));

    /// <inheritdoc cref="FaultRecordLow"/>
    internal static FieldMap FaultRecordHigh { get; } = new(
        Flag("fault", 63), new("reason", [new(32, 8)]), new("source", [new(0, 16)], IsRequester: true));

    /// <summary>The word of a port in Xen's FIFO ABI.</summary>
    internal static FieldMap EventWord { get; } = new(
        Flag("pending", 31), Flag("masked", 30), Flag("linked", 29), Flag("busy", 28), new("link", [new(0, 17)]));

    /// <summary>All of them, by their names in the documentation.</summary>
    internal static IReadOnlyDictionary<string, FieldMap> All { get; } = new Dictionary<string, FieldMap>
    {
        ["rte"] = Entry, ["lvt"] = LocalVector, ["svr"] = SpuriousVector, ["icr"] = InterruptCommand,
        ["apic-base"] = ApicBase, ["gcmd"] = GlobalCommand, ["gsts"] = GlobalCommand, ["fsts"] = FaultStatus,
        ["fectl"] = EventControl, ["iectl"] = EventControl, ["irta"] = TableAddress, ["frcd.low"] = FaultRecordLow,
        ["frcd.high"] = FaultRecordHigh, ["xen.word"] = EventWord,
    };

    private static Field Flag(string name, int bit) => new(name, [new(bit, 1)]);

    /// <summary>The fields of a register, if they have names.</summary>
    internal static FieldMap? Of(RegisterName register)
    {
        ulong number = register.Number;
        return register.Kind switch
        {
            RegisterKind.Entry => Entry,
            RegisterKind.EntryLow => EntryLow,
            RegisterKind.EntryHigh => EntryHigh,
            RegisterKind.IoApicIndex when number >= IoApic.FirstEntryIndex => number % 2 == 0 ? EntryLow : EntryHigh,
            RegisterKind.LocalApic => OfLocalApic((ApicRegister)number, register.Size),
            RegisterKind.Msr when number is >= ApicMsr.FirstX2Apic and <= ApicMsr.LastX2Apic =>
                OfLocalApic(ApicMsr.RegisterOf((uint)number), register.Size),
            RegisterKind.Msr when number == ApicMsr.Base => ApicBase,
            RegisterKind.Vtd => OfUnit(number),
            RegisterKind.Xen when register.Unit == (int)XenWord.Event => EventWord,
            _ => null,
        };
    }

    private static FieldMap? OfUnit(ulong offset) => offset switch
    {
        VtdOffset.GlobalCommand or VtdOffset.GlobalStatus => GlobalCommand,
        VtdOffset.FaultStatus => FaultStatus,
        VtdOffset.FaultControl or VtdOffset.CompletionControl => EventControl,
        VtdOffset.TableAddress => TableAddress,
        >= VtdUnit.FaultRecordOffset => offset % FaultRecord.Size == 0 ? FaultRecordLow : FaultRecordHigh,
        _ => null,
    };

    // The name ICR means both halves. Its offset means only the low half, which has no "to".
    private static FieldMap? OfLocalApic(ApicRegister register, int size) => register switch
    {
        ApicRegister.SpuriousVector => SpuriousVector,
        _ when ApicRegisters.IsLocalVector(register, out _) => LocalVector,
        ApicRegister.CommandLow => size == sizeof(ulong) ? InterruptCommand : InterruptCommandLow,
        _ => null,
    };
}
