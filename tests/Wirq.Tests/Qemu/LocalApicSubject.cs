using System.Globalization;
using Wirq.Events;
using Wirq.Tests.LocalApic;

namespace Wirq.Tests.Qemu;

/// <summary>The kinds of operations on the local APIC.</summary>
internal enum LocalApicAction { Read, Write, Message, Take }

/// <summary>One operation on the local APIC.</summary>
/// <param name="Action">What is done.</param>
/// <param name="At">The offset of the register, or the low 20 bits of a message's address.</param>
/// <param name="Value">What is written, or a message's data.</param>
internal readonly record struct LocalApicOperation(LocalApicAction Action, uint At, uint Value)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Action} 0x{At:x} 0x{Value:x}");
}

/// <summary>The local APIC of one CPU, except for its timer, accessed by that CPU. Visible results: the values of
/// reads, and the vector that is taken. Messages are writes of the CPU, which QEMU treats as messages if they are
/// outside of the registers.</summary>
internal sealed class LocalApicSubject(StubMachine machine) : ISubject<LocalApicOperation>
{
    private const uint Page = 0xFEE00000, Nothing = StubRom.Nothing;
    private static readonly uint[] Vectors = [0x05, 0x1F, 0x20, 0x31, 0x41, 0x42, 0x51, 0xD1, 0xE0, 0xFF];
    private static readonly uint[] Readable =
    [
        ApicBench.Id, ApicBench.Version, ApicBench.Tpr, ApicBench.Ppr, ApicBench.Eoi, ApicBench.Ldr, ApicBench.Dfr, ApicBench.Svr,
        ApicBench.Esr, ApicBench.IcrLow, ApicBench.IcrHigh, ApicBench.Timer, ApicBench.Thermal, ApicBench.Performance,
        ApicBench.Lint0, ApicBench.Lint1, ApicBench.Error, ApicBench.InitialCount, ApicBench.Divide,
    ];

    private ApicBench _bench = New();

    /// <summary>Vectors that were taken.</summary>
    internal int Taken { get; private set; }

    public IReadOnlyList<LocalApicOperation> Preamble { get; } = MakePreamble();

    public void Restart() => _bench = New();

    public LocalApicOperation Draw(Random random) => random.Next(100) switch
    {
        < 20 => new(LocalApicAction.Take, 0, 0),
        < 40 => new(LocalApicAction.Message, Address(random), Data(random)),
        < 50 => new(LocalApicAction.Write, ApicBench.Eoi, 0),
        < 56 => new(LocalApicAction.Write, ApicBench.Tpr, (uint)random.Next(256)),
        < 60 => new(LocalApicAction.Write, ApicBench.IcrHigh, (uint)random.Next(4) << 24),
        < 66 => new(LocalApicAction.Write, ApicBench.IcrLow, Command(random)),
        < 70 => new(LocalApicAction.Write, ApicBench.Svr, 0xFFu | (random.Next(4) == 0 ? 0 : 0x100u)),
        < 72 => new(LocalApicAction.Write, ApicBench.Ldr, (uint)random.NextInt64(1L << 32)),
        < 74 => new(LocalApicAction.Write, ApicBench.Dfr, random.Next(2) == 0 ? 0xFFFFFFFF : 0x0FFFFFFF),
        < 76 => new(LocalApicAction.Write, ApicBench.Esr, (uint)random.Next(256)),
        < 80 => new(LocalApicAction.Write, Readable[^(3 + random.Next(6))], Entry(random)),
        < 92 => new(LocalApicAction.Read, Readable[random.Next(Readable.Length)], 0),
        _ => new(LocalApicAction.Read, ApicBench.Isr + 0x10 * (uint)random.Next(24), 0),
    };

