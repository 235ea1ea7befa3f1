using System.Buffers.Binary;
using System.Text;

namespace Wirq.Tests.Qemu;

/// <summary>What the guest of <see cref="StubRom"/> is to do.</summary>
/// <param name="Kind"><see cref="StubRom.Read"/>, <see cref="StubRom.Write"/> or <see cref="StubRom.Take"/>.</param>
internal readonly record struct StubEntry(int Kind, uint Address, uint Value);

/// <summary>What came of it.</summary>
/// <param name="Result">What was read, or the vector that was taken.</param>
/// <param name="Time">The low half of the TSC before.</param>
internal readonly record struct StubResult(uint Result, uint Time);

/// <summary>A QEMU whose one CPU runs <see cref="StubRom"/>.</summary>
internal sealed class StubMachine : IDisposable
{
    private const int Capacity = 4000;

    private readonly string _rom = Path.GetTempFileName();
    private readonly QtestMachine _machine;

    internal StubMachine(params ReadOnlySpan<string> arguments)
    {
        File.WriteAllBytes(_rom, StubRom.Make());
        _machine = new QtestMachine(["-M", "pc,hpet=off", "-m", "16", "-bios", _rom, .. arguments], []);
    }

    internal QtestMachine Qtest => _machine;

    internal async Task<List<StubResult>> Do(IReadOnlyList<StubEntry> entries)
    {
        var results = new List<StubResult>(entries.Count);
        foreach (StubEntry[] chunk in entries.Chunk(Capacity))
            results.AddRange(await DoSome(chunk));
        return results;
    }

    private async Task<List<StubResult>> DoSome(StubEntry[] entries)
    {
        byte[] bytes = new byte[entries.Length * StubRom.EntrySize];
        for (int i = 0; i < entries.Length; i++)
        {
            Span<byte> entry = bytes.AsSpan(i * StubRom.EntrySize);
            BinaryPrimitives.WriteInt32LittleEndian(entry, entries[i].Kind);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[i].Address);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], entries[i].Value);
        }
        await _machine.Ask([$"write 0x{StubRom.Entries:x} 0x{bytes.Length:x} 0x{Convert.ToHexString(bytes)}",
            $"writel 0x{StubRom.CountAddress:x} {entries.Length}"]);
        for (int tries = 0; (await _machine.Ask([$"readl 0x{StubRom.CountAddress:x}"]))[0].Value != 0; tries++)
        {
            if (tries > 100_000)
                throw new InvalidOperationException("the guest does not come back");
        }
        string read = (await _machine.Ask([$"read 0x{StubRom.Entries:x} 0x{bytes.Length:x}"]))[0].Reply;
        bytes = Convert.FromHexString(read.AsSpan("OK 0x".Length));
        var results = new List<StubResult>(entries.Length);
        for (int i = 0; i < entries.Length; i++)
        {
            ReadOnlySpan<byte> entry = bytes.AsSpan(i * StubRom.EntrySize);
            results.Add(new(BinaryPrimitives.ReadUInt32LittleEndian(entry[StubRom.ResultOffset..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[StubRom.TimeOffset..])));
        }
        return results;
    }

    public void Dispose()
    {
        _machine.Dispose();
        File.Delete(_rom);
    }
}
