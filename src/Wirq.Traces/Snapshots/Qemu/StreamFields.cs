using System.Text;
using System.Text.Json;

namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>A field of a device, or of a structure in it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Offset">The byte at which it stands.</param>
/// <param name="Size">Bytes of one element.</param>
/// <param name="Count">Elements.</param>
/// <param name="Struct">The description of its structure, if it is one.</param>
internal readonly record struct StreamField(string Name, string Type, long Offset, int Size, int Count, JsonElement? Struct)
{
    internal long Length => (long)Size * Count;
}

/// <summary>Walks the fields of a description. No layout is built in: the description names each field with its size.</summary>
internal static class StreamFields
{
    private const int SubsectionHeader = 1 + 1 + sizeof(uint);

    /// <summary>The fields, in order, and after them those of the subsections.</summary>
    internal static IEnumerable<StreamField> Of(JsonElement description, long offset)
    {
        foreach (JsonElement field in Array(description, "fields"))
        {
            StreamField one = Read(field, offset);
            yield return one;
            offset += one.Length;
        }
        foreach (JsonElement subsection in Array(description, "subsections"))
        {
            offset += SubsectionHeader + Encoding.UTF8.GetByteCount(NameOf(subsection));
            foreach (StreamField one in Of(subsection, offset))
            {
                yield return one;
                offset = Math.Max(offset, one.Offset + one.Length);
            }
        }
    }

    /// <summary>Bytes of a device or structure in the stream.</summary>
    internal static long LengthOf(JsonElement description)
    {
        long length = 0;
        foreach (JsonElement field in Array(description, "fields"))
            length += Read(field, 0).Length;
        foreach (JsonElement subsection in Array(description, "subsections"))
            length += SubsectionHeader + Encoding.UTF8.GetByteCount(NameOf(subsection)) + LengthOf(subsection);
        return length;
    }

    private static string NameOf(JsonElement subsection) => subsection.GetProperty("vmsd_name").GetString() ?? "";

    private static IEnumerable<JsonElement> Array(JsonElement description, string name) =>
        description.TryGetProperty(name, out JsonElement all) ? all.EnumerateArray() : Enumerable.Empty<JsonElement>();

    private static StreamField Read(JsonElement field, long offset)
    {
        int size = NotNegative(field.GetProperty("size").GetInt32());
        int count = field.TryGetProperty("array_len", out JsonElement length) ? NotNegative(length.GetInt32()) : 1;
        string type = field.TryGetProperty("type", out JsonElement typed) ? typed.GetString() ?? "" : "";
        if ((long)size * count > int.MaxValue)
            throw new FormatException("a field larger than any stream's");
        return new(field.GetProperty("name").GetString() ?? "", type, offset, size, count,
            field.TryGetProperty("struct", out JsonElement inner) ? inner : null);
    }

    private static int NotNegative(int value) => value >= 0 ? value : throw new FormatException("a negative size");
}
