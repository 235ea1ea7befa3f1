using System.Text;

namespace Wirq.Traces.Kvm.Dat;

/// <summary>Where a field lies in a record.</summary>
internal readonly record struct DatField(KvmField Field, int Offset, int Size, bool Signed);

/// <summary>The layout of one event's records.</summary>
internal sealed record DatFormat(byte[] Name, KvmEvent Event, DatField[] Fields);

/// <summary>The formats that a file holds of its events. What they print is not needed: fields are found by name.</summary>
internal sealed class DatFormats
{
    private const int MostFields = 64;

    private readonly Dictionary<int, DatFormat> _byId = [];

    /// <summary>Where the thread's number lies in every record.</summary>
    internal int ThreadOffset { get; private set; } = 4;

    internal int Count => _byId.Count;

    internal DatFormat? Of(int id) => _byId.GetValueOrDefault(id);

    /// <summary>Adds an event of KVM, by the text of its format file.</summary>
    /// <returns>What is wrong with it; null if nothing is.</returns>
    internal string? Add(ReadOnlySpan<byte> text)
    {
        byte[]? name = null;
        int id = -1;
        var fields = new List<DatField>();
        while (!text.IsEmpty)
        {
            int feed = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (feed < 0 ? text : text[..feed]).Trim(" \t\r"u8);
            text = feed < 0 ? default : text[(feed + 1)..];
            if (line.StartsWith("name:"u8))
                name = line["name:"u8.Length..].Trim((byte)' ').ToArray();
            else if (line.StartsWith("ID:"u8))
                id = Number(line["ID:"u8.Length..]);
            else if (line.StartsWith("print fmt:"u8))
                break;
            else if (line.StartsWith("field:"u8) && fields.Count < MostFields && Field(line["field:"u8.Length..], fields) is { } wrong)
                return wrong;
        }
        if (name is null || id is < 0 or > ushort.MaxValue)
            return "a format without a name or an ID";
        _byId[id] = new(name, KvmNames.Of(name), [.. fields]);
        return null;
    }

    private string? Field(ReadOnlySpan<byte> line, List<DatField> fields)
    {
        int end = line.IndexOf((byte)';');
        if (end < 0)
            return "a field without an end";
        ReadOnlySpan<byte> declared = line[..end];
        ReadOnlySpan<byte> name = declared[(declared.LastIndexOf((byte)' ') + 1)..];
        ReadOnlySpan<byte> rest = line[(end + 1)..];
        int offset = Part(rest, "offset:"u8), size = Part(rest, "size:"u8);
        if (name.SequenceEqual("common_pid"u8) && size == 4 && offset is >= 0 and < 64)
            ThreadOffset = offset;
        KvmField known = KvmFields.Of(name);
        if (known == KvmField.None || name.StartsWith("common_"u8))
            return null;
        if (size is not (1 or 2 or 4 or 8) || offset is < 0 or > ushort.MaxValue)
            return $"the field {Encoding.ASCII.GetString(name)} of {size} bytes at {offset}";
        fields.Add(new(known, offset, size, Part(rest, "signed:"u8) == 1));
        return null;
    }

    private static int Part(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        int at = text.IndexOf(name);
        return at < 0 ? -1 : Number(text[(at + name.Length)..]);
    }

    private static int Number(ReadOnlySpan<byte> text)
    {
        int at = 0;
        Qemu.Digits.SkipBlanks(text, ref at);
        return Qemu.Digits.TryDecimal(text, ref at, out ulong value) && value <= int.MaxValue ? (int)value : -1;
    }
}
