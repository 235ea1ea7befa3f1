using System.Buffers;
using System.Text.Json;
using Wirq.Linux.Interop;

namespace Wirq.Linux.VfioUser;

/// <summary>What one side of a connection can do: the JSON of the first message. A name that is absent has its default.</summary>
internal sealed record VfioUserCapabilities
{
    private const int Depth = 8;

    /// <summary>The most descriptors that it can receive in one message.</summary>
    internal int Descriptors { get; init; } = VfioUserLimits.DefaultDescriptors;
    /// <summary>The most bytes of one access.</summary>
    internal long Transfer { get; init; } = VfioUserLimits.DefaultTransfer;
    /// <summary>The most windows of DMA, if it says so.</summary>
    internal long? DmaMaps { get; init; }
    /// <summary>Sizes of pages, if it says so.</summary>
    internal long? PageSizes { get; init; }
    /// <summary>Whether several writes may stand in one message, if it says so.</summary>
    internal bool? WritesMulti { get; init; }

    /// <summary>What a server here offers to a client: how much it receives, and of the rest what the client names.</summary>
    internal static VfioUserCapabilities OfferTo(VfioUserCapabilities client) => new()
    {
        Descriptors = VfioUserLimits.Descriptors,
        Transfer = VfioUserLimits.Transfer,
        DmaMaps = client.DmaMaps is null ? null : VfioUserLimits.DmaMaps,
        PageSizes = client.PageSizes is null ? null : VfioUserLimits.PageSize,
        WritesMulti = client.WritesMulti is true ? true : null,
    };

    /// <summary>Reads the body of the first message. It may be anything.</summary>
    /// <returns>0, or an error number.</returns>
    internal static int Read(ReadOnlySpan<byte> json, out VfioUserCapabilities read)
    {
        read = new();
        if (json.IsEmpty)
            return 0;
        if (json[^1] != 0 || json.Length > VfioUserLimits.Capabilities)
            return Errno.Invalid;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json[..^1].ToArray(), new JsonDocumentOptions { MaxDepth = Depth });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return Errno.Invalid;
            return !root.TryGetProperty("capabilities", out JsonElement capabilities) ? 0
                : capabilities.ValueKind == JsonValueKind.Object && TryRead(capabilities, out read) ? 0 : Errno.Invalid;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second: a string whose escapes are no text.
            return Errno.Invalid;
        }
    }

    private static bool TryRead(JsonElement from, out VfioUserCapabilities read)
    {
        read = new();
        if (!TryNumber(from, "max_msg_fds", VfioUserLimits.MostDescriptors, out long? descriptors)
            || !TryNumber(from, "max_data_xfer_size", uint.MaxValue, out long? transfer)
            || !TryNumber(from, "max_dma_maps", long.MaxValue, out long? maps)
            || !TryNumber(from, "pgsizes", long.MaxValue, out long? pages)
            || from.TryGetProperty("write_multiple", out JsonElement multi) && multi.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
            || from.TryGetProperty("migration", out JsonElement migration) && !IsMigration(migration))
            return false;
        read = new()
        {
            Descriptors = (int?)descriptors ?? VfioUserLimits.DefaultDescriptors,
            Transfer = transfer ?? VfioUserLimits.DefaultTransfer,
            DmaMaps = maps,
            PageSizes = pages,
            WritesMulti = multi.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null },
        };
        return true;
    }

    /// <summary>Nothing migrates here, but what is said of it must be well formed.</summary>
    private static bool IsMigration(JsonElement migration) => migration.ValueKind == JsonValueKind.Object
        && TryNumber(migration, "pgsize", long.MaxValue, out long? page) && (page is null or > 0 && long.IsPow2(page ?? 1));

    private static bool TryNumber(JsonElement from, string name, long most, out long? number)
    {
        number = null;
        if (!from.TryGetProperty(name, out JsonElement element))
            return true;
        if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out long read) || read < 0 || read > most)
            return false;
        number = read;
        return true;
    }

    /// <summary>The JSON, ended by a zero byte.</summary>
    internal byte[] ToBytes()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("capabilities");
            writer.WriteNumber("max_msg_fds", Descriptors);
            writer.WriteNumber("max_data_xfer_size", Transfer);
            if (DmaMaps is { } maps)
                writer.WriteNumber("max_dma_maps", maps);
            if (PageSizes is { } pages)
                writer.WriteNumber("pgsizes", pages);
            if (WritesMulti is { } multi)
                writer.WriteBoolean("write_multiple", multi);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        bytes.Write((ReadOnlySpan<byte>)[0]);
        return bytes.WrittenSpan.ToArray();
    }
}
