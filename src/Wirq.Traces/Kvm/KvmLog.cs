using Wirq.Traces.Dumps;
using Wirq.Traces.Kvm.Dat;
using Wirq.Traces.Qemu;
using Wirq.Traces.Qemu.Packed;
using Wirq.Traces.Recordings;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm;

/// <summary>Recognises a log of KVM's tracepoints by what stands in it, and opens it.</summary>
internal static class KvmLog
{
    /// <summary>Of a file that has events of QEMU, only this much is searched for records of KVM.</summary>
    private const int MixedBytes = 1 << 20;

    /// <summary>No trace of a machine's interrupts is as large; a small file may unpack to any size.</summary>
    private const long LargestUnpacked = 1L << 33;

    internal const string Record = "trace-cmd record -e kvm";

    private static ReadOnlySpan<byte> PerfData => "PERFILE2"u8;

    /// <summary>Whether a file has records of KVM's tracepoints.</summary>
    /// <exception cref="KvmFileException">It has, in a form that does not tell enough; the message says what to record.</exception>
    internal static bool Looks(Func<Stream> open, string file)
    {
        if (RecordingFormat.Looks(open))
            return false;
        ReadOnlySpan<byte> magic;
        using (Stream stream = open())
            magic = SnapshotWindow.ReadHead(stream, DatFile.MagicLength);
        if (magic.StartsWith(DatFile.Magic))
            return true;
        if (magic.StartsWith(PerfData))
            throw new KvmFileException(file, "perf.data, which perf alone can read", $"the text that perf makes of it: perf script --ns -F comm,pid,tid,cpu,time,event,trace -i {file}");
        bool perfTrace = false, bpf = false, qemu = false;
        var kinds = new LineKinds();
        using var lines = new LineSource(open(), file);
        // A mail may have a long foreword, and a guest's console may come before the first record: all of the file is looked at.
        while ((!qemu || lines.BytesTaken < MixedBytes) && DumpRecognition.TryRead(lines, out ReadOnlySpan<byte> line))
        {
            if (HasRecord(line))
                return true;
            perfTrace = perfTrace || EventMark.IsPerfTrace(line);
            bpf = bpf || IsBpf(line);
            qemu = qemu || kinds.IsEvent(line);
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

    /// <summary>Whether a line has a record. A name alone is none: a mail may speak of kvm_eoi: without having one.</summary>
    internal static bool HasRecord(ReadOnlySpan<byte> line) =>
        EventMark.TryFind(line, out EventMark mark) && KvmNames.Of(line[mark.Name..mark.End]) != KvmEvent.Other;

    /// <summary>Opens a log.</summary>
    /// <param name="open">Opens the file.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="others">Counts the lines of a text that are of other forms; null where they do not matter.</param>
    internal static IKvmRecords Open(Func<Stream> open, string file, LeftOut? others = null)
    {
        Stream stream = open();
        try
        {
            bool isDat = SnapshotWindow.ReadHead(stream, DatFile.MagicLength).AsSpan().SequenceEqual(DatFile.Magic);
            stream.Position = 0;
            if (!isDat)
                return new KvmTextReader(stream, file) { Others = others };
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
