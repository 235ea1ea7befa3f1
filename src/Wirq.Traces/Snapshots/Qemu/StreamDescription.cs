using System.Text.Json;

namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>The description of a migration stream, at its end: which devices were saved in which order, and of each field
/// its name and size. So a device is found from the end, without knowing what lies before it.</summary>
/// <remarks>A section of a device is: 4, section id (32 bits), length of the name (8 bits), name, instance, version (32 bits
/// each), fields, and from machine 2.4 on a footer: 0x7E, section id. The last device is followed by 0 and the description:
/// 6, length (32 bits), JSON. All words are big-endian.</remarks>
internal sealed class StreamDescription : IDisposable
{
    internal const int MostBytes = 1 << 25;

    private const int MostDepth = 64, MostDevices = 1 << 16;
    private const byte FullSection = 4, DescriptionSection = 6, Footer = 0x7E, EndOfFile = 0;
    private const int WordBytes = sizeof(uint), FooterBytes = 1 + WordBytes, DescriptionHeader = 1 + WordBytes;
    private const string Expected = "the description at the end of a migration stream";

    private readonly JsonDocument _json;

    private StreamDescription(JsonDocument json, IReadOnlyList<StreamDevice> devices) => (_json, Devices) = (json, devices);

    /// <summary>The devices whose sections were found, in the order of the stream.</summary>
    internal IReadOnlyList<StreamDevice> Devices { get; }
    /// <summary>Names of devices that are described and lie elsewhere, as those do that are saved before memory.</summary>
    internal IReadOnlyList<string> Elsewhere { get; private init; } = [];

    /// <summary>Reads the description, and finds the section of each device.</summary>
    /// <exception cref="ForeignSnapshotException">It is missing, or does not fit the stream.</exception>
    internal static StreamDescription Read(SnapshotWindow window)
    {
        (long at, int length) = Locate(window);
        long begin = at - DescriptionHeader;
        JsonDocument json = Parse(window, at, length);
        try
        {
            return Walk(window, json, begin - 1);
        }
        catch
        {
            json.Dispose();
            throw;
        }
    }

    public void Dispose() => _json.Dispose();

    private static (long At, int Length) Locate(SnapshotWindow window)
    {
        ReadOnlySpan<byte> tail = window.Tail.Span;
        // A file may be padded with zeros to a whole number of blocks.
        int end = tail.LastIndexOfAnyExcept((byte)0) + 1;
        for (int brace = end; (brace = tail[..brace].LastIndexOf((byte)'{')) > DescriptionHeader;)
        {
            long length = window.Word(window.TailBase + brace - WordBytes);
            bool fits = brace + length >= end && brace + length <= tail.Length;
            if (fits && tail[brace - DescriptionHeader] == DescriptionSection && tail[brace - DescriptionHeader - 1] == EndOfFile)
            {
                return length <= MostBytes ? (window.TailBase + brace, (int)length)
                    : throw new ForeignSnapshotException(window.File, window.TailBase + brace, $"a description of {length} bytes", $"at most {MostBytes}");
            }
        }
        throw new ForeignSnapshotException(window.File, window.Length, "the end of the file, and no description of its devices before it",
            $"{Expected}: the whole file (QEMU before 2.3, and suppress-vmdesc=on, write none)");
    }

    private static JsonDocument Parse(SnapshotWindow window, long at, int length)
    {
        try
        {
            ReadOnlyMemory<byte> text = window.Tail.Slice((int)(at - window.TailBase), length);
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MostDepth });
        }
        catch (JsonException bad)
        {
            long offset = at + (bad.LineNumber is null or 0 ? Math.Min(bad.BytePositionInLine ?? 0, length) : 0);
            throw new ForeignSnapshotException(window.File, offset, "no JSON, or deeper than any device is", Expected);
        }
    }

    private static StreamDescription Walk(SnapshotWindow window, JsonDocument json, long end)
    {
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("devices", out JsonElement devices)
            || devices.ValueKind != JsonValueKind.Array)
        {
            throw new ForeignSnapshotException(window.File, end + 1, "a description without 'devices'", Expected);
        }
        JsonElement[] all = [.. devices.EnumerateArray().Take(MostDevices + 1)];
        if (all.Length is 0 or > MostDevices)
            throw new ForeignSnapshotException(window.File, end + 1, all.Length == 0 ? "a description of no device" : $"more than {MostDevices} devices", Expected);
        var found = new List<StreamDevice>(all.Length);
        int next = all.Length - 1;
        for (; next >= 0; next--)
        {
            StreamDevice device = StreamDevice.Of(all[next], window, end);
            if (BeginOf(device, window, end) is not { } begin)
                break;
            found.Add(device with { Offset = begin.Data });
            end = begin.Section;
        }
        found.Reverse();
        string[] elsewhere = [.. all.Take(next + 1).Select(one => StreamDevice.Of(one, window, end).Name)];
        // Nothing that is saved before memory is an interrupt controller, so a chip that is not where it should be is damage.
        if (found.Count == 0 || elsewhere.Any(StreamDevice.IsChip))
        {
            throw new ForeignSnapshotException(window.File, end, $"no section of device '{Shown(elsewhere[^1])}' before it",
                "one of the size that the description tells");
        }
        return new(json, found) { Elsewhere = elsewhere };
    }

    /// <summary>The section of a device that ends at a byte.</summary>
    private static (long Section, long Data)? BeginOf(StreamDevice device, SnapshotWindow window, long end)
    {
        int header = 1 + WordBytes + 1 + device.NameBytes.Length + WordBytes + WordBytes;
        return At(FooterBytes) ?? At(0);

        (long, long)? At(int footer)
        {
            long data = end - footer - device.Length, section = data - header;
            if (!window.Has(section, end - section) || window.At(section, 1)[0] != FullSection)
                return null;
            uint id = window.Word(section + 1);
            if (footer > 0 && (window.At(end - footer, 1)[0] != Footer || window.Word(end - WordBytes) != id))
                return null;
            long name = section + 1 + WordBytes;
            return window.At(name, 1)[0] == device.NameBytes.Length && window.At(name + 1, device.NameBytes.Length).SequenceEqual(device.NameBytes)
                && window.Word(data - 2 * WordBytes) == device.Instance ? (section, data) : null;
        }
    }

    internal static string Shown(string name)
    {
        const int most = 60;
        return PlainText.Of(name.Length > most ? string.Concat(name.AsSpan(0, most), "…") : name);
    }
}
