using System.Globalization;
using System.Text;
using Wirq.Events;
using Wirq.State;
using Wirq.Tests.IoApics;

namespace Wirq.Tests.Qemu;

/// <summary>The kinds of operations on the I/OAPIC.</summary>
internal enum IoApicAction { Pin, Write, Read, Storm }

/// <summary>One operation on the I/OAPIC.</summary>
/// <param name="Action">What is done.</param>
/// <param name="At">The offset, or the pin.</param>
/// <param name="Size">Bytes of an access; of a storm, how often the EOI of the pin's vector is written while its line is
/// held.</param>
/// <param name="Value">What is written, the level, or the vector.</param>
internal readonly record struct IoApicOperation(IoApicAction Action, int At, int Size, uint Value)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Action} 0x{At:x} size {Size} 0x{Value:x}");
}

/// <summary>The I/OAPIC. Visible results: the values of reads, and the messages that are sent, in order.</summary>
internal sealed class IoApicSubject(QtestMachine machine) : QtestSubject<IoApicOperation>(machine)
{
    private const string Chip = "/machine/i440fx/ioapic";
    private const int Pins = 24, FirstEntry = 0x10, Select = 0x00, Window = 0x10, EndOfInterrupt = 0x40;
    private const uint Address = 0xFEC00000, PicIdle = 7;
    private static readonly uint[] Vectors = [0x31, 0x41, 0x42, 0x51, 0x08, 0xFF];
    private static readonly int[] FewPins = [0, 1, 2, 3, 9, 11, 23];

    // The 8259 has everything masked, so that the INTA of an ExtINT entry gets the spurious 7 of a chip without vectors.
    internal static readonly string[] Arguments = ["-M", "pc,hpet=off", "-S"], Traces = ["apic_deliver_irq"],
        Before = ["outb 0x21 0xff", "outb 0xa1 0xff"];

    private ChipBench _bench = ChipBench.Of(Profile.Qemu);

    public override IReadOnlyList<IoApicOperation> Preamble { get; } = MakePreamble();

    public override void Restart()
    {
        _bench = ChipBench.Of(Profile.Qemu);
        _bench.Events.Observing = false;
    }

    /// <summary>Messages that were sent.</summary>
    internal int Sent { get; private set; }

    public override IoApicOperation Draw(Random random) => random.Next(10_000) == 0
        ? new(IoApicAction.Storm, Pin(random), random.Next(9_998, 10_002), 0)
        : random.Next(1000) switch
    {
        < 350 => new(IoApicAction.Pin, Pin(random), 0, (uint)random.Next(2)),
        < 500 => Write(Select, Register(random)),
        < 700 => Write(Window, Entry(random)),
        < 850 => Write(EndOfInterrupt, Vectors[random.Next(Vectors.Length)]),
        < 950 => new(IoApicAction.Read, Window, 4, 0),
        < 980 => new(random.Next(2) == 0 ? IoApicAction.Read : IoApicAction.Write, Offset(random), 1 << random.Next(3),
            (uint)random.NextInt64(1L << 32)),
        _ => Write(Window, (uint)random.NextInt64(1L << 32)),
    };

    protected override void Ask(IoApicOperation operation, List<string> commands)
    {
        char width = operation.Size switch { 1 => 'b', 2 => 'w', _ => 'l' };
        switch (operation.Action)
        {
            case IoApicAction.Pin:
                commands.Add($"set_irq_in {Chip} unnamed-gpio-in {operation.At} {operation.Value}");
                break;
            case IoApicAction.Write:
                commands.Add($"write{width} 0x{Address + operation.At:x} 0x{operation.Value & Mask(operation.Size):x}");
                break;
            case IoApicAction.Read:
                commands.Add($"read{width} 0x{Address + operation.At:x}");
                break;
            default:
                foreach (IoApicOperation part in Parts(operation))
                    Ask(part, commands);
                break;
        }
    }

    protected override string Heard(IoApicOperation operation, ReadOnlySpan<Answer> answers)
    {
        var seen = new StringBuilder();
        if (operation.Action == IoApicAction.Read)
            seen.Append(CultureInfo.InvariantCulture, $"0x{answers[0].Value:x}");
        foreach (Answer answer in answers)
        {
            foreach (string trace in answer.Traces)
            {
                if (trace.StartsWith("apic_deliver_irq ", StringComparison.Ordinal))
                    seen.Append(' ').Append(trace.AsSpan("apic_deliver_irq ".Length));
            }
        }
        return seen.ToString();
    }

