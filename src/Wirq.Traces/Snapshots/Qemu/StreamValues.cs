namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>Takes values of one device out of a stream. A field that the description does not name, or names with another
/// width, is unknown.</summary>
internal sealed class StreamValues(SnapshotWindow window, StreamDevice device)
{
    private readonly Dictionary<string, StreamField> _fields = Index(device);

    internal string Device => device.Name;

    internal IEnumerable<StreamField> All => _fields.Values;

    /// <summary>A field of the device itself; null where it has none of the name.</summary>
    internal StreamField? Field(string name) => _fields.TryGetValue(name, out StreamField field) ? field : null;

    internal Told<byte> Byte(string name) => Number(name, 0) is { IsKnown: true } told && Field(name)!.Value.Size == 1 ? told.As(value => (byte)value) : default;

    /// <summary>An unsigned number, element <paramref name="index"/> of its field.</summary>
    internal Told<ulong> Number(string name, int index) =>
        Field(name) is { Size: > 0 and <= sizeof(ulong) } field && index < field.Count ? At(field, name, index) : default;

    internal Told<bool> Flag(string name) => Number(name, 0).As(value => value != 0);

    /// <summary>Eight registers of 32 bits, as IRR, ISR and TMR are.</summary>
    internal Told<Vectors256> Vectors(string name)
    {
        if (Field(name) is not { Size: sizeof(uint), Count: Vectors256.Registers } field)
            return default;
        var vectors = new Vectors256();
        for (int register = 0; register < Vectors256.Registers; register++)
            vectors.SetRegister(register, window.Word(field.Offset + register * sizeof(uint)));
        return new(vectors, PlaceOf(field, name));
    }

    internal ReadOnlySpan<byte> Bytes(StreamField field) => window.At(field.Offset, checked((int)field.Length));

    internal ValuePlace PlaceOf(StreamField field, string name) => new(device.Name, name, field.Offset);

    /// <summary>Structures of a name, wherever they stand in the device.</summary>
    internal IEnumerable<StreamField> Structures(string named) => Inside(_fields.Values, named);

    /// <summary>The first field of a structure that has a type.</summary>
    internal static StreamField? OfType(StreamField structure, string type)
    {
        foreach (StreamField field in StreamFields.Of(structure.Struct!.Value, structure.Offset))
        {
            if (field.Type == type)
                return field;
        }
        return null;
    }

    private static IEnumerable<StreamField> Inside(IEnumerable<StreamField> fields, string named)
    {
        foreach (StreamField field in fields)
        {
            if (field.Struct is not { } structure)
                continue;
            if (structure.TryGetProperty("vmsd_name", out var name) && name.ValueEquals(named))
                yield return field;
            else
            {
                foreach (StreamField inner in Inside(StreamFields.Of(structure, field.Offset), named))
                    yield return inner;
            }
        }
    }

    private Told<ulong> At(StreamField field, string name, int index)
    {
        ulong value = 0;
        foreach (byte one in window.At(field.Offset + (long)index * field.Size, field.Size))
            value = value << 8 | one;
        return new(value, PlaceOf(field with { Offset = field.Offset + (long)index * field.Size }, field.Count == 1 ? name : $"{name}[{index}]"));
    }

    private static Dictionary<string, StreamField> Index(StreamDevice device)
    {
        var fields = new Dictionary<string, StreamField>(StringComparer.Ordinal);
        foreach (StreamField field in StreamFields.Of(device.Description, device.Offset))
            fields.TryAdd(field.Name, field);
        return fields;
    }
}
