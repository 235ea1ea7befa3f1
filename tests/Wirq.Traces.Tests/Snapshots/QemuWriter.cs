using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Wirq.Traces.Tests.Snapshots;

/// <summary>A field of a device of a stream.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">What stands in the stream.</param>
/// <param name="Count">Elements, of an array.</param>
/// <param name="Type">Its type.</param>
/// <param name="Struct">The name of its structure, if it is one.</param>
/// <param name="Inner">The structure's fields, whose bytes it has.</param>
internal sealed record WrittenField(string Name, byte[] Bytes, int Count = 1, string Type = "buffer", string? Struct = null, WrittenField[]? Inner = null)
{
    /// <summary>An unsigned number, or an array of them.</summary>
    internal static WrittenField Of(string name, int size, params ulong[] values)
    {
        byte[] bytes = new byte[size * values.Length];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(values[i / size] >> (size - 1 - i % size) * 8);
        return new(name, bytes, values.Length, $"uint{size * 8}");
    }

    internal static WrittenField Of(string name, string structure, params WrittenField[] inner) =>
        new(name, [.. inner.SelectMany(field => field.Bytes)], 1, "struct", structure, inner);
}

/// <summary>Writes a migration stream as QEMU does: header, memory that nobody reads, a section for each device, and the
/// description.</summary>
internal sealed class QemuWriter
{
    private readonly List<(string Name, uint Instance, WrittenField[] Fields)> _devices = [];

    /// <summary>Whether sections have footers, which they do from machine 2.4 on.</summary>
    internal bool Footers { get; init; } = true;
    /// <summary>Bytes of memory before the devices.</summary>
    internal int Memory { get; init; } = 64;

    internal void Add(string name, uint instance, params WrittenField[] fields) => _devices.Add((name, instance, fields));

    internal byte[] ToBytes()
    {
        var stream = new List<byte>();
        stream.AddRange("QEVM"u8);
        Word(stream, 3);
        stream.Add(7);
        Word(stream, 4);
        stream.AddRange("pc-x"u8);
        for (int i = 0; i < Memory; i++)
            stream.Add((byte)(i * 37));
        uint id = 10;
        foreach ((string name, uint instance, WrittenField[] fields) in _devices)
        {
            stream.Add(4);
            Word(stream, ++id);
            stream.Add((byte)name.Length);
            stream.AddRange(Encoding.UTF8.GetBytes(name));
            Word(stream, instance);
            Word(stream, 1);
            foreach (WrittenField field in fields)
                stream.AddRange(field.Bytes);
            if (!Footers)
                continue;
            stream.Add(0x7E);
            Word(stream, id);
        }
        byte[] description = Describe();
        stream.Add(0);
        stream.Add(6);
        Word(stream, (uint)description.Length);
        stream.AddRange(description);
        return [.. stream];
    }

    private byte[] Describe()
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteNumber("page_size", 4096);
            json.WriteStartArray("devices");
            foreach ((string name, uint instance, WrittenField[] fields) in _devices)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteNumber("instance_id", instance);
                Write(json, name, fields);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return text.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, WrittenField[] fields)
    {
        json.WriteString("vmsd_name", name);
        json.WriteStartArray("fields");
        foreach (WrittenField field in fields)
        {
            json.WriteStartObject();
            json.WriteString("name", field.Name);
            if (field.Count > 1)
                json.WriteNumber("array_len", field.Count);
            json.WriteString("type", field.Type);
            if (field is { Struct: { } structure, Inner: { } inner })
            {
                json.WriteStartObject("struct");
                Write(json, structure, inner);
                json.WriteEndObject();
            }
            json.WriteNumber("size", field.Bytes.Length / field.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Word(List<byte> stream, uint value)
    {
        byte[] word = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(word, value);
        stream.AddRange(word);
    }
}
