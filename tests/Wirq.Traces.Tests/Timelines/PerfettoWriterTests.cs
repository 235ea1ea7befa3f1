using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Wirq.Tests.Shared;
using Wirq.Traces.Timelines;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Traces of Perfetto, read by protoc.</summary>
public sealed partial class PerfettoWriterTests
{
    private const string Sources = "WIRQ_PERFETTO";

    [Fact]
    public void A_message_is_encoded_as_the_format_says()
    {
        var stream = new MemoryStream();
        new ProtoMessage().Put(8, 300).Put(2, "é").PutFixed(47, 0x0102).Put(4, new ProtoMessage().Put(1, 1)).WriteTo(stream);
        Assert.Equal("40AC02" + "1202C3A9" + "F9020201000000000000" + "22020801", Convert.ToHexString(stream.ToArray()));
    }

    /// <summary>By a description with only the fields that are written: nothing else is in the file.</summary>
    [Fact]
    public void Protoc_reads_the_slices_of_the_Chrome_events()
    {
        Judge.Needs("protoc", "protobuf-compiler");
        foreach (Picture picture in new[] { Drawn.Disk("a \"label\"\n\u00e9"), Drawn.Log(PictureTests.Logs[0]), Drawn.Log(KvmPictureTests.Logs[0]) })
            Compare(picture, "small.Trace", Repository.PathOf("tests/Wirq.Traces.Tests/Timelines"), "small.proto");
    }

    /// <summary>By Perfetto's own description.</summary>
    [Fact]
    public void Perfettos_own_description_knows_every_field()
    {
        Judge.Needs("protoc", "protobuf-compiler");
        string? sources = Environment.GetEnvironmentVariable(Sources);
        Assert.SkipUnless(sources is not null, $"{Sources} names no folder with Perfetto's sources (protos/perfetto/trace/perfetto_trace.proto)");
        foreach (string log in ChromeWriterTests.Logs)
            Compare(Drawn.Log(log), "perfetto.protos.Trace", sources!, "protos/perfetto/trace/perfetto_trace.proto");
    }

    private static void Compare(Picture picture, string type, string folder, string proto)
    {
        string text = Encoding.UTF8.GetString(Judge.Run("protoc", Drawn.Bytes(picture, PerfettoWriter.Write), $"--decode={type}", $"--proto_path={folder}",
            Path.Combine(folder, proto)));
        // protoc writes a field that it does not know by its number.
        Assert.DoesNotMatch(Unknown(), text);
        Assert.Equal(ChromeWriterTests.Slices(ChromeWriterTests.Parse(picture)).Order(StringComparer.Ordinal), Slices(text).Order(StringComparer.Ordinal));
        ILookup<string, string> flows = Flow().Matches(text).ToLookup(flow => flow.Groups[1].Value, flow => flow.Value);
        Assert.Equal(picture.Arrows.Count, flows.Count);
        Assert.All(flows, flow => Assert.Equal(2, flow.Count()));
    }

    /// <summary>The slices in the text of protoc, each as that of the Chrome events.</summary>
    private static IEnumerable<string> Slices(string text)
    {
        var tracks = new Dictionary<string, (string Name, string Parent)>();
        var open = new Dictionary<string, Stack<(string Name, long Begin)>>();
        foreach (string packet in text.Split("\npacket {", StringSplitOptions.RemoveEmptyEntries))
        {
            if (packet.Contains("track_descriptor {", StringComparison.Ordinal))
                tracks.Add(Field(packet, "uuid"), (Unquoted(Field(packet, "name")), Field(packet, "parent_uuid")));
            string track = Field(packet, "track_uuid");
            switch (Field(packet, "type"))
            {
                case "TYPE_SLICE_BEGIN":
                    if (!open.TryGetValue(track, out Stack<(string, long)>? stack))
                        open.Add(track, stack = new());
                    // The name of an annotation stands deeper.
                    stack.Push((Unquoted(EventName().Match(packet).Groups[1].Value), Time(packet)));
                    break;
                case "TYPE_SLICE_END":
                    (string name, long begin) = open[track].Pop();
                    string heading = tracks[tracks[tracks[track].Parent].Parent].Name;
                    yield return $"{heading}: {tracks[track].Name}: {name} {Microseconds(begin)} +{Microseconds(Time(packet) - begin)}";
                    break;
            }
        }
        Assert.All(open.Values, stack => Assert.Empty(stack));
    }

    private static long Time(string packet) => long.Parse("0" + Field(packet, "timestamp"), CultureInfo.InvariantCulture);

    private static string Microseconds(long time) => string.Create(CultureInfo.InvariantCulture, $"{time / 1000}.{time % 1000:d3}");

    private static string Field(string packet, string name) => Regex.Match(packet, $"^\\s*{name}: (.*)$", RegexOptions.Multiline).Groups[1].Value;

    /// <summary>A text of protoc: bytes above 7 bits are octal.</summary>
    private static string Unquoted(string text)
    {
        var bytes = new List<byte>();
        for (int i = 1; i < text.Length - 1; i++)
        {
            if (text[i] != '\\')
                bytes.Add((byte)text[i]);
            else if (char.IsAsciiDigit(text[i + 1]))
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
                bytes.Add((byte)(text[++i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other }));
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    [GeneratedRegex("^\\s*[0-9]+(:| \\{)", RegexOptions.Multiline)]
    private static partial Regex Unknown();

    [GeneratedRegex("flow_ids: ([0-9]+)")]
    private static partial Regex Flow();

    [GeneratedRegex("^    name: (.*)$", RegexOptions.Multiline)]
    private static partial Regex EventName();
}
