using System.Text;
using System.Text.Json;
using Wirq.Events;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Substitution;
using Wirq.Traces.Recordings;
using Wirq.Traces.Tests.Why;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Recordings;

/// <summary>Recordings in which fields and values were replaced: read and explained, or refused with their place.</summary>
public sealed class SubstitutionTests(ITestOutputHelper output)
{
    private const int Seed = 1_000_000, Usual = 200;
    private const long MostBytes = 300 << 20;

    private static readonly RecordedMachine[] s_samples =
        [RecordedMachine.Whole, .. new[] { "seabios", "ioapic-2cpu", "vtd-msix" }.Select(RecordedMachine.Of)];

    [Fact]
    public void Whatever_stands_in_a_recording_it_is_explained_or_refused_with_its_place() =>
        Cases.Run(output, Seed, Usual, MostBytes, Make, Explain);

    [Fact]
    public void What_is_substituted_in_is_explained_as_it_stands() =>
        Assert.All(s_samples, sample => Assert.True(Explain(sample.ToBytes(), new Random(Seed)), sample.Header.Subject));

    [Theory]
    [InlineData("rec-gsibase-2e8", "byte 376: machine.ioApics[0].gsiBase is 200000000; expected 0 to 4072")]
    [InlineData("rec-gsibase-overflow", "byte 376: machine.ioApics[0].gsiBase is 2147483647; expected 0 to 4072")]
    [InlineData("rec-no-ioapics", "byte 513: machine lacks ioApics; expected every field of the machine")]
    [InlineData("rec-no-overrides", "byte 677: machine lacks isaOverrides; expected every field of the machine")]
    [InlineData("rec-null-ioapic", "byte 355: machine.ioApics[0] is null; expected a value")]
    [InlineData("rec-override-4096", "byte 608: machine.isaOverrides[0] is 4096; expected 0 to 23")]
    [InlineData("rec-pins-minus1", "byte 363: machine.ioApics[0].pins is -1; expected 1 to 120")]
    [InlineData("rec-sources-2e8", "byte 673: machine.sources is 200000000; expected 1 to 65534")]
    [InlineData("rec-sources-minus1", "byte 673: machine.sources is -1; expected 1 to 65534")]
    public void A_header_that_describes_no_machine_is_refused(string name, string message)
    {
        byte[] bytes = File.ReadAllBytes(Repository.PathOf($"tests/reports/why/{name}.wirq"));
        long before = GC.GetAllocatedBytesForCurrentThread();
        RecordingException refused = Assert.Throws<RecordingException>(() => new RecordingReader(new MemoryStream(bytes), $"{name}.wirq"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.Equal($"{name}.wirq: {message}", refused.Message);
    }

    [Theory]
    [InlineData("\"count\":3", "\"count\":\"3\"", "machine.localApics.count cannot be read; expected a whole number of 32 bits")]
    [InlineData("\"count\":3", "\"count\":2147483648", "machine.localApics.count cannot be read; expected a whole number of 32 bits")]
    [InlineData("\"count\":3", "\"count\":4097", "machine.localApics.count is 4097; expected 1 to 4096")]
    [InlineData("\"count\":3", "\"count\":3,\"count\":3", "machine.localApics.count again; expected each field once")]
    [InlineData("\"count\":3,", "", "machine.localApics lacks count; expected every field of the machine")]
    [InlineData("\"count\":3", "\"count\":3,\"cuont\":3", "machine.localApics.cuont is no field of the machine; expected the fields that this version knows")]
    [InlineData("\"x2Apic\":true", "\"x2Apic\":1", "machine.localApics.x2Apic cannot be read; expected true or false")]
    [InlineData("\"busHz\":1000000000", "\"busHz\":9223372036854775808", "machine.localApics.busHz cannot be read; expected a whole number of 64 bits")]
    [InlineData("\"format\":\"ExtendedDestination\"", "\"format\":\"Long\"", "machine.format cannot be read; expected one of Compatibility, ExtendedDestination, KvmHighAddress")]
    [InlineData("\"format\":\"ExtendedDestination\"", "\"format\":77", "machine.format is 77; expected one of Compatibility, ExtendedDestination, KvmHighAddress")]
    [InlineData("\"gsiBase\":24", "\"gsiBase\":23", "machine.ioApics[1].gsiBase is 23; expected GSIs that no other I/OAPIC has; 0 to 23 are those of I/OAPIC 0")]
    [InlineData("\"machine\":", "\"machine\":null,\"m\":", "machine is null; expected a map")]
    public void A_field_of_the_header_is_refused_where_it_stands(string field, string with, string message)
    {
        string json = Json(RecordedMachine.Whole.Header);
        Assert.Contains(field, json, StringComparison.Ordinal);
        byte[] bytes = Frame(json.Replace(field, with, StringComparison.Ordinal), []);
        RecordingException refused = Assert.Throws<RecordingException>(() => new RecordingReader(new MemoryStream(bytes), "f"));
        Assert.Equal(message, refused.Message[(refused.Message.IndexOf(": ", 3, StringComparison.Ordinal) + 2)..]);
        int at = json.IndexOf(field, StringComparison.Ordinal), start = Frame(json, []).AsSpan().IndexOf("{\"subject"u8);
        Assert.InRange(refused.Offset, start, start + json.Length + with.Length);
        if (message.Contains(" is ", StringComparison.Ordinal) && with.Contains(':', StringComparison.Ordinal) && !message.Contains("wrong", StringComparison.Ordinal))
            Assert.InRange(refused.Offset, start + at, start + at + with.Length + 1);
    }

    [Theory]
    [InlineData(EventKind.VectorTaken, 3, 0, 0, "VectorTaken of CPU 3; expected CPU 0 to 2, as the machine of the header has")]
    [InlineData(EventKind.MemoryMappedWrite, 65535, 0, 0, "MemoryMappedWrite of CPU 65535; expected CPU 0 to 2, as the machine of the header has")]
    [InlineData(EventKind.LogVectorsLeft, 3, 0, 0, "LogVectorsLeft of CPU 3; expected CPU 0 to 2, as the machine of the header has")]
    [InlineData(EventKind.PinChanged, 2, 0, 0, "PinChanged of I/OAPIC 2; expected I/OAPIC 0 to 1, as the machine of the header has")]
    [InlineData(EventKind.Deliver, 1, 8, 0, "Deliver of pin 8 of I/OAPIC 1; expected pin 0 to 7 of I/OAPIC 1, as the machine of the header has")]
    [InlineData(EventKind.SourceRaised, 256, 0, 0, "SourceRaised of source 256; expected source 0 to 255, as the machine of the header has")]
    [InlineData(EventKind.SourceRaised, 0, 32, 0, "SourceRaised of GSI 32; expected GSI 0 to 31, as the machine of the header has")]
    [InlineData(EventKind.LineChanged, 0, -1, 0, "LineChanged of GSI 4294967295; expected GSI 0 to 31, as the machine of the header has")]
    [InlineData(EventKind.PicTaken, 0, 16, 0, "PicTaken of IRQ 16; expected IRQ 0 to 15, as the machine of the header has")]
    [InlineData(EventKind.PicInitialised, 2, 0, 0, "PicInitialised of 8259 2; expected 8259 0 to 1, as the machine of the header has")]
    [InlineData(EventKind.RemapFaulted, 1, 0, 0, "RemapFaulted of remapping unit 1; expected remapping unit 0, as the machine of the header has")]
    [InlineData(EventKind.VirqBound, 16, 0, 0, "VirqBound of virq 16; expected virq 0 to 15, as the machine of the header has")]
    [InlineData(EventKind.MessageAccepted, 0, 0x3000_0003, 0, "MessageAccepted of CPU 3; expected CPU 0 to 2, as the machine of the header has")]
    [InlineData(EventKind.MessageAccepted, 0, 0x7000_0000, 0, "MessageAccepted of origin 7; expected an origin that this version knows")]
    public void An_event_of_what_the_machine_does_not_have_is_refused_at_its_byte(EventKind kind, int unit, int index, int a, string message)
    {
        RecordedMachine sample = RecordedMachine.Whole with
        {
            Events = [new Event(EventKind.Rest), new Event(kind, (ushort)unit, (uint)index, (ulong)a)],
        };
        RecordingException refused = RefusedAtTheSecond(sample);
        const int end = 3;
        int at = (RecordedMachine.Whole with { Events = [new Event(EventKind.Rest)] }).ToBytes().Length - end;
        Assert.Equal($"f: byte {at}: {message}", refused.Message);
    }

    /// <summary>Cut to what a view has of it, each would be another event.</summary>
    [Theory]
    [InlineData(EventKind.MsrWrite, 0, 0x1_0000_080B, 0, "MsrWrite of A 0x10000080b; expected A 0 to 0xffffffff")]
    [InlineData(EventKind.MsrRead, 2, 0x80B, 0, "MsrRead of index 0x2; expected index 0 to 0x1")]
    [InlineData(EventKind.PortWrite, 1, 0x1_0020, 0, "PortWrite of A 0x10020; expected A 0 to 0xffff")]
    [InlineData(EventKind.PortRead, 1, 0x20, 0x1_0000_0000, "PortRead of B 0x100000000; expected B 0 to 0xffffffff")]
    [InlineData(EventKind.VectorTaken, 0, 0x41, 257, "VectorTaken of B 0x101; expected B 0 to 0x3")]
    [InlineData(EventKind.VectorTaken, 0, 0x141, 0, "VectorTaken of A 0x141; expected A 0 to 0xff")]
    [InlineData(EventKind.VectorAccepted, 0, 0x141, 0, "VectorAccepted of A 0x141; expected A 0 to 0xff")]
    [InlineData(EventKind.CpuEoi, 0, 0x41, 4, "CpuEoi of B 0x4; expected B 0 to 0x3")]
    [InlineData(EventKind.Deliver, 4, 0xFEE00000, 0x1_0000_0041, "Deliver of B 0x100000041; expected B 0 to 0xffffffff")]
    [InlineData(EventKind.PinRefused, 4, 1, 257, "PinRefused of B 0x101; expected B 0 to 0x9")]
    [InlineData(EventKind.PicMaskChanged, 0, 0x1_0000, 0, "PicMaskChanged of A 0x10000; expected A 0 to 0xffff")]
    [InlineData(EventKind.RemapFaulted, 0x1_0010, 0x22, 0, "RemapFaulted of index 0x10010; expected index 0 to 0xffff")]
    [InlineData(EventKind.VirqBound, 4, 7, 0x1_0000_0007, "VirqBound of B 0x100000007; expected B 0 to 0x7fffffff")]
    [InlineData(EventKind.SourceRaised, 0, 258, 0, "SourceRaised of A 0x102; expected A 0 to 0x2")]
    public void An_event_of_a_datum_that_no_view_has_is_refused(EventKind kind, long index, long a, long b, string message)
    {
        RecordedMachine sample = RecordedMachine.Whole with
        {
            Events = [new Event(EventKind.Rest), new Event(kind, 0, (uint)index, (ulong)a, (ulong)b)],
        };
        RecordingException refused = RefusedAtTheSecond(sample);
        Assert.EndsWith($": {message}", refused.Message, StringComparison.Ordinal);
    }

    private static RecordingException RefusedAtTheSecond(RecordedMachine sample)
    {
        using var reader = new RecordingReader(new MemoryStream(sample.ToBytes()), "f");
        Assert.True(reader.TryRead(out _));
        return Assert.Throws<RecordingException>(() => reader.TryRead(out _));
    }

    private static byte[] Make(Random random)
    {
        RecordedMachine sample = s_samples[random.Next(s_samples.Length)];
        string json = Json(sample.Header);
        IReadOnlyList<Event> events = sample.Events;
        int what = random.Next(8);
        if (what < 4)
            json = new Substitutor(random).Apply(json);
        if (what is >= 3 and < 7)
            events = Substitute(events, random);
        byte[] bytes = Frame(json, (sample with { Events = events }).ToBytes());
        if (what == 7)
        {
            for (int left = random.Next(1, 20); left > 0; left--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }
        return bytes;
    }

    private static Event[] Substitute(IReadOnlyList<Event> events, Random random)
    {
        var made = new List<Event>(events);
        for (int left = random.Next(1, 6); left > 0; left--)
        {
            int at = random.Next(made.Count);
            Event one = made[at];
            switch (random.Next(8))
            {
                case 0:
                    made.InsertRange(at, Enumerable.Repeat(one, random.Next(2) == 0 ? 10 : 20_000));
                    break;
                case 1:
                    made.RemoveRange(at, random.Next(made.Count - at));
                    made.Add(one with { Time = Math.Max(one.Time, made.LastOrDefault().Time) });
                    break;
                case 2:
                    made[at] = new Event(Kind(random), one.Unit, one.Index, one.A, one.B) { Time = one.Time };
                    break;
                case 3:
                    made[at] = new Event(one.Kind, (ushort)Value(random), one.Index, one.A, one.B) { Time = one.Time };
                    break;
                case 4:
                    made[at] = new Event(one.Kind, one.Unit, (uint)Value(random), one.A, one.B) { Time = one.Time };
                    break;
                case 5:
                    // One kind of event with ever other numbers, all of them in range or not.
                    made.InsertRange(at, Enumerable.Range(0, 20_000).Select(i => new Event(one.Kind, (ushort)(one.Unit + i % 3), one.Index, one.A + (ulong)i, one.B)
                    {
                        Time = one.Time,
                    }));
                    break;
                default:
                    made[at] = one with { A = Value(random), B = random.Next(2) == 0 ? one.B : Value(random) };
                    break;
            }
        }
        // The writer takes no recording that begins with an effect.
        if (made[0].IsEffect)
            made.Insert(0, new Event(EventKind.Rest));
        return [.. made];
    }

    private static EventKind Kind(Random random) => Enum.GetValues<EventKind>()[random.Next(1, Enum.GetValues<EventKind>().Length)];

    private static ulong Value(Random random) => random.Next(8) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => 1ul << random.Next(64),
        3 => (1ul << random.Next(64)) - 1,
        4 => 0xFEE00000,
        5 => (ulong)random.Next(300),
        6 => (uint)random.Next(8) << 28 | (uint)random.Next(64),
        _ => (ulong)random.NextInt64(),
    };

    private static string Json(RecordingHeader header) =>
        JsonSerializer.Serialize(header, RecordingJson.Default.RecordingHeader);

    /// <summary>A header of one recording before the events of another.</summary>
    private static byte[] Frame(string json, byte[] recording)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        var stream = new MemoryStream();
        stream.Write("WIRQREC"u8);
        stream.WriteByte(RecordingFormat.Version);
        PutNumber(stream, (ulong)header.Length);
        stream.Write(header);
        if (recording.Length > 0)
        {
            int at = 8;
            int length = (int)GetNumber(recording, ref at);
            stream.Write(recording.AsSpan(at + length));
        }
        return stream.ToArray();
    }

    private static void PutNumber(Stream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }

    private static ulong GetNumber(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
    }

    private static bool Explain(byte[] bytes, Random random)
    {
        try
        {
            using var reader = new RecordingReader(new MemoryStream(bytes), "file.wirq");
            WhyQuestion? question = SubstitutedWhy.Question(random);
            var engine = new WhyEngine(reader.Header.Machine, question, reader.Header.Log);
            for (long number = 1; reader.TryRead(out Event happened); number++)
                engine.Observe(happened, number);
            SubstitutedWhy.Answer(engine, question);
            return true;
        }
        catch (RecordingException refused)
        {
            Assert.InRange(refused.Offset, 0, bytes.Length);
            Assert.StartsWith($"file.wirq: byte {refused.Offset}: ", refused.Message, StringComparison.Ordinal);
            Assert.Contains("; expected ", refused.Message, StringComparison.Ordinal);
            Assert.InRange(refused.Message.Length, 20, 600);
            Assert.DoesNotContain(refused.Message, char.IsControl);
            return false;
        }
    }
}
