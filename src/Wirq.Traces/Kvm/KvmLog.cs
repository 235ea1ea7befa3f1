using Wirq.Traces.Kvm.Dat;
using Wirq.Traces.Qemu;
using Wirq.Traces.Qemu.Packed;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Kvm;

/// <summary>Recognises a log of KVM's tracepoints by what stands in it, and opens it.</summary>
internal static class KvmLog
{
    /// <summary>What is looked at of a file: a mail may have a long foreword, and ftrace prints the losses of each CPU first.</summary>
    private const int HeadBytes = 1 << 20;

    /// <summary>No trace of a machine's interrupts is as large; a small file may unpack to any size.</summary>
    private const long LargestUnpacked = 1L << 33;

    internal const string Record = "trace-cmd record -e kvm";

    private static ReadOnlySpan<byte> PerfData => "PERFILE2"u8;

    /// <summary>Whether a file has records of KVM's tracepoints.</summary>
    /// <exception cref="KvmFileException">It has, in a form that does not tell enough; the message says what to record.</exception>
    internal static bool Looks(Func<Stream> open, string file)
    {
        byte[] head;
        using (Stream stream = open())
            head = SnapshotWindow.ReadHead(stream, HeadBytes);
        if (head.AsSpan().StartsWith(DatFile.Magic))
            return true;
        if (head.AsSpan().StartsWith(PerfData))
            throw new KvmFileException(file, "perf.data, which perf alone can read", $"the text that perf makes of it: perf script --ns -F comm,pid,tid,cpu,time,event,trace -i {file}");
        bool perfTrace = false, bpf = false;
        foreach (Range range in head.AsSpan().Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = head.AsSpan(range);
            // A name alone is no record: a mail may speak of kvm_eoi: without having one.
            if (EventMark.TryFind(line, out EventMark mark) && KvmNames.Of(line[mark.Name..mark.End]) != KvmEvent.Other)
                return true;
            perfTrace |= EventMark.IsPerfTrace(line);
            bpf |= IsBpf(line);
        }
        if (perfTrace)
        {
            throw new KvmFileException(file, "lines of perf trace, which leaves out the fields that are 0, so that vector 0, level 0 and CPU 0 cannot be told from nothing",
                $"perf record -e 'kvm:*' -a, then perf script --ns; or {Record}");
        }
        if (bpf)
            throw new KvmFileException(file, "the output of bpftrace, whose text is whatever its program prints", $"the records themselves: {Record}, or perf record -e 'kvm:*' -a, then perf script --ns");
        return false;
    }

    /// <summary>Opens a log.</summary>
    internal static IKvmRecords Open(Func<Stream> open, string file)
    {
        Stream stream = open();
        try
        {
            bool isDat = SnapshotWindow.ReadHead(stream, DatFile.MagicLength).AsSpan().SequenceEqual(DatFile.Magic);
            stream.Position = 0;
            if (!isDat)
                return new KvmTextReader(stream, file);
            Span<byte> first = stackalloc byte[DatFile.MagicLength];
            int read = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
            stream.Position = 0;
            if (first[..read].SequenceEqual(DatFile.Magic))
                return new DatReader(stream, file);
            using (stream)
                return Unpacked(Unpack(stream, file), file);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static DatReader Unpacked(FileStream unpacked, string file)
    {
        try
        {
            return new DatReader(unpacked, file);
        }
        catch
        {
            unpacked.Dispose();
            throw;
        }
    }

    /// <summary>Unpacks a trace.dat to a file that goes when it is closed: its parts are not read in their order.</summary>
    private static FileStream Unpack(Stream stream, string file)
    {
        var target = new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose,
        });
        try
        {
            byte[] head = new byte[1 << 12];
            int length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            using UnpackedText unpacked = UnpackedText.Of(stream, head.AsSpan(0, length))!;
            byte[] piece = new byte[1 << 16];
            while (unpacked.Read(piece) is > 0 and int read)
            {
                target.Write(piece, 0, read);
                if (target.Length > LargestUnpacked)
                    throw new KvmFileException(file, target.Length, "a file that unpacks to more", $"at most {LargestUnpacked} bytes");
            }
            return target;
        }
        catch (CompressionDamage damage)
        {
            long at = target.Length;
            target.Dispose();
            throw new KvmFileException(file, at, damage.Message, damage.Expected);
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    private static bool IsBpf(ReadOnlySpan<byte> line) =>
        line.StartsWith("Attaching "u8) && line.IndexOf(" probe"u8) > 0 || line.StartsWith("Attached "u8) && line.IndexOf(" probe"u8) > 0
        || line.StartsWith("@"u8) && line.IndexOf("]:"u8) > 0;
}
