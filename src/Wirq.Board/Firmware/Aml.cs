using System.Text;

namespace Wirq.Board.Firmware;

/// <summary>Writes ACPI machine language: each method returns the bytes of one term.</summary>
/// <remarks>ACPI 6.5, 20.2. A name is written as in ASL, for example <c>\_SB.LNKA</c>; each of its segments has at most four
/// characters.</remarks>
internal static class Aml
{
    private const byte NameOp = 0x08, BytePrefix = 0x0A, HalfPrefix = 0x0B, WordPrefix = 0x0C, StringPrefix = 0x0D,
        LongPrefix = 0x0E, ScopeOp = 0x10, BufferOp = 0x11, PackageOp = 0x12, MethodOp = 0x14, ExtendedPrefix = 0x5B, DeviceOp = 0x82;
    private const byte DualPrefix = 0x2E, MultiPrefix = 0x2F, Root = (byte)'\\';
    private const int SegmentCharacters = 4, MostElements = byte.MaxValue;

    /// <summary>A number.</summary>
    internal static byte[] Integer(ulong value) => value switch
    {
        0 or 1 => [(byte)value],
        <= byte.MaxValue => [BytePrefix, (byte)value],
        <= ushort.MaxValue => new TableWriter().Byte(HalfPrefix).Half((int)value).ToArray(),
        <= uint.MaxValue => new TableWriter().Byte(WordPrefix).Word((uint)value).ToArray(),
        _ => new TableWriter().Byte(LongPrefix).Long(value).ToArray(),
    };

    /// <summary>A string of ASCII characters.</summary>
    internal static byte[] Text(string text) => [StringPrefix, .. Encoding.ASCII.GetBytes(text), 0];

    /// <summary>The compressed form of an id such as <c>PNP0A03</c>: three letters, four hexadecimal digits (ACPI 6.5,
    /// 19.3.4).</summary>
    internal static byte[] EisaId(string id)
    {
        int letters = (id[0] - '@') << 10 | (id[1] - '@') << 5 | (id[2] - '@');
        ushort number = Convert.ToUInt16(id[3..], 16);
        return [WordPrefix, (byte)(letters >> 8), (byte)letters, (byte)(number >> 8), (byte)number];
    }

    /// <summary>A name, as it stands for an object.</summary>
    internal static byte[] Path(string path)
    {
        bool root = path[0] == Root;
        string[] segments = path[(root ? 1 : 0)..].Split('.');
        var name = new TableWriter();
        if (root)
            name.Byte(Root);
        if (segments.Length == 2)
            name.Byte(DualPrefix);
        else if (segments.Length > 2)
            name.Byte(MultiPrefix).Byte(segments.Length);
        foreach (string segment in segments)
            name.Bytes(Encoding.ASCII.GetBytes(segment.PadRight(SegmentCharacters, '_')));
        return name.ToArray();
    }

    /// <summary>An object with a name.</summary>
    internal static byte[] Name(string path, byte[] value) => [NameOp, .. Path(path), .. value];

    /// <summary>A list; at most 255 elements.</summary>
    internal static byte[] Package(params IReadOnlyList<byte[]> elements)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elements.Count, MostElements);
        return [PackageOp, .. Sized([(byte)elements.Count, .. Joined(elements)])];
    }

    /// <summary>Bytes.</summary>
    internal static byte[] Buffer(byte[] bytes) => [BufferOp, .. Sized([.. Integer((ulong)bytes.Length), .. bytes])];

    /// <summary>Terms within a scope that exists.</summary>
    internal static byte[] Scope(string path, params IReadOnlyList<byte[]> terms) => [ScopeOp, .. Sized([.. Path(path), .. Joined(terms)])];

    /// <summary>A device.</summary>
    internal static byte[] Device(string path, params IReadOnlyList<byte[]> terms) =>
        [ExtendedPrefix, DeviceOp, .. Sized([.. Path(path), .. Joined(terms)])];

    /// <summary>A method, not serialized.</summary>
    internal static byte[] Method(string path, int arguments, params IReadOnlyList<byte[]> terms) =>
        [MethodOp, .. Sized([.. Path(path), (byte)arguments, .. Joined(terms)])];

    /// <summary>Terms one after the other.</summary>
    internal static byte[] Joined(IReadOnlyList<byte[]> terms) => [.. terms.SelectMany(term => term)];

    /// <summary>A length, which counts itself, and what it measures (ACPI 6.5, 20.2.4).</summary>
    private static byte[] Sized(byte[] content)
    {
        const int oneByte = 0x3F, lowBits = 4;
        if (content.Length + 1 <= oneByte)
            return [(byte)(content.Length + 1), .. content];
        int more = 1;
        while (content.Length + 1 + more >= 1 << (lowBits + 8 * more))
            more++;
        int length = content.Length + 1 + more;
        var bytes = new TableWriter().Byte(more << 6 | length & 0xF);
        for (int i = 0; i < more; i++)
            bytes.Byte(length >> (lowBits + 8 * i));
        return bytes.Bytes(content).ToArray();
    }
}
