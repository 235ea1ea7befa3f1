using System.Buffers.Binary;
using System.Text;

namespace Wirq.Traces.Kvm.Dat;

/// <summary>The head of version 7: options point to sections, and a section may be packed.</summary>
internal static class DatVersion7
{
    private const int SectionHeader = 16, MostOptionSections = 1024;

    internal static void Read(DatSource source, DatFile file, long at)
    {
        long named = at;
        string packing = source.Text(ref at, 64, "the name of the compression");
        if (packing is not ("zstd" or "zlib" or "none" or ""))
        {
            throw source.Damage(named, $"the compression '{packing}'",
                "zstd, zlib or none; trace-cmd convert --file-version 6 -i FILE -o OTHER unpacks any file");
        }
        source.Zlib = packing == "zlib";
        source.Text(ref at, 64, "the version of the compression");
        long next = DatVersion6.Size(source.UInt64(at, "the place of the first options"));
        // Each section lies behind those that were written before it; a circle would never end.
        for (int sections = 0; next != 0; sections++)
        {
            if (sections == MostOptionSections)
                throw source.Damage(next, $"more than {MostOptionSections} sections of options", "fewer");
            next = Options(source, file, next);
        }
    }

    private static long Options(DatSource source, DatFile file, long place)
    {
        byte[] section = Section(source, place, 0, "a section of options");
        ReadOnlySpan<byte> rest = section;
        while (rest.Length >= 6)
        {
            ushort id = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(rest[2..]);
            rest = rest[6..];
            if (size > rest.Length)
                throw source.Damage(place, $"an option of {size} bytes", $"at most the {rest.Length} that are left of its section");
            ReadOnlySpan<byte> data = rest[..(int)size];
            rest = rest[(int)size..];
            if (id == DatOption.Done)
                return data.Length >= 8 ? DatVersion6.Size(BinaryPrimitives.ReadUInt64LittleEndian(data)) : 0;
            Take(source, file, id, data, place);
        }
        return 0;
    }

    private static void Take(DatSource source, DatFile file, ushort id, ReadOnlySpan<byte> data, long place)
    {
        switch (id)
        {
            case DatOption.Buffer:
                Buffer(source, file, data, place);
                break;
            case DatOption.Header or DatOption.EventFormats or DatOption.TaskNames or DatOption.TaskGroups when data.Length >= 8:
                long at = DatVersion6.Size(BinaryPrimitives.ReadUInt64LittleEndian(data));
                byte[] section = Section(source, at, id, "a section");
                if (id == DatOption.Header)
                    file.Header(section);
                else if (id == DatOption.EventFormats)
                    Events(source, file, section, at);
                else if (Counted(section) is var text && id == DatOption.TaskNames)
                    file.TaskNames(text);
                else
                    file.TaskGroups(text);
                break;
            default:
                DatOption.Take(id, data, file);
                break;
        }
    }

    private static ReadOnlySpan<byte> Counted(ReadOnlySpan<byte> section) => section.Length >= 8 ? section[8..] : section;

    private static void Events(DatSource source, DatFile file, ReadOnlySpan<byte> section, long place)
    {
        uint systems = Number(source, ref section, place);
        for (uint system = 0; system < systems; system++)
        {
            int end = section.IndexOf((byte)0);
            if (end < 0)
                throw source.Damage(place, "an event system without a name", "a name that ends");
            bool kvm = section[..end].SequenceEqual("kvm"u8);
            section = section[(end + 1)..];
            uint events = Number(source, ref section, place);
            for (uint one = 0; one < events; one++)
            {
                if (section.Length < 8 || BinaryPrimitives.ReadUInt64LittleEndian(section) is var size && size > (ulong)section.Length - 8)
                    throw source.Damage(place, "a format that is larger than its section", "a smaller one");
                ReadOnlySpan<byte> text = section.Slice(8, (int)size);
                if (kvm && file.Formats.Add(text) is { } wrong)
                    throw source.Damage(place, wrong, "name, ID and fields of 1, 2, 4 or 8 bytes");
                section = section[(8 + (int)size)..];
            }
        }
    }

    private static uint Number(DatSource source, ref ReadOnlySpan<byte> section, long place)
    {
        if (section.Length < 4)
            throw source.Damage(place, "the end of the section", "a number");
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(section);
        section = section[4..];
        return number;
    }

    private static void Buffer(DatSource source, DatFile file, ReadOnlySpan<byte> data, long place)
    {
        if (data.Length < 8)
            throw source.Damage(place, "a buffer without a place", "8 bytes");
        long at = DatVersion6.Size(BinaryPrimitives.ReadUInt64LittleEndian(data));
        byte[] head = source.Read(at, SectionHeader, "the head of a buffer");
        bool packed = (BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(2)) & 1) != 0;
        data = data[8..];
        for (int name = 0; name < 2; name++)
        {
            int end = data.IndexOf((byte)0);
            if (end < 0)
                throw source.Damage(place, "a buffer without its names", "instance and clock");
            data = data[(end + 1)..];
        }
        int page = DatFile.CheckedPage(source, place, Number(source, ref data, place));
        uint count = Number(source, ref data, place);
        if (count > data.Length / 20)
            throw source.Damage(place, $"{count} CPUs", $"at most {data.Length / 20}");
        var cpus = new List<DatCpuData>();
        for (; count > 0; count--, data = data[20..])
        {
            cpus.Add(new((int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(data), ushort.MaxValue),
                DatVersion6.Size(BinaryPrimitives.ReadUInt64LittleEndian(data[4..])), DatVersion6.Size(BinaryPrimitives.ReadUInt64LittleEndian(data[12..]))));
        }
        file.AddBuffer(source, new(page, packed, cpus), place);
    }

    private static byte[] Section(DatSource source, long at, ushort id, string what)
    {
        byte[] head = source.Read(at, SectionHeader, $"the head of {what}");
        if (BinaryPrimitives.ReadUInt16LittleEndian(head) is var found && found != id)
            throw source.Damage(at, $"section {found}", $"section {id}");
        long size = DatVersion6.Size(BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(8)));
        source.CountHead(size, at);
        if ((BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(2)) & 1) == 0)
            return source.Read(at + SectionHeader, size, what);
        uint packed = source.UInt32(at + SectionHeader, "the packed size of a section");
        uint unpacked = source.UInt32(at + SectionHeader + 4, "the size of a section");
        source.CountHead(unpacked, at);
        return source.Unpack(at + SectionHeader + 8, packed, unpacked, what);
    }
}
