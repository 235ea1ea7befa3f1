using System.Text;
using Wirq.Events;
using Wirq.Traces.Recordings;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Recordings;

/// <summary>Names of sources in recordings.</summary>
public class NameTests
{
    private static readonly Event Rise = new(EventKind.SourceRaised, 3, 9, 1) { Time = 1 };

    [Fact]
    public void A_name_is_read_where_it_was_written()
    {
        List<string> read = Read(Record(writer =>
        {
            writer.Name(3, "disk");
            writer.Write(Rise);
            writer.Name(3, "");
            writer.Name(3, "Gerät \"0\"");
            writer.Write(Rise);
            writer.Name(9, "last");
        }));
        Assert.Equal(["3 disk", "event", "3 Gerät \"0\"", "event", "9 last"], read);
    }

    [Fact]
    public void A_long_name_is_cut_at_a_character_and_a_control_character_is_none()
    {
        List<string> read = Read(Record(writer =>
        {
            writer.Name(1, new string('é', 200));
            writer.Name(2, "a\u001b[31m\u202eb\n");
        }));
        Assert.Equal(["1 " + new string('é', 128), "2 a?[31m?b?"], read);
    }

    [Theory]
    [InlineData(new byte[] { 0x20, 0x03, 0x81, 0x02 }, "a name of 257 bytes")]
    [InlineData(new byte[] { 0x20, 0x80, 0x80, 0x04, 0x01, (byte)'x' }, "the name of source 65536")]
    [InlineData(new byte[] { 0x20, 0xFF, 0xFF, 0x03, 0x01, (byte)'x' }, "the name of source 65535")]
    public void A_name_that_cannot_be_is_refused(byte[] name, string found)
    {
        byte[] whole = Record(_ => { });
        // The end is three bytes.
        var bad = Assert.Throws<RecordingException>(() => Read([.. whole[..^3], .. name, .. whole[^3..]]));
        Assert.Contains(found, bad.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_of_the_version_before_has_no_names_and_is_read()
    {
        byte[] whole = Record(writer => writer.Write(Rise)), named = Record(writer => { writer.Name(3, "disk"); writer.Write(Rise); });
        whole[RecordingFormat.Magic.Length] = named[RecordingFormat.Magic.Length] = 2;
        Assert.Equal(["event"], Read(whole));
        Assert.Contains("fields 0x20", Assert.Throws<RecordingException>(() => Read(named)).Message, StringComparison.Ordinal);
        whole[RecordingFormat.Magic.Length] = 4;
        Assert.Contains("version 4; expected version 1 to 3", Assert.Throws<RecordingException>(() => Read(whole)).Message, StringComparison.Ordinal);
    }

    /// <summary>The name that a source had when it rose, though its slot has another source at the end.</summary>
    [Fact]
    public void Why_calls_a_source_by_the_name_that_it_had()
    {
        var machine = new Tests.Why.Watched(asked: "ioapic:9");
        machine.Entry(9, RedirectionEntry.Create(0x51, 0, level: true, masked: true));
        Source first = machine.Connect(9);
        machine.Engine.Name(first.Slot, "first");
        machine.Raise(first);
        first.Dispose();
        machine.Settle();
        Source next = machine.Connect(9);
        Assert.Equal(first.Slot, next.Slot);
        machine.Raise(next);
        machine.Engine.Name(next.Slot, "next");
        string[] said = [.. machine.Engine.Answer()![0].Raises.Select(raise => raise.Sentences[0])];
        Assert.StartsWith("ioapic:9 rose by first at ", said[0], StringComparison.Ordinal);
        Assert.StartsWith($"ioapic:9 rose by source {next.Slot} at ", said[1], StringComparison.Ordinal);
    }

    private static byte[] Record(Action<RecordingWriter> what)
    {
        var stream = new MemoryStream();
        using var writer = new RecordingWriter(stream, new RecordingHeader { Machine = FabricOptions.Pc() });
        what(writer);
        writer.Complete();
        return stream.ToArray();
    }

    private static List<string> Read(byte[] recording)
    {
        var read = new List<string>();
        using var reader = new RecordingReader(new MemoryStream(recording), "a.wirq");
        reader.Named = (source, name) => read.Add($"{source} {name}");
        while (reader.TryRead(out _))
            read.Add("event");
        return read;
    }
}
