using Wirq.Events;
using Wirq.Traces.Recordings;

namespace Wirq.Traces.Tests.Recordings;

public class RecordingTests
{
    private const int Seed = 20263;
    // What is shorter than that is not known to be a recording.
    private const int Magic = 7;

    private static readonly Event[] Sample =
    [
        new(EventKind.SourceRaised, 3, 21, 1) { Time = 0 },
        new(EventKind.Deliver, 0, 21, 0xFEE00000, 0xC051) { Time = 5 },
        new(EventKind.RoutesCommitted, ushort.MaxValue, uint.MaxValue, ulong.MaxValue, ulong.MaxValue) { Time = 5 },
        new(EventKind.Rest) { Time = long.MaxValue },
    ];

    [Fact]
    public void What_was_written_is_read_again()
    {
        using RecordingReader reader = Open(Record(Sample));
        Assert.Equal(Sample, ReadAll(reader));
        Assert.Equal("a subject", reader.Header.Subject);
        Assert.Equal(3, reader.Header.Machine.LocalApics.Count);
        Assert.Equal(40, reader.Header.Machine.IoApics[1].Pins);
        Assert.Equal(Profile.Qemu, reader.Header.Machine.Pic!.Profile);
        Assert.Equal(2, reader.Header.Machine.IsaOverrides[0]);
    }

    [Fact]
    public void An_event_takes_a_few_bytes()
    {
        Event[] thousand = [.. Enumerable.Range(0, 1000).Select(i => new Event(EventKind.VectorTaken, 1, 0, 0x51) { Time = i * 100 })];
        int alone = Record([]).Length;
        Assert.InRange(Record(thousand).Length - alone, 1000, 6000);
    }

    [Fact]
    public void A_recording_that_was_cut_off_anywhere_is_called_so()
    {
        byte[] whole = Record(Sample);
        for (int length = 0; length < whole.Length; length++)
        {
            var bad = Assert.Throws<RecordingException>(() =>
            {
                using RecordingReader reader = Open(whole[..length]);
                ReadAll(reader);
            });
            Assert.InRange(bad.Offset, 0, length);
            Assert.Contains("expected", bad.Message, StringComparison.Ordinal);
            Assert.Equal(length >= Magic, bad.IsCutOff);
            Assert.Equal(bad.IsCutOff, bad.Message.Contains("the recording is incomplete", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_recording_that_is_not_completed_keeps_what_came_and_is_called_cut_off()
    {
        var stream = new MemoryStream();
        using (var writer = new RecordingWriter(stream, new RecordingHeader { Subject = "cut" }))
        {
            // The header is there before anything happens.
            using RecordingReader early = Open(stream.ToArray());
            Assert.Equal("cut", early.Header.Subject);
            writer.Write(Sample[0]);
        }
        using RecordingReader reader = Open(stream.ToArray());
        Assert.True(reader.TryRead(out Event happened));
        Assert.Equal(Sample[0], happened);
        Assert.True(Assert.Throws<RecordingException>(() => reader.TryRead(out _)).IsCutOff);
    }

    [Fact]
    public void Nothing_follows_the_end_of_a_recording()
    {
        var stream = new MemoryStream();
        using var writer = new RecordingWriter(stream, new RecordingHeader());
        writer.Complete();
        Assert.Throws<InvalidOperationException>(() => writer.Write(Sample[0]));
        writer.Complete();
        using RecordingReader reader = Open(stream.ToArray());
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void A_damaged_recording_is_read_or_refused_but_nothing_else()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        byte[] whole = Record(Sample);
        var random = new Random(Seed);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. whole];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                using RecordingReader reader = Open(damaged);
                ReadAll(reader);
            }
            catch (RecordingException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 5_000, 20_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("WIRQ")]
    [InlineData("not a recording at all")]
    [InlineData("WIRQREC\u0009")]
    public void What_is_no_recording_is_called_so(string text) =>
        Assert.Throws<RecordingException>(() => Open(System.Text.Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void Times_do_not_go_back()
    {
        using var writer = new RecordingWriter(new MemoryStream(), new RecordingHeader());
        writer.Write(new Event(EventKind.Rest) { Time = 2 });
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(new Event(EventKind.Rest) { Time = 1 }));
    }

    [Fact]
    public void Effects_of_a_machine_that_does_not_observe_are_refused()
    {
        using var writer = new RecordingWriter(new MemoryStream(), new RecordingHeader());
        writer.Write(new Event(EventKind.EoiBroadcast, 0, 0, 0x51));
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => writer.Write(new Event(EventKind.Deliver)));
        Assert.Contains("set EventBuffer.Observing before the machine's first input", refused.Message, StringComparison.Ordinal);
        writer.Write(new Event(EventKind.PinChanged, 0, 4, 1));
        writer.Write(new Event(EventKind.Deliver));
    }

    private static byte[] Record(IEnumerable<Event> events)
    {
        var stream = new MemoryStream();
        var machine = FabricOptions.Pc(3, Profile.Qemu) with { IoApics = [new(), new() { GsiBase = 24, Pins = 40, Address = 0xFEC01000 }] };
        using (var writer = new RecordingWriter(stream, new RecordingHeader { Subject = "a subject", Machine = machine }))
        {
            foreach (Event happened in events)
                writer.Write(happened);
            writer.Complete();
        }
        return stream.ToArray();
    }

    private static RecordingReader Open(byte[] bytes) => new(new MemoryStream(bytes), "test.wirq");

    private static List<Event> ReadAll(RecordingReader reader)
    {
        var events = new List<Event>();
        while (reader.TryRead(out Event happened))
            events.Add(happened);
        return events;
    }
}
