using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Tests.Qemu;

/// <summary>Logs as people give them: compressed with xz or zstd, in UTF-16, with carriage returns.</summary>
public class PackedTests
{
    private const string Folder = "tests/Wirq.Traces.Tests/Qemu/logs/seabios-boot.log";

    private static readonly byte[] s_plain = File.ReadAllBytes(Repository.PathOf(Folder));

    private static byte[] Packed(string ending) => File.ReadAllBytes(Repository.PathOf($"{Folder}.{ending}"));

    private static List<TraceLine> Read(byte[] file, out TraceException? damage)
    {
        var lines = new List<TraceLine>();
        damage = null;
        try
        {
            using var reader = new QemuLogReader(new MemoryStream(file), "log");
            while (reader.TryRead(out TraceLine line))
                lines.Add(line);
        }
        catch (TraceException found)
        {
            damage = found;
        }
        return lines;
    }

    private static List<TraceLine> Plain => Read(s_plain, out _);

    private static void AssertSame(byte[] file)
    {
        List<TraceLine> lines = Read(file, out TraceException? damage);
        Assert.Null(damage);
        Assert.Equal(Plain, lines);
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("zst")]
    public void A_compressed_log_has_the_same_lines(string ending)
    {
        Assert.NotEmpty(Plain);
        AssertSame(Packed(ending));
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("zst")]
    public void A_file_may_have_several_parts(string ending)
    {
        byte[] part = Packed(ending);
        // xz pads a stream with zeros to four bytes.
        byte[] file = ending == "xz" ? [.. part, 0, 0, 0, 0, .. part] : [.. part, .. part];
        List<TraceLine> lines = Read(file, out TraceException? damage);
        Assert.Null(damage);
        Assert.Equal(2 * Plain.Count, lines.Count);
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("zst")]
    public void A_file_that_is_cut_is_refused_with_the_place(string ending)
    {
        byte[] file = Packed(ending);
        for (int length = 6; length < file.Length; length += Math.Max(1, file.Length / 97))
        {
            List<TraceLine> lines = Read(file[..length], out TraceException? damage);
            Assert.NotNull(damage);
            Assert.Contains("compressed byte ", damage.Message, StringComparison.Ordinal);
            Assert.Equal(Plain.Take(lines.Count), lines);
        }
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("zst")]
    public void Damage_at_any_byte_is_an_error_or_changes_nothing(string ending)
    {
        byte[] file = Packed(ending);
        for (int at = 6; at < file.Length; at += Math.Max(1, file.Length / 211))
        {
            byte[] damaged = (byte[])file.Clone();
            damaged[at] ^= 0x10;
            List<TraceLine> lines = Read(damaged, out TraceException? damage);
            Assert.True(damage is not null || Plain.SequenceEqual(lines), $"byte {at}");
        }
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("zst")]
    public void Other_data_after_the_last_part_is_refused(string ending)
    {
        Read([.. Packed(ending), 1, 2, 3, 4, 5, 6, 7, 8], out TraceException? damage);
        Assert.NotNull(damage);
    }

    [Fact]
    public void A_dictionary_that_no_level_of_xz_needs_is_refused()
    {
        byte[] file = Packed("xz");
        int filter = Array.IndexOf(file, (byte)0x21, 12);
        file[filter + 2] = 40;
        Read(file, out TraceException? damage);
        Assert.Contains("a dictionary of more than 128 MiB", damage!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void UTF_16_is_read(bool bigEndian)
    {
        var encoding = new UnicodeEncoding(bigEndian, byteOrderMark: true);
        string text = Encoding.ASCII.GetString(s_plain);
        AssertSame([.. encoding.GetPreamble(), .. encoding.GetBytes(text)]);
        // Half a character at the end, half a pair, and a pair that is split by the buffer change no line.
        string odd = $"\ud83d {new string('x', 8190)}\ud83d\ude00\n{text}";
        List<TraceLine> lines = Read([.. encoding.GetPreamble(), .. encoding.GetBytes(odd), 0x41], out TraceException? damage);
        Assert.Null(damage);
        Assert.Equal(Plain.Select(line => line with { Number = line.Number + 1 }), lines);
    }

    [Fact]
    public void Carriage_returns_change_nothing() =>
        AssertSame(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(s_plain).Replace("\n", "\r\n", StringComparison.Ordinal)));
}
