using System.IO.Compression;
using System.Text;
using Wirq.Traces.Qemu;
using static Wirq.Traces.Tests.Qemu.HostileTests;

namespace Wirq.Traces.Tests.Qemu;

public class GzipTests(ITestOutputHelper output)
{
    private const int Step = 97, TrailerLength = 8;

    /// <summary>Bytes of text that are lost because they are decompressed together with a damage.</summary>
    private const int MostLost = 1024;

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.Optimal)]
    [InlineData(CompressionLevel.SmallestSize)]
    public void A_compressed_log_reads_like_a_plain_one(CompressionLevel level)
    {
        string text = Text(50_000);
        Assert.Equal(LineTests.ReadAll(text).Lines, LineTests.ReadAll(Gzip(text, level)).Lines);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(1000)]
    public void A_short_log_reads_like_a_plain_one(int lines)
    {
        string text = Text(lines);
        Assert.Equal(LineTests.ReadAll(text).Lines, LineTests.ReadAll(Gzip(text)).Lines);
    }

    [Fact]
    public void Noise_decompresses_to_what_it_was()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        // Letters of very different frequency have long codes.
        var text = new StringBuilder();
        for (int i = 0; i < 200_000; i++)
            text.Append((char)(32 + (int)(Math.Pow(random.NextDouble(), 12) * 94)));
        string noise = text.ToString();
        string log = $"{noise[..60_000]}\n{Text(10)}{noise[..60_000]}\n{noise[100_000..160_000]}\n{Text(10)}";
        Assert.Equal(LineTests.ReadAll(log).Lines, LineTests.ReadAll(Gzip(log)).Lines);
    }

    [Fact]
    public void Several_members_are_one_log()
    {
        string text = Text(3000);
        byte[] members = [.. Gzip(text[..10_001]), .. Gzip(""), .. Gzip(text[10_001..])];
        Assert.Equal(LineTests.ReadAll(text).Lines, LineTests.ReadAll(members).Lines);
    }

    [Fact]
    public void A_header_may_have_every_field()
    {
        string text = Text(30);
        byte[] plain = Gzip(text);
        const byte allFields = 0x1F;
        byte[] header = [.. plain[..3], allFields, .. plain[4..10], 3, 0, 1, 2, 3, (byte)'n', 0, (byte)'c', 0];
        // The header's checksum is half of the one that its bytes would have as a text.
        byte[] checksum = Gzip(header)[^TrailerLength..][..2];
        byte[] full = [.. header, .. checksum, .. plain[10..]];
        Assert.Equal(LineTests.ReadAll(text).Lines, LineTests.ReadAll(full).Lines);
    }

    [Theory]
    [InlineData(1 << 13)]
    [InlineData(1 << 16)]
    public void A_member_may_end_anywhere_in_what_is_read_at_once(int boundary)
    {
        string text = Text(30);
        byte[] plain = Gzip(text);
        List<TraceLine> twice = LineTests.ReadAll(text + text).Lines;
        for (int end = boundary - 20; end <= boundary + 20; end++)
        {
            byte[] first = WithName(plain, end - plain.Length);
            Assert.Equal(end, first.Length);
            Assert.Equal(twice[..30], LineTests.ReadAll(first).Lines);
            Assert.Equal(twice, LineTests.ReadAll([.. first, .. plain]).Lines);
            Assert.Equal(twice[..30], ReadDamaged(first[..^1]).Lines);
            Assert.Equal(twice[..30], ReadDamaged([.. first, 0]).Lines);
            Assert.Equal(twice, ReadDamaged([.. first, .. plain[..^1]]).Lines);
        }
    }

    [Fact]
    public void A_log_cut_off_anywhere_gives_all_its_whole_lines_and_then_says_so()
    {
        string text = Text(3000);
        List<TraceLine> whole = LineTests.ReadAll(text).Lines;
        byte[] gzip = Gzip(text);
        int last = 0;
        for (int length = 2; length < gzip.Length; length += length > gzip.Length - Step ? 1 : Step)
        {
            (List<TraceLine> lines, TraceException cut) = ReadDamaged(gzip[..length]);
            Assert.Equal(whole[..lines.Count], lines);
            Assert.True(lines.Count >= last);
            Assert.Equal(lines.Count + 1, cut.Line);
            Assert.InRange(cut.Offset, LengthOf(lines.Count), LengthOf(lines.Count + 1));
            Assert.Contains($"guest.log.gz: line {cut.Line}, byte {cut.Offset}: compressed byte {length}: ", cut.Message, StringComparison.Ordinal);
            Assert.Contains("expected the rest of the compressed file", cut.Message, StringComparison.Ordinal);
            last = lines.Count;
        }
        Assert.Equal(whole.Count, last);

        int LengthOf(int lines) => lines > whole.Count ? text.Length : Text(lines).Length;
    }

    [Fact]
    public void A_cut_second_member_is_found_too()
    {
        byte[] gzip = Gzip(Text(100));
        for (int length = 1; length < gzip.Length; length++)
            Assert.True(ReadDamaged([.. gzip, .. gzip[..length]]).Lines.Count >= 100);
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.SmallestSize)]
    public void A_cut_at_any_byte_is_found_and_adds_no_line(CompressionLevel level)
    {
        string text = Text(100);
        List<TraceLine> whole = LineTests.ReadAll(text).Lines;
        byte[] gzip = Gzip(text, level);
        for (int length = 2; length < gzip.Length; length++)
        {
            List<TraceLine> lines = ReadDamaged(gzip[..length]).Lines;
            Assert.Equal(whole[..lines.Count], lines);
        }
    }

    [Fact]
    public void A_wrong_checksum_or_length_is_told_after_all_but_the_last_lines()
    {
        string text = Text(100);
        List<TraceLine> whole = LineTests.ReadAll(text).Lines;
        byte[] gzip = Gzip(text);
        for (int at = gzip.Length - TrailerLength; at < gzip.Length; at++)
        {
            byte[] bad = [.. gzip];
            bad[at] ^= 0x40;
            (List<TraceLine> lines, TraceException told) = ReadDamaged(bad);
            Assert.Equal(whole[..lines.Count], lines);
            Assert.Equal(lines.Count + 1, told.Line);
            Assert.InRange(told.Offset, text.Length - MostLost, text.Length);
            Assert.InRange(told.Offset, Text(lines.Count).Length, Text(lines.Count + 1).Length);
            Assert.Contains($"damage before compressed byte {gzip.Length}; ", told.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damage_is_told_after_all_but_the_last_lines_before_it()
    {
        string text = Text(3000);
        List<TraceLine> whole = LineTests.ReadAll(text).Lines;
        byte[] gzip = Gzip(text);
        for (int at = Step; at < gzip.Length; at += Step)
        {
            TraceException cut = ReadDamaged(gzip[..at]).Told;
            byte[] bad = [.. gzip];
            bad.AsSpan(at).Fill(byte.MaxValue);
            (List<TraceLine> lines, TraceException told) = ReadDamaged(bad);
            Assert.InRange(told.Offset, cut.Offset - MostLost, long.MaxValue);
            int sound = (int)Math.Min(cut.Line - 1, lines.Count);
            Assert.Equal(whole[..sound], lines[..sound]);
        }
    }

    [Fact]
    public void Other_data_after_the_log_is_told_after_every_line()
    {
        (List<TraceLine> lines, TraceException told) = ReadDamaged([.. Gzip(Text(100)), 1, 2, 3]);
        Assert.Equal(100, lines.Count);
        Assert.Contains("other data", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_told_or_harmless()
    {
        byte[] gzip = Gzip(Text(300));
        List<TraceLine> whole = LineTests.ReadAll(gzip).Lines;
        for (int bit = 16; bit < gzip.Length * 8; bit += 5)
        {
            byte[] bad = [.. gzip];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                // The time and other notes of the header may be anything.
                Assert.Equal(whole, LineTests.ReadAll(bad).Lines);
            }
            catch (TraceException told)
            {
                Assert.Contains("expected", told.Message, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>The same, longer by a name in its header.</summary>
    private static byte[] WithName(byte[] gzip, int length)
    {
        const byte hasName = 8;
        return [.. gzip[..3], hasName, .. gzip[4..10], .. Enumerable.Repeat((byte)'n', length - 1), 0, .. gzip[10..]];
    }

    private static (List<TraceLine> Lines, TraceException Told) ReadDamaged(byte[] gzip)
    {
        using var reader = new QemuLogReader(new MemoryStream(gzip), "guest.log.gz");
        var lines = new List<TraceLine>();
        var told = Assert.Throws<TraceException>(() =>
        {
            while (reader.TryRead(out TraceLine line))
                lines.Add(line);
        });
        return (lines, told);
    }
}
