using System.IO.Compression;
using System.Text;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Guesses;

/// <summary>A folder with the files that docs/wrong-guesses.md names.</summary>
public sealed class GuessFolder : IDisposable
{
    public GuessFolder()
    {
        Path = Directory.CreateTempSubdirectory("wirq-guesses").FullName;
        byte[] packed = File.ReadAllBytes(Repository.PathOf("examples/hang.log.gz"));
        string log = Unpacked(packed);
        string[] lines = log.Split('\n');
        File.WriteAllBytes(In("hang.log.gz"), packed);
        Write("hang.log", log);
        Directory.CreateDirectory(In("folder"));
        Write("folder/a.log", log);
        Write("hang.log.bz2", "BZh91AY"u8.ToArray());
        Write("hang.zip", [.. "PK"u8, 3, 4, 20, 0]);
        Write("vmcore", [0x7F, .. "ELF"u8, 2, 1, 1, 0]);
        Write("perf.data", "PERFILE2"u8.ToArray());
        Write("trace.dat", [0x17, 0x08, 0x44, .. "tracing"u8, (byte)'6']);
        Write("trace-4711", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xB4, 0x29, 0xA4, 0x0A, 0x77, 0xB1, 0xF2, 0, 4, 0]);
        Write("eth0.pcap", [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0]);
        Write("disk.qcow2", [.. "QFI"u8, 0xFB, 0, 0, 0, 3]);
        Write("saved.vm", "QEVM\0\0\0\x03"u8.ToArray());
        Write("run.snap", "WIRQSNAP\x01\0"u8.ToArray());
        Write("domain.xl", "Xen saved domain, xl format\n"u8.ToArray());
        Write("kvm.ftrace", "# tracer: nop\n#\n qemu-1234 [001] d..2. 100.000001: kvm_set_irq: gsi 4 level 1 source 0\n");
        Write("dmesg.txt", "[    0.000000] Linux version 6.1.0\n[    1.200000] irq 10: nobody cared\n");
        Write("interrupts.txt", "           CPU0\n  4:          2   IO-APIC   4-edge      ttyS0\n");
        Write("monitor.txt", "pic1: irr=00 imr=ff isr=00 hprio=0\npic0: irr=10 imr=ff isr=00 hprio=0\n");
        Write("libvirt.log", "2026-01-01 00:00:00.000+0000: starting up libvirt version: 9.0.0\nLC_ALL=C /usr/bin/qemu-system-x86_64 -name guest=a\n");
        Write("asm.log", "----------------\nIN: \n0x000ffff0:  jmp      0xf000:0xe05b\n");
        Write("race.yaml", "name: a race\nsteps: []\n");
        Write("run.wirq", "WIRQREC\x02"u8.ToArray());
        Write("dint.log", "Servicing hardware INT=0x44\n");
        Write("kvm-chips.log", Unpacked(File.ReadAllBytes(Repository.PathOf("tests/reports/why/kvm3.log.gz"))));
        Write("late.log", string.Join('\n', lines.Skip(250)));
        Write("only-pic.log", string.Join('\n', lines.Where(line => line.Contains(":pic_", StringComparison.Ordinal))));
        Write("kernel.elf", [0x7F, .. "ELF"u8, 1, 1, 1, 0]);
        Names = [.. Directory.EnumerateFileSystemEntries(Path).Select(System.IO.Path.GetFileName).OfType<string>()];
    }

    internal string Path { get; }

    /// <summary>What lies in it.</summary>
    internal IReadOnlyList<string> Names { get; }

    internal string In(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private void Write(string name, string text) => File.WriteAllText(In(name), text);

    private void Write(string name, byte[] bytes) => File.WriteAllBytes(In(name), bytes);

    private static string Unpacked(byte[] packed)
    {
        using var reader = new StreamReader(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress), Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
