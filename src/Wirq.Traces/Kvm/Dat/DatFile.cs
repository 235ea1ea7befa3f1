namespace Wirq.Traces.Kvm.Dat;

/// <summary>The trace data of one CPU.</summary>
internal readonly record struct DatCpuData(int Cpu, long Offset, long Size);

/// <summary>The trace data of one instance of the tracer.</summary>
internal sealed record DatBuffer(int PageSize, bool Packed, IReadOnlyList<DatCpuData> Cpus);

/// <summary>What the head of a trace.dat says, of version 6 or 7 (trace-cmd.dat.v6(5), trace-cmd.dat.v7(5)).</summary>
internal sealed class DatFile
{
    internal const int MagicLength = 10;
    private const int MostCpus = 4096;

    internal DatFormats Formats { get; } = new();
    internal Dictionary<int, byte[]> Tasks { get; } = [];
    internal Dictionary<int, int> Groups { get; } = [];
    internal List<DatBuffer> Buffers { get; } = [];
    /// <summary>Records that the tracer lost, by its own statistics.</summary>
    internal long Lost { get; private set; }
    /// <summary>How much the commit word of a page takes, and where data begins.</summary>
    internal int CommitSize { get; private set; } = 8;
    internal int DataOffset { get; private set; } = 16;
    /// <summary>How times become nanoseconds, where the clock is the TSC; else (1, 0).</summary>
    internal (uint Multiplier, int Shift, ulong Offset) Clock { get; private set; } = (1, 0, 0);
    internal int PageSize { get; private set; }

    internal static ReadOnlySpan<byte> Magic => "\u0017\u0008\u0044tracing"u8;

    internal static DatFile Read(DatSource source)
    {
        var file = new DatFile();
        Span<byte> magic = stackalloc byte[MagicLength];
        source.Fill(0, magic, "the head of a trace.dat");
        if (!magic.SequenceEqual(Magic))
            throw source.Damage(0, "other first bytes", "17 08 44 and \"tracing\"");
        long at = MagicLength;
        string version = source.Text(ref at, 8, "the version, 6 or 7");
        if (version is not ("6" or "7"))
            throw source.Damage(MagicLength, $"version '{version}'", "6 or 7");
        byte[] shape = source.Read(at, 6, "byte order, size of a long, size of a page");
        if (shape[0] != 0)
            throw source.Damage(at, "the byte order of a big-endian machine", "that of a PC");
        if (shape[1] is not (4 or 8))
            throw source.Damage(at + 1, $"a long of {shape[1]} bytes", "4 or 8");
        file.CommitSize = shape[1];
        file.PageSize = CheckedPage(source, at + 2, BitConverter.ToUInt32(shape, 2));
        at += 6;
        if (version == "6")
            DatVersion6.Read(source, file, at);
        else
            DatVersion7.Read(source, file, at);
        if (file.Formats.Count == 0)
            throw new KvmFileException(source.File, "a trace.dat without formats of KVM's events", "one that was recorded with -e kvm");
        return file;
    }

    internal static int CheckedPage(DatSource source, long at, uint size) => size is >= 64 and <= 1 << 20 ? (int)size
        : throw source.Damage(at, $"a page of {size} bytes", "64 to 1048576");

    /// <summary>Takes header_page: how wide the commit word is, and where data begins.</summary>
    internal void Header(ReadOnlySpan<byte> text)
    {
        int commit = text.IndexOf("commit;"u8);
        if (commit >= 0 && Size(text[commit..], "size:"u8) is 4 or 8)
            CommitSize = Size(text[commit..], "size:"u8);
        int data = text.IndexOf("char data;"u8);
        if (data >= 0 && Size(text[data..], "offset:"u8) is >= 12 and <= 64 and int offset)
            DataOffset = offset;
        else
            DataOffset = 8 + CommitSize;
    }

    internal void Statistics(ReadOnlySpan<byte> text)
    {
        foreach (ReadOnlySpan<byte> name in (ReadOnlySpan<byte[]>)["overrun:"u8.ToArray(), "dropped events:"u8.ToArray()])
        {
            // "commit overrun" counts what a nested writer could not place; it is found with the first.
            for (int at = 0; text[at..].IndexOf(name) is >= 0 and int found;)
            {
                at += found + name.Length;
                int number = at;
                Qemu.Digits.SkipBlanks(text, ref number);
                if (Qemu.Digits.TryDecimal(text, ref number, out ulong lost) && lost < long.MaxValue / 2)
                    Lost = Math.Min(long.MaxValue / 2, Lost + (long)lost);
            }
        }
    }

    internal void SetClock(uint multiplier, uint shift, ulong offset)
    {
        if (shift < 64 && multiplier > 0)
            Clock = (multiplier, (int)shift, offset);
    }

    internal void AddBuffer(DatSource source, DatBuffer buffer, long at)
    {
        if (Buffers.Sum(one => one.Cpus.Count) + buffer.Cpus.Count > MostCpus)
            throw source.Damage(at, $"more than {MostCpus} CPUs", "fewer");
        Buffers.Add(buffer);
    }

    /// <summary>Takes the names of tasks: a number and a name a line.</summary>
    internal void TaskNames(ReadOnlySpan<byte> text)
    {
        const int longest = 64;
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range].TrimStart((byte)' ');
            int at = 0;
            if (Tasks.Count >= 1 << 17 || !Qemu.Digits.TryDecimal(line, ref at, out ulong thread) || thread > int.MaxValue || at >= line.Length)
                continue;
            ReadOnlySpan<byte> name = line[(at + 1)..].Trim("\0 "u8);
            Tasks[(int)thread] = name[..Math.Min(longest, name.Length)].ToArray();
        }
    }

    internal void TaskGroups(ReadOnlySpan<byte> text)
    {
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range].Trim(" \0"u8);
            int at = 0;
            if (!Qemu.Digits.TryDecimal(line, ref at, out ulong thread) || thread > int.MaxValue)
                continue;
            Qemu.Digits.SkipBlanks(line, ref at);
            if (Qemu.Digits.TryDecimal(line, ref at, out ulong group) && group <= int.MaxValue && Groups.Count < 1 << 17)
                Groups[(int)thread] = (int)group;
        }
    }

    private static int Size(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        int at = text.IndexOf(name);
        if (at < 0)
            return -1;
        at += name.Length;
        return Qemu.Digits.TryDecimal(text, ref at, out ulong value) && value < 4096 ? (int)value : -1;
    }
}