    public async Task<IReadOnlyList<string>> Hear(IReadOnlyList<LocalApicOperation> operations)
    {
        StubEntry[] entries = [.. operations.Select(operation => operation.Action switch
        {
            LocalApicAction.Read => new StubEntry(StubRom.Read, Page + operation.At, 0),
            LocalApicAction.Take => new StubEntry(StubRom.Take, 0, 0),
            _ => new StubEntry(StubRom.Write, Page + operation.At, operation.Value),
        })];
        List<StubResult> results = await machine.Do(entries);
        return [.. operations.Select((operation, i) => Seen(operation, results[i].Result))];
    }

    public string Does(LocalApicOperation operation)
    {
        uint result = 0;
        switch (operation.Action)
        {
            case LocalApicAction.Read:
                result = _bench.Read(operation.At);
                break;
            case LocalApicAction.Write:
                _bench.Write(operation.At, operation.Value);
                break;
            case LocalApicAction.Message:
                if (new Msi(Page + operation.At, operation.Value).TryDecode(MsiFormat.Compatibility, out InterruptMessage message)
                    == RefusalReason.None)
                    _bench.Apics.Deliver(message, Origin.Device(0x10), _bench.Events);
                break;
            case LocalApicAction.Take:
                result = _bench.Apics.HasInterrupt(0) ? _bench.Take() : Nothing;
                Taken += result == Nothing ? 0 : 1;
                break;
        }
        _bench.Events.Clear();
        return Seen(operation, result);
    }

    private static ApicBench New() => new(profile: Profile.Qemu, enable: false);

    private static string Seen(LocalApicOperation operation, uint result) =>
        operation.Action is LocalApicAction.Read or LocalApicAction.Take
            ? string.Create(CultureInfo.InvariantCulture, $"0x{result:x}") : "";

    private static uint Vector(Random random) => Vectors[random.Next(Vectors.Length)];

    /// <summary>Fixed and LowestPriority: the other modes would stop the guest.</summary>
    private static uint Data(Random random) =>
        Vector(random) | (random.Next(4) == 0 ? 0x100u : 0) | (uint)random.Next(4) << 14;

    /// <summary>A destination of 0 to 3, or all, physical or logical, with or without a redirection hint.</summary>
    private static uint Address(Random random) =>
        (random.Next(5) is var to and < 4 ? (uint)to : 0xFF) << 12 | (uint)random.Next(4) << 2;

    private static uint Command(Random random) => Data(random) | (uint)random.Next(2) << 11 | (uint)random.Next(3) << 18;

    private static uint Entry(Random random) => (uint)random.NextInt64(1L << 32);

    private static List<LocalApicOperation> MakePreamble()
    {
        List<LocalApicOperation> preamble = [new(LocalApicAction.Write, ApicBench.Svr, 0x1FF), new(LocalApicAction.Write, ApicBench.Tpr, 0)];
        // All that is in service is ended, all that is pending is taken and ended, and TMR says edge of every vector.
        foreach (uint _ in Vectors)
            preamble.Add(new(LocalApicAction.Write, ApicBench.Eoi, 0));
        foreach (uint vector in Vectors)
            preamble.Add(new(LocalApicAction.Message, 0xFF000, vector));
        foreach (uint _ in Vectors)
            preamble.AddRange([new(LocalApicAction.Take, 0, 0), new(LocalApicAction.Write, ApicBench.Eoi, 0)]);
        foreach (uint entry in new[] { ApicBench.Timer, ApicBench.Thermal, ApicBench.Performance, ApicBench.Lint0, ApicBench.Lint1, ApicBench.Error })
            preamble.Add(new(LocalApicAction.Write, entry, 0x10000));
        preamble.AddRange([new(LocalApicAction.Write, ApicBench.Ldr, 0), new(LocalApicAction.Write, ApicBench.Dfr, 0xFFFFFFFF),
            new(LocalApicAction.Write, ApicBench.IcrHigh, 0), new(LocalApicAction.Write, ApicBench.IcrLow, 0x80041),
            new(LocalApicAction.Write, ApicBench.Divide, 0), new(LocalApicAction.Write, ApicBench.InitialCount, 0)]);
        return preamble;
    }
}
