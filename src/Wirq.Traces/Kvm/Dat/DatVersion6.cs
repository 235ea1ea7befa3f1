using System.Buffers.Binary;

namespace Wirq.Traces.Kvm.Dat;

/// <summary>The head of version 6: its parts follow one another, unpacked.</summary>
internal static class DatVersion6
{
    private const int NameLength = 10;

    internal static void Read(DatSource source, DatFile file, long at)
    {
        byte[] page = Named(source, ref at, "header_page\0"u8);
        file.Header(page);
        Named(source, ref at, "header_event\0"u8);
        SkipFormats(source, ref at);
        Events(source, file, ref at);
        at += 4 + (long)source.UInt32(at, "the size of kallsyms");
        at += 4 + (long)source.UInt32(at, "the size of the printk formats");
        ulong tasks = source.UInt64(at, "the size of the tasks' names");
        file.TaskNames(source.Read(at + 8, Size(tasks), "the tasks' names"));
        at += 8 + Size(tasks);
        uint cpus = source.UInt32(at, "the number of CPUs");
        long counted = at;
        at += 4;
        byte[] part = source.Read(at, NameLength, "\"options  \" or \"flyrecord\"");
        if (part.AsSpan().SequenceEqual("options  \0"u8))
        {
            at += NameLength;
            Options(source, file, ref at);
            part = source.Read(at, NameLength, "\"flyrecord\"");
        }
        if (!part.AsSpan().SequenceEqual("flyrecord\0"u8))
            throw source.Damage(at, part.AsSpan().StartsWith("latency"u8) ? "the text of a latency trace" : "another part", "\"flyrecord\", the records");
        at += NameLength;
        if (cpus > (source.Length - at) / 16)
            throw source.Damage(counted, $"{cpus} CPUs", "as many as the file has room for");
        var data = new List<DatCpuData>();
        for (int cpu = 0; cpu < cpus; cpu++, at += 16)
            data.Add(new(cpu, Size(source.UInt64(at, "the place of a CPU's records")), Size(source.UInt64(at + 8, "the size of a CPU's records"))));
        file.AddBuffer(source, new(file.PageSize, Packed: false, data), counted);
    }

    /// <summary>Skips the formats of the tracer's own events: a count, then sizes and texts.</summary>
    internal static void SkipFormats(DatSource source, ref long at)
    {
        uint count = source.UInt32(at, "the number of ftrace's formats");
        at += 4;
        for (uint event_ = 0; event_ < count; event_++)
            at += 8 + Size(source.UInt64(at, "the size of a format"));
    }

    private static void Events(DatSource source, DatFile file, ref long at)
    {
        uint systems = source.UInt32(at, "the number of event systems");
        at += 4;
        for (uint system = 0; system < systems; system++)
        {
            string name = source.Text(ref at, 256, "the name of an event system");
            uint events = source.UInt32(at, "the number of its events");
            at += 4;
            for (uint one = 0; one < events; one++)
            {
                long size = Size(source.UInt64(at, "the size of an event's format"));
                long begin = at;
                at += 8;
                if (name == "kvm" && file.Formats.Add(source.Read(at, size, "an event's format")) is { } wrong)
                    throw source.Damage(begin, wrong, "name, ID and fields of 1, 2, 4 or 8 bytes");
                at += size;
            }
        }
    }

    private static void Options(DatSource source, DatFile file, ref long at)
    {
        while (true)
        {
            byte[] head = source.Read(at, 2, "an option");
            ushort id = BinaryPrimitives.ReadUInt16LittleEndian(head);
            at += 2;
            if (id == DatOption.Done)
                return;
            uint size = source.UInt32(at, "the size of an option");
            at += 4;
            if (DatOption.IsRead(id))
                DatOption.Take(id, source.Read(at, size, "an option"), file);
            at += size;
        }
    }

    private static byte[] Named(DatSource source, ref long at, ReadOnlySpan<byte> name)
    {
        byte[] found = source.Read(at, name.Length, "the name of a header");
        if (!found.AsSpan().SequenceEqual(name))
            throw source.Damage(at, "another part", $"\"{System.Text.Encoding.ASCII.GetString(name[..^1])}\"");
        at += name.Length;
        long size = Size(source.UInt64(at, "the size of a header"));
        at += 8;
        byte[] text = source.Read(at, size, "a header");
        at += size;
        return text;
    }

    internal static long Size(ulong size) => (long)Math.Min(size, long.MaxValue / 4);
}
