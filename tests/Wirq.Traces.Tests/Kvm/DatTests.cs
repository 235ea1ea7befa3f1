using System.Buffers.Binary;
using System.IO.Compression;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>trace.dat: the same records as the text, and no damage does more than a message.</summary>
public class DatTests(ITestOutputHelper output)
{
    private const string Name = "guest-2cpu-split-nodest";
    private const int Seed = 20260;

    [Theory]
    [InlineData($"{Name}.v7.trace.dat")]
    [InlineData($"{Name}.v6.trace.dat.gz")]
    [InlineData($"{Name}.report.txt.gz")]
    public void It_has_the_records_of_the_text(string other)
    {
        (List<string> text, KvmCounts counts) = KvmFiles.Read(KvmFiles.Kept($"{Name}.trace.txt.gz"));
        (List<string> records, KvmCounts counted) = KvmFiles.Read(KvmFiles.Kept(other));
        Assert.Equal(4553, counts.Records);
        Assert.Equal(counts.All, counted.All);
        Assert.Equal(KvmFiles.Comparable(text), KvmFiles.Comparable(records));
    }

    [Theory]
    [InlineData($"{Name}.v7.trace.dat", 400)]
    [InlineData($"{Name}.v6.trace.dat.gz", 60)]
    [InlineData("pasted-mail-wrapped.txt", 400)]
    public void A_file_that_is_damaged_or_cut_anywhere_is_read_or_refused_with_a_place(string name, int rounds)
    {
        byte[] whole = File.ReadAllBytes(KvmFiles.Kept(name));
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}");
        int refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            byte[] bytes = round % 4 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int hits = round % 4; hits > 0 && bytes.Length > 0; hits--)
                bytes[round % 3 == 0 ? random.Next(Math.Min(256, bytes.Length)) : random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                if (KvmLog.Looks(() => new MemoryStream(bytes), "F"))
                    KvmAnswerText.Write(KvmJudge.Read(() => new MemoryStream(bytes), "F"), TextWriter.Null);
            }
            catch (Exception bad) when (bad is KvmFileException or TraceException)
            {
                refused++;
                Assert.StartsWith("F: ", bad.Message, StringComparison.Ordinal);
                Assert.Contains("; expected ", bad.Message, StringComparison.Ordinal);
            }
        }
        output.WriteLine($"{refused} of {rounds} refused");
        Assert.True(refused > rounds / 10 || name.EndsWith(".txt", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Records_that_were_lost_behind_the_last_one_are_told(uint length)
    {
        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(File.OpenRead(KvmFiles.Kept($"{Name}.v6.trace.dat.gz")), CompressionMode.Decompress))
            gzip.CopyTo(unpacked);
        byte[] whole = unpacked.ToArray();
        const int pageLength = 4096, commit = 8, data = 16, padding = 29;
        // Behind this word stand offset and length of each CPU's pages.
        int cpu = whole.AsSpan().LastIndexOf("flyrecord\0"u8) + "flyrecord\0".Length;
        int end = (int)(BinaryPrimitives.ReadInt64LittleEndian(whole.AsSpan(cpu)) + BinaryPrimitives.ReadInt64LittleEndian(whole.AsSpan(cpu + 8)));
        BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(end - pageLength + commit), 1u << 31 | length);
        BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(end - pageLength + data), padding);
        Assert.DoesNotContain(KvmFiles.Read(KvmFiles.Kept($"{Name}.v7.trace.dat")).Records, one => one.Contains(" Lost ", StringComparison.Ordinal));
        Assert.Contains(" Lost ", KvmFiles.Read(() => new MemoryStream(whole)).Records[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_has_the_byte()
    {
        byte[] whole = File.ReadAllBytes(KvmFiles.Kept($"{Name}.v7.trace.dat"));
        whole[10] = (byte)'8';
        KvmFileException bad = Assert.Throws<KvmFileException>(() => KvmFiles.Read(() => new MemoryStream(whole), "F"));
        Assert.Equal("F: byte 10: version '8'; expected 6 or 7", bad.Message);
    }
}
