using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Snapshots.Qemu;

/// <summary>A guest in QEMU is stopped and saved, and the command says of the file what QEMU's own monitor says at the
/// stop. <c>WIRQ_WRITE_STREAMS=1</c> writes the two that are kept anew.</summary>
public sealed partial class QemuStreamTests : IDisposable
{
    private static readonly string? s_absence = StoppedGuest.Absence();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-streams-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("NoEoi", "pc", 1, 1, "owed: 0x44@cpu0 no-eoi", "owed: ioapic:4 remote-irr")]
    [InlineData("NoEoi", "q35", 1, 1, "owed: 0x44@cpu0 no-eoi", "owed: ioapic:4 remote-irr")]
    [InlineData("LostEoi", "pc", 1, 1, "owed: ioapic:4 remote-irr")]
    [InlineData("Deaf", "pc", 1, 1, "owed: 0x44@cpu0 interrupts-off", "owed: ioapic:4 remote-irr")]
    [InlineData("MaskedPin", "pc", 1, 1, "owed: ioapic:4 pin-masked")]
    [InlineData("Idle", "q35", 2, 0)]
    [InlineData("PicWithoutEoi", "pc", 1, 1, "owed: pic:4 no-eoi")]
    [InlineData("PicWithoutEoi", "q35", 1, 1, "owed: pic:4 no-eoi")]
    [InlineData("OnTheOtherCpu", "pc", 2, 1, "owed: 0x44@cpu1 no-eoi", "owed: ioapic:4 remote-irr")]
    [InlineData("OnTheOtherCpu", "q35", 2, 1, "owed: 0x44@cpu1 no-eoi", "owed: ioapic:4 remote-irr")]
    public async Task What_is_said_of_a_stream_is_what_the_monitor_says_at_the_stop(string guest, string machine, int cpus, int exit, params string[] found)
    {
        Assert.SkipWhen(s_absence is not null, s_absence ?? "");
        string file = Path.Combine(_folder.FullName, guest);
        using StoppedGuest stopped = await StoppedGuest.Run(FirmwareOf(guest), machine, cpus, resting: guest == "OnTheOtherCpu" ? 2 : 1);
        string pic = await stopped.Monitor("info pic");
        var apics = new List<string>();
        for (int cpu = 0; cpu < cpus; cpu++)
            apics.Add(await stopped.Monitor($"info lapic {cpu}"));
        await stopped.Save(file);

        CommandRun shown = CommandRun.Of("snapshot", "show", file, "--json"), why = CommandRun.Of("why", file, "--json");
        Assert.Equal((0, ""), (shown.ExitCode, shown.Errors));
        Assert.Equal((exit, ""), (why.ExitCode, why.Errors));
        using var state = JsonDocument.Parse(shown.Output);
        AssertSame(state.RootElement, pic, apics);
        using var answer = JsonDocument.Parse(why.Output);
        Assert.Equal(found, FindingsOf(answer.RootElement));
    }

    [Fact]
    public async Task Memory_in_a_stream_changes_nothing()
    {
        Assert.SkipWhen(s_absence is not null, s_absence ?? "");
        string without = Path.Combine(_folder.FullName, "without"), packed = Path.Combine(_folder.FullName, "packed");
        using StoppedGuest stopped = await StoppedGuest.Run(Guests.NoEoi(), "pc");
        await stopped.Save(without);
        CommandRun why = CommandRun.Of("why", without);
        string with = Path.Combine(_folder.FullName, "with");
        using StoppedGuest again = await StoppedGuest.Run(Guests.NoEoi(), "pc");
        await again.Save(with, memory: true);
        using (FileStream from = File.OpenRead(with), to = File.Create(packed))
        using (var gzip = new GZipStream(to, CompressionLevel.Fastest))
            await from.CopyToAsync(gzip, TestContext.Current.CancellationToken);
        Assert.True(new FileInfo(with).Length > new FileInfo(without).Length);
        Assert.Equal(Sentences(why.Output), Sentences(CommandRun.Of("why", with).Output));
        Assert.Equal(Sentences(why.Output), Sentences(CommandRun.Of("why", packed).Output));
    }

    [Fact]
    public async Task The_streams_that_are_kept_are_written_anew_on_demand()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("WIRQ_WRITE_STREAMS") == "1", "WIRQ_WRITE_STREAMS=1 writes the kept streams anew");
        foreach (string guest in new[] { "LostEoi", "PicWithoutEoi" })
        {
            using StoppedGuest stopped = await StoppedGuest.Run(FirmwareOf(guest), "pc");
            await stopped.Save(KeptStreamTests.PathOf(guest), packed: true);
            Assert.Equal(guest == "LostEoi", (await stopped.Monitor("info pic")).Contains("Remote IRR 4", StringComparison.Ordinal));
        }
    }

    internal static string[] FindingsOf(JsonElement answer) =>
        [.. from kind in new[] { "owed", "unknown", "masked", "inFlight" }
            from one in answer.GetProperty(kind).EnumerateArray()
            select $"{kind}: {one.GetProperty("source").GetString()} {one.GetProperty("gate").GetString()}"];

    private static string[] Sentences(string text) => [.. text.Split('\n').Where(line => !line.Contains(", byte ", StringComparison.Ordinal))];

    private static byte[] FirmwareOf(string guest) => guest switch
    {
        "NoEoi" => Guests.NoEoi(),
        "LostEoi" => Guests.LostEoi(),
        "Deaf" => Guests.Deaf(),
        "MaskedPin" => Guests.MaskedPin(),
        "Idle" => Guests.Idle(),
        "PicWithoutEoi" => Guests.PicWithoutEoi(),
        _ => Guests.OnTheOtherCpu(),
    };

    private static void AssertSame(JsonElement state, string pic, List<string> apics)
    {
        for (int chip = 0; chip < 2; chip++)
        {
            Match said = Chip8259().Matches(pic).Single(match => match.Groups["chip"].Value == $"{chip}");
            foreach (string register in new[] { "irr", "imr", "isr", "elcr" })
                Assert.Equal(Hex(said.Groups[register].Value), Number(state.GetProperty("pics")[chip].GetProperty(register)));
        }
        JsonElement ioApic = state.GetProperty("ioApics")[0];
        Match[] entries = [.. EntryOfPin().Matches(pic).Cast<Match>()];
        Assert.Equal(24, entries.Length);
        ulong remote = 0, requested = Bits(Requested().Match(pic).Groups[1].Value);
        for (int pin = 0; pin < entries.Length; pin++)
        {
            const int remoteIrr = 14;
            ulong entry = Number(ioApic.GetProperty("entries")[pin].GetProperty("bits"));
            Assert.Equal(Hex(entries[pin].Groups[1].Value), entry);
            remote |= (entry >> remoteIrr & 1) << pin;
        }
        Assert.Equal(Bits(Remote().Match(pic).Groups[1].Value), remote);
        Assert.Equal(requested, Number(ioApic.GetProperty("asking")));
        Assert.Equal(apics.Count, state.GetProperty("cpus").GetArrayLength());
        for (int cpu = 0; cpu < apics.Count; cpu++)
        {
            foreach (string register in new[] { "IRR", "ISR" })
            {
                string said = Regex.Match(apics[cpu], $"^{register}\\s+(.*)$", RegexOptions.Multiline).Groups[1].Value;
                string[] has = [.. state.GetProperty("cpus")[cpu].GetProperty(register.ToLowerInvariant()).GetProperty("value").EnumerateArray().Select(one => one.ToString())];
                Assert.Equal([.. Decimal().Matches(said).Select(vector => vector.Value)], has);
            }
        }
    }

    private static ulong Number(JsonElement told) => told.GetProperty("value") is { ValueKind: JsonValueKind.String } text
        ? Hex(text.GetString()![2..]) : told.GetProperty("value").GetUInt64();

    private static ulong Hex(string digits) => ulong.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static ulong Bits(string numbers) => Decimal().Matches(numbers).Aggregate(0ul, (bits, number) => bits | 1ul << int.Parse(number.Value, CultureInfo.InvariantCulture));

    [GeneratedRegex("^pic(?<chip>[01]): irr=(?<irr>\\w+) imr=(?<imr>\\w+) isr=(?<isr>\\w+) .*elcr=(?<elcr>\\w+)", RegexOptions.Multiline)]
    private static partial Regex Chip8259();

    [GeneratedRegex("^\\s*pin \\d+\\s+0x(\\w+)", RegexOptions.Multiline)]
    private static partial Regex EntryOfPin();

    [GeneratedRegex("^\\s*IRR\\s+(.*)$", RegexOptions.Multiline)]
    private static partial Regex Requested();

    [GeneratedRegex("^\\s*Remote IRR\\s+(.*)$", RegexOptions.Multiline)]
    private static partial Regex Remote();

    [GeneratedRegex("\\d+")]
    private static partial Regex Decimal();
}