    public override string Does(IoApicOperation operation)
    {
        var seen = new StringBuilder();
        uint value = operation.Value & Mask(operation.Size);
        switch (operation.Action)
        {
            case IoApicAction.Pin:
                _bench.Pin(operation.At, operation.Value != 0);
                break;
            case IoApicAction.Write when _bench.Chip.Has((uint)operation.At, operation.Size):
                _bench.Register((uint)operation.At, value);
                break;
            case IoApicAction.Read:
                bool has = _bench.Chip.Has((uint)operation.At, operation.Size);
                seen.Append(CultureInfo.InvariantCulture, $"0x{(has ? _bench.Chip.Read((uint)operation.At) : 0):x}");
                break;
            case IoApicAction.Storm:
                foreach (IoApicOperation part in Parts(operation))
                    seen.Append(Does(part));
                break;
        }
        Carry(seen);
        return seen.ToString();
    }

    /// <summary>A storm at a pin whose vector no other pin has: the behaviour of QEMU with two such pins, one of them
    /// held by the brake, is not modelled (docs/profiles.md, StormEndsForAll).</summary>
    private static IEnumerable<IoApicOperation> Parts(IoApicOperation storm)
    {
        const uint level = 1 << 15, firstVector = 0x60;
        uint vector = firstVector + (uint)storm.At;
        yield return new(IoApicAction.Pin, storm.At, 0, 1);
        yield return Write(Select, (uint)(FirstEntry + 2 * storm.At));
        yield return Write(Window, vector | level);
        yield return new(IoApicAction.Pin, storm.At, 0, 1);
        for (int i = 0; i < storm.Size; i++)
            yield return Write(EndOfInterrupt, vector);
    }

    /// <summary>Acts as the local APICs: they accept each message at once.</summary>
    private void Carry(StringBuilder seen)
    {
        while (_bench.Events.TryTake(out Event e))
        {
            if (e.Kind != EventKind.Deliver)
                continue;
            PinWork work = default;
            _bench.Chip.Accepted(e.Pin, e.Msi, RefusalReason.None, _bench.Events, ref work);
            _bench.Carry(work);
            MsiAddress address = e.Msi.Address;
            MsiData data = e.Msi.Data;
            // Below 0x1000 only register 0 of a local APIC is a message to QEMU; the rest are its registers.
            if (address.Destination(MsiFormat.Compatibility) == 0 && (address.Bits & 0xFF0) != 0)
                continue;
            Sent++;
            uint vector = data.Mode == DeliveryMode.ExtInt ? PicIdle : data.Vector;
            seen.Append(CultureInfo.InvariantCulture, $" dest {address.Destination(MsiFormat.Compatibility)} dest_mode "
                + $"{(address.Logical ? 1 : 0)} delivery_mode {(int)data.Mode} vector {vector} trigger_mode {(data.Level ? 1 : 0)}");
        }
    }

    private static uint Mask(int size) => size == 4 ? uint.MaxValue : (1u << 8 * size) - 1;

    private static IoApicOperation Write(int offset, uint value) => new(IoApicAction.Write, offset, 4, value);

    private static int Pin(Random random) =>
        random.Next(4) != 0 ? FewPins[random.Next(FewPins.Length)] : random.Next(Pins);

    private static uint Register(Random random) => random.Next(10) switch
    {
        0 => (uint)random.Next(4),
        1 => (uint)random.NextInt64(1L << 32),
        < 4 => (uint)(FirstEntry + 2 * Pin(random) + 1),
        _ => (uint)(FirstEntry + 2 * Pin(random)),
    };

    /// <summary>The low half of an entry, mostly fixed, mostly unmasked; as a high half, some destination.</summary>
    private static uint Entry(Random random)
    {
        uint vector = Vectors[random.Next(Vectors.Length)], mode = random.Next(3) == 0 ? (uint)random.Next(8) : 0;
        uint level = (uint)random.Next(2), masked = random.Next(4) == 0 ? 1u : 0, others = (uint)random.Next(16);
        return vector | mode << 8 | (others & 7) << 11 | level << 15 | masked << 16 | (others >> 3) << 24;
    }

    private static int Offset(Random random)
    {
        int register = random.Next(5) switch { 0 => Select, 1 => Window, 2 => EndOfInterrupt, 3 => 0x20, _ => random.Next(64) * 4 };
        return random.Next(2) == 0 ? register : register + 0x100 * random.Next(16);
    }

    private static List<IoApicOperation> MakePreamble()
    {
        List<IoApicOperation> preamble = [];
        for (int pin = 0; pin < Pins; pin++)
        {
            // A level entry whose line falls has no request, an edge entry no Remote IRR.
            preamble.AddRange([Write(Select, (uint)(FirstEntry + 2 * pin)), Write(Window, 0x18000),
                new(IoApicAction.Pin, pin, 0, 0), Write(Window, 0x10000),
                Write(Select, (uint)(FirstEntry + 2 * pin + 1)), Write(Window, 0)]);
        }
        // Pin 0 is pin 2, which was fallen before its entry was a level one.
        preamble.AddRange([Write(Select, 0), Write(Window, 0)]);
        return preamble;
    }
}
