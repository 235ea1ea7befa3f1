using System.Globalization;
using Wirq.Tests.Pic;

namespace Wirq.Tests.Qemu;

/// <summary>The kinds of operations on the pair of 8259s.</summary>
internal enum PicAction { Pin, Write, Read, Inta }

/// <summary>One operation on the pair.</summary>
/// <param name="Action">What is done.</param>
/// <param name="At">The port, or the IRQ.</param>
/// <param name="Value">The byte, or the level.</param>
internal readonly record struct PicOperation(PicAction Action, int At, int Value)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Action} 0x{At:x} 0x{Value:x}");
}

/// <summary>The pair of 8259s. Visible results: the values of reads; INTR and INT of the slave after every operation;
/// the vector of an INTA, which QEMU runs for an ExtINT entry of its I/OAPIC.</summary>
internal sealed class PicSubject(QtestMachine machine) : QtestSubject<PicOperation>(machine)
{
    private const string Master = "/machine/unattached/device[6]", Slave = "/machine/unattached/device[7]",
        IoApic = "/machine/i440fx/ioapic";
    private const int ExtIntPin = 23, SlaveFirst = 8, CascadePin = 2;
    private static readonly int[] Ports = [0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1];

    internal static readonly string[] Arguments = ["-M", "pc,hpet=off", "-S"],
        Traces = ["pic_set_irq", "pic_interrupt", "x86_pic_interrupt"];

    /// <summary>An edge ExtINT entry whose destination matches no CPU: each rise of its pin runs an INTA.</summary>
    internal static readonly string[] Before =
    [
        $"writel 0xfec00000 {0x10 + 2 * ExtIntPin + 1}", "writel 0xfec00010 0x7f000000",
        $"writel 0xfec00000 {0x10 + 2 * ExtIntPin}", "writel 0xfec00010 0x700",
    ];

    private PicBench _bench = new(Profile.Qemu);
    // The last printed levels: QEMU prints a level whenever it drives it.
    private bool _intr, _slaveInt;

    /// <summary>INTA cycles that took a request.</summary>
    internal int Taken { get; private set; }

    public override IReadOnlyList<PicOperation> Preamble { get; } = MakePreamble();

    public override void Restart()
    {
        _bench = new PicBench(Profile.Qemu);
        _bench.Events.Observing = false;
        _intr = _slaveInt = false;
    }

    public override PicOperation Draw(Random random)
    {
        int chip = random.Next(2) == 0 ? 0x20 : 0xA0;
        return random.Next(100) switch
        {
            < 35 => new(PicAction.Pin, Pin(random), random.Next(2)),
            < 50 => new(PicAction.Inta, 0, 0),
            < 60 => new(PicAction.Write, chip, random.Next(8) << 5 | random.Next(8)),
            < 66 => new(PicAction.Write, chip, 0x20),
            < 74 => new(PicAction.Write, chip, random.Next(256) & 0x6F | 0x08),
            < 80 => new(PicAction.Write, chip + 1, random.Next(256) & random.Next(256)),
            < 82 => new(PicAction.Write, Ports[4 + random.Next(2)], random.Next(256)),
            < 86 => new(PicAction.Write, chip, random.Next(256) | 0x10),
            < 89 => new(PicAction.Write, Ports[random.Next(6)], random.Next(256)),
            _ => new(PicAction.Read, Ports[random.Next(6)], 0),
        };
    }

    protected override void Ask(PicOperation operation, List<string> commands) => commands.Add(operation.Action switch
    {
        PicAction.Pin when operation.At < SlaveFirst => $"set_irq_in {Master} unnamed-gpio-in {operation.At} {operation.Value}",
        PicAction.Pin => $"set_irq_in {Slave} unnamed-gpio-in {operation.At - SlaveFirst} {operation.Value}",
        PicAction.Write => $"outb 0x{operation.At:x} 0x{operation.Value:x}",
        PicAction.Read => $"inb 0x{operation.At:x}",
        _ => $"set_irq_in {IoApic} unnamed-gpio-in {ExtIntPin} 1",
    });

    protected override string Heard(PicOperation operation, ReadOnlySpan<Answer> answers)
    {
        int vector = -1;
        foreach (string trace in answers[0].Traces)
        {
            if (trace.StartsWith("x86_pic_interrupt", StringComparison.Ordinal))
                _intr = trace.EndsWith('1');
            else if (trace.StartsWith("pic_set_irq master 1 irq 2 ", StringComparison.Ordinal))
                _slaveInt = trace.EndsWith('1');
            else if (trace.StartsWith("pic_interrupt", StringComparison.Ordinal))
                vector = int.Parse(trace.AsSpan(trace.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture);
        }
        int value = operation.Action switch
        {
            PicAction.Read => (int)answers[0].Value,
            PicAction.Inta => vector,
            _ => 0,
        };
        return Seen(value, _intr, _slaveInt);
    }

    public override string Does(PicOperation operation)
    {
        int value = 0;
        switch (operation.Action)
        {
            case PicAction.Pin:
                _bench.Pair.SetPin(operation.At, operation.Value != 0, _bench.Events);
                break;
            case PicAction.Write:
                _bench.Out((ushort)operation.At, operation.Value);
                break;
            case PicAction.Read:
                value = _bench.In((ushort)operation.At);
                break;
            case PicAction.Inta:
                ushort before = _bench.Pair.RequestRegister;
                value = _bench.Take();
                Taken += before != _bench.Pair.RequestRegister ? 1 : 0;
                break;
        }
        _bench.Events.Clear();
        return Seen(value, _bench.Pair.Intr, (_bench.Pair.State.Master.Pins & 1 << CascadePin) != 0);
    }

    private static string Seen(int value, bool intr, bool slaveInt) => string.Create(CultureInfo.InvariantCulture,
        $"0x{value:x2}{(intr ? " INTR" : "")}{(slaveInt ? " slave" : "")}");

    private static int Pin(Random random)
    {
        int pin = random.Next(15);
        return pin < CascadePin ? pin : pin + 1;
    }

    private static List<PicOperation> MakePreamble()
    {
        List<PicOperation> preamble = [new(PicAction.Write, 0x4D0, 0), new(PicAction.Write, 0x4D1, 0)];
        for (int irq = 0; irq < 2 * SlaveFirst; irq++)
        {
            if (irq != CascadePin)
                preamble.Add(new(PicAction.Pin, irq, 0));
        }
        // The slave first: its INT falls, and the master's ICW1 then clears its request.
        foreach ((int port, int vectors, int cascade) in new[] { (0xA0, 0x28, 2), (0x20, 0x20, 4) })
        {
            preamble.AddRange([new(PicAction.Write, port, 0x11), new(PicAction.Write, port + 1, vectors),
                new(PicAction.Write, port + 1, cascade), new(PicAction.Write, port + 1, 1)]);
        }
        preamble.Add(new(PicAction.Read, 0x20, 0));
        return preamble;
    }
}
