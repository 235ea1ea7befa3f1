using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using Wirq.Tests.Shared;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Tests.Snapshots;

/// <summary>Mutated files of saved state yield clean errors or answers, in bounded memory and time. <c>WIRQ_LONG=1</c> makes
/// it a million; <c>WIRQ_SEED</c> another run.</summary>
public class ForeignFuzzTests
{
    private const int DefaultSeed = 20276, WhichIsReal = 100;
    private const long MostBytes = 64 << 20;
    private static readonly TimeSpan s_mostTime = TimeSpan.FromSeconds(10);

    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
    private static readonly int s_seed =
        int.TryParse(Environment.GetEnvironmentVariable("WIRQ_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : DefaultSeed;

    [Fact]
    public void A_mutated_file_is_refused_with_its_place_or_answered()
    {
        int count = s_long ? 1_000_000 : 5_000;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {s_seed}, {count} mutations");
        var random = new Random(s_seed);
        byte[][] files = [.. Files()];
        byte[] real = Real();
        int answered = 0, refused = 0, notKnown = 0;
        long most = 0;
        TimeSpan longest = default;
        for (int i = 0; i < count; i++)
        {
            byte[] mutated = Mutate(i % WhichIsReal == 0 ? real : files[random.Next(files.Length)], files, random);
            long before = GC.GetAllocatedBytesForCurrentThread(), begun = ThreadTime.Now.Ticks;
            try
            {
                if (ForeignSnapshot.Looks(() => new MemoryStream(mutated, writable: false)))
                {
                    Answer(mutated);
                    answered++;
                }
                else
                    notKnown++;
            }
            catch (ForeignSnapshotException bad)
            {
                refused++;
                Assert.StartsWith("file: ", bad.Message, StringComparison.Ordinal);
                Assert.Contains("; expected ", bad.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', bad.Message);
            }
            catch (Exception thrown) when (thrown is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"seed {s_seed}, mutation {i}: {thrown}");
            }
            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, ThreadTime.Now.Ticks - begun));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} answered, {refused} refused, {notKnown} not known; at most {most} bytes and {longest.TotalMilliseconds:f0} ms for one");
        Assert.True(answered > count / 20 && refused > count / 20, $"{answered} answered, {refused} refused");
        Assert.InRange(most, 0, MostBytes);
        Assert.InRange(longest, TimeSpan.Zero, s_mostTime);
    }

    /// <summary>All that the command does with a file.</summary>
    private static void Answer(byte[] file)
    {
        SnapshotState state = TestMachine.Read(file);
        SnapshotAnswer answer = SnapshotJudge.Judge(state);
        AnswerText.Write(answer, TextWriter.Null);
        StateText.Write(state, TextWriter.Null);
        AnswerJson.Write(answer, Stream.Null);
        StateJson.Write(state, Stream.Null);
        Assert.All(answer.Findings, one => Assert.True(one.Sentence.Length > 0 && one.Sentence.EndsWith('.'), one.Sentence));
    }

    private static IEnumerable<byte[]> Files()
    {
        var machine = new TestMachine(cpus: 2) { Lines = 1 << 10, Function = (true, 6), Msix = (0x8000, [(false, true), (true, true)]), BusCounts = [1, 0, 0, 0] };
        machine.Entries[10] = 0xC051;
        machine.Entries[4] = 0x44;
        machine.Cpus[0].Irr.Add(0x51);
        machine.Cpus[1].Isr.Add(0x62);
        machine.Master.Isr = 1 << 2;
        machine.Slave.Irr = 1 << 3;
        yield return machine.ToQemu().ToBytes();
        yield return machine.ToQemu(footers: false, memory: 9).ToBytes();
        yield return machine.ToKvm();
        yield return machine.ToXen(12, 13, 40);
        yield return Packed(machine.ToQemu().ToBytes());
    }

    /// <summary>A stream that QEMU wrote.</summary>
    private static byte[] Real()
    {
        using var gzip = new GZipStream(File.OpenRead(Repository.PathOf("tests/Wirq.Cli.Tests/Snapshots/streams/LostEoi.qevm.gz")), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        gzip.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static byte[] Mutate(byte[] file, byte[][] others, Random random)
    {
        byte[] mutated = [.. file];
        for (int left = random.Next(1, 5); left > 0 && mutated.Length > 16; left--)
        {
            int at = random.Next(mutated.Length), length = Math.Min(random.Next(1, 64), mutated.Length - at);
            switch (random.Next(10))
            {
                case 0:
                    mutated = mutated[..at];
                    break;
                case 1:
                    mutated = [.. mutated[..at], .. mutated[(at + length)..]];
                    break;
                case 2:
                    mutated = [.. mutated[..at], .. mutated[at..(at + length)], .. mutated[at..]];
                    break;
                case 3:
                    // Two pieces change places.
                    int to = random.Next(mutated.Length - length + 1);
                    byte[] piece = mutated[at..(at + length)], there = mutated[to..(to + length)];
                    piece.CopyTo(mutated, to);
                    if (Math.Abs(at - to) >= length)
                        there.CopyTo(mutated, at);
                    break;
                case 4:
                    byte[] other = others[random.Next(others.Length)];
                    mutated = [.. mutated[..at], .. other[random.Next(other.Length)..]];
                    break;
                case 5 when at + 4 <= mutated.Length:
                    // A length or count of either order.
                    uint[] words = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, (uint)mutated.Length, (uint)random.Next()];
                    uint word = words[random.Next(words.Length)];
                    BinaryPrimitives.WriteUInt32LittleEndian(mutated.AsSpan(at), random.Next(2) == 0 ? word : BinaryPrimitives.ReverseEndianness(word));
                    break;
                case 6:
                    // A digit of the description.
                    int digit = mutated.AsSpan(at).IndexOfAnyInRange((byte)'0', (byte)'9');
                    if (digit >= 0)
                        mutated[at + digit] = (byte)('0' + random.Next(10));
                    break;
                default:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }
        return mutated;
    }

    private static byte[] Packed(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }
}
