using System.Text;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>A log that is read ahead gives what a reader gives, and lets go of it at any time.</summary>
public sealed class ReadAheadTests
{
    private const string Line = "8@1795168800.000001:pic_set_irq master 1 irq 4 level 0\n";

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(4096, 16)]
    public void Lines_come_in_order_the_beginning_too(int batch, int beginning)
    {
        const int count = 1000;
        using var reader = Reader(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Line, count))));
        using var log = new ReadAhead(reader, new SurveyBuilder(), new ReadPieces(batch, beginning));
        log.ReadBeginning();
        long next = 1;
        while (log.Next() is { } some)
        {
            for (int i = 0; i < some.Count; i++)
                Assert.Equal(next++, some[i].Number);
            log.Return(some);
        }
        Assert.Equal(count + 1, next);
        Assert.Equal(count, reader.Recognised);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void It_may_be_left_at_any_time(int taken)
    {
        // Far more than is read ahead, so that the thread waits.
        using var reader = Reader(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Line, 1000))));
        using (var log = new ReadAhead(reader, survey: null, new ReadPieces(1, 1)))
        {
            for (int i = 0; i < taken; i++)
                Assert.NotNull(log.Next());
        }
        Assert.InRange(reader.Recognised, 0, 999);
    }

    [Fact]
    public void It_may_be_left_within_a_console_without_end()
    {
        using var reader = new QemuLogReader(new Console(), "log");
        using (var log = new ReadAhead(reader, survey: null, ReadPieces.Usual))
            GC.KeepAlive(log);
        Assert.Equal(0, reader.Recognised);
    }

    [Fact]
    public void Damage_comes_behind_the_lines_before_it()
    {
        byte[] packed = Compressed(string.Concat(Enumerable.Range(0, 5000).Select(static i => $"8@1795168800.{i:d6}:pic_set_irq master 1 irq {i % 8} level {i % 3 & 1}\n")));
        using var reader = Reader(packed[..^(packed.Length / 3)]);
        using var log = new ReadAhead(reader, new SurveyBuilder(), new ReadPieces(100, 1));
        int lines = 0;
        TraceException damage = Assert.Throws<TraceException>(() =>
        {
            while (log.Next() is { } some)
                lines += some.Count;
        });
        Assert.Equal(reader.Recognised, lines);
        Assert.InRange(lines, 100, 4999);
        Assert.Contains($"line {lines + 1}", damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_lines_behind_the_last_event_count()
    {
        using var reader = Reader(Encoding.ASCII.GetBytes(Line + Line + "8@1795168800.000001:pic_set_irq master 1 irq\n"));
        using var log = new ReadAhead(reader, new SurveyBuilder(), new ReadPieces(1, 1));
        while (log.Next() is not null) { }
        Assert.Equal(1, log.Survey.Facts.Damaged);
    }

    [Fact]
    public void Threads_without_end_are_not_kept()
    {
        var found = new SurveyBuilder();
        for (int thread = 1; thread <= 100_000; thread++)
            found.Add(new TraceLine(TraceEvent.PicPortRead, thread, thread, -1));
        Assert.InRange(found.Threads, 1, 256);
        Assert.False(new LogSurvey(found, damaged: 0).KnowsCpus);
    }

    private static QemuLogReader Reader(byte[] text) => new(new MemoryStream(text), "log");

    private static byte[] Compressed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest))
            gzip.Write(Encoding.ASCII.GetBytes(text));
        return packed.ToArray();
    }

    /// <summary>Lines of a guest's console, for ever.</summary>
    private sealed class Console : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            for (int i = 0; i < buffer.Length; i++)
                buffer[i] = (byte)(i % 16 == 15 ? '\n' : 'x');
            return buffer.Length;
        }
    }
}
