using Wirq.Traces.Kvm.Dat;
using Wirq.Traces.Qemu.Packed;

namespace Wirq.Cli.Guesses;

/// <summary>Files that a command cannot read, known by their first bytes.</summary>
internal static class ForeignFile
{
    private static readonly (byte[] Magic, string Is, string Unpack)[] Packed =
    [
        ([(byte)'B', (byte)'Z', (byte)'h'], "bzip2", "bzip2 -dc"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4", "lz4 -dc"),
        ([(byte)'P', (byte)'K', 3, 4], "zip", "unzip -p"),
    ];

    private static readonly (byte[] Magic, string Is)[] Others =
    [
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], "is an ELF file, a program or a core dump (vmcore): it holds memory, and no events"),
        ([.. "KDUMP   "u8], "is a core dump (vmcore): it holds memory, and no events"),
        ([.. "makedumpfile"u8], "is a core dump (vmcore): it holds memory, and no events"),
        ([0xD4, 0xC3, 0xB2, 0xA1], "is a capture of a network (pcap), and has no interrupts"),
        ([0xA1, 0xB2, 0xC3, 0xD4], "is a capture of a network (pcap), and has no interrupts"),
        ([0x4D, 0x3C, 0xB2, 0xA1], "is a capture of a network (pcap), and has no interrupts"),
        ([0x0A, 0x0D, 0x0D, 0x0A], "is a capture of a network (pcapng), and has no interrupts"),
        ([.. "QFI"u8, 0xFB], "is a disk image (qcow2), and has no events"),
        ([.. "Xen saved domain"u8], "is a domain that xl saved; of Xen, wirq reads the domain's save records alone (xc_domain_hvm_getcontext)"),
        ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xB4, 0x29, 0xA4, 0x0A, 0x77, 0xB1, 0xF2],
            "is of QEMU's trace backend 'simple'; wirq reads that of 'log', which most distributions build"),
    ];

    private static ReadOnlySpan<byte> Recording => "WIRQREC"u8;
    private static ReadOnlySpan<byte> Snapshot => "WIRQSNAP"u8;

    /// <summary>The answer about a file that a command cannot read; null if the file is not known.</summary>
    /// <param name="verb">The command.</param>
    /// <param name="file">The file.</param>
    /// <param name="head">Its first bytes.</param>
    internal static string? Answer(string verb, string file, byte[] head)
    {
        string name = Typed.Shown(file);
        if (verb is "run" or "boot")
            return OfWhy(head) is { } what ? $"{name}: {what}, and nothing to {verb}. Type: {Typed.Line("why", file)}" : verb == "run" ? Binary(name, file, head) : null;
        if (verb == "replay" && (head.AsSpan().StartsWith("QEVM"u8) || head.AsSpan().StartsWith("LibvirtQemud"u8)))
            return $"{name}: is a saved machine (savevm, migrate): it holds state, and no events to replay. Type: {Typed.Line("why", file)}";
        if (head.AsSpan().StartsWith(DatFile.Magic))
            return null;
        if (head.AsSpan().StartsWith("PERFILE2"u8))
            return $"{name}: is perf's, and perf alone reads it. Type: perf script --ns -F comm,pid,tid,cpu,time,event,trace -i {Typed.Word(file)} | wirq why -";
        if (head.AsSpan().StartsWith(Snapshot))
            return $"{name}: is a snapshot of wirq: it holds state, and no events. Type: {Typed.Line("snapshot", "show", file)}";
        if (head.AsSpan().StartsWith(Recording))
            return verb == "replay" ? $"{name}: is a recording of wirq; replay reads logs of QEMU. Type: {Typed.Line("why", file)}" : null;
        return Binary(name, file, head);
    }

    private static string? Binary(string name, string file, byte[] head)
    {
        foreach ((byte[] magic, string compression, string unpack) in Packed)
        {
            if (head.AsSpan().StartsWith(magic))
                return $"{name}: is compressed with {compression}; wirq reads plain, gzip, xz and zstd. Type: {unpack} {Typed.Word(file)} | wirq why -";
        }
        foreach ((byte[] magic, string isWhat) in Others)
        {
            if (head.AsSpan().StartsWith(magic))
                return $"{name}: {isWhat}. Instead, {Typed.RecordAndAsk}";
        }
        return null;
    }

    // A recording or a compressed log, given to a command that reads neither.
    private static string? OfWhy(byte[] head) => head.AsSpan().StartsWith(Recording) ? "is a recording of wirq"
        : UnpackedText.IsPacked(head) ? "is compressed, as logs are" : null;
}
