using System.Buffers.Binary;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Tests.Snapshots;

/// <summary>A machine at rest, of which a test changes a little, and that is written in each format.</summary>
internal sealed class TestMachine
{
    internal const uint Level = 1 << 15, RemoteIrr = 1 << 14, Masked = 1 << 16, Logical = 1 << 11;
    internal const uint ExtInt = 0x700, MaskedLint = 0x10000;

    internal sealed class Cpu
    {
        internal bool Halted { get; set; } = true;
        internal bool InterruptsOn { get; set; } = true;
        internal bool Signalled { get; set; }
        internal uint Lint0 { get; set; } = MaskedLint;
        internal uint Timer { get; set; } = MaskedLint;
        internal uint Svr { get; set; } = 0x1FF;
        internal byte Tpr { get; set; }
        internal HashSet<int> Irr { get; } = [];
        internal HashSet<int> Isr { get; } = [];
        internal HashSet<int> Tmr { get; } = [];

        internal static ulong[] Words(HashSet<int> vectors) =>
            [.. Enumerable.Range(0, 8).Select(word => vectors.Where(vector => vector / 32 == word).Aggregate(0ul, (bits, vector) => bits | 1ul << vector % 32))];
    }

    internal sealed class Pic
    {
        internal byte Irr { get; set; }
        internal byte Imr { get; set; } = 0xFF;
        internal byte Isr { get; set; }
        internal byte Elcr { get; set; }
        internal byte First { get; set; }
        internal byte SpecialMask { get; set; }
        internal byte Nested { get; set; }
    }

    internal TestMachine(int cpus = 1) => Cpus = [.. Enumerable.Range(0, cpus).Select(_ => new Cpu())];

    internal Cpu[] Cpus { get; }
    internal Pic Master { get; } = new();
    internal Pic Slave { get; } = new();
    internal ulong[] Entries { get; } = [.. Enumerable.Repeat((ulong)Masked, 24)];
    internal uint Lines { get; set; }
    internal uint[] BusCounts { get; set; } = [0, 0, 0, 0];
    /// <summary>INTA of a function, and its command register.</summary>
    internal (bool Asserted, ushort Command)? Function { get; set; }
    /// <summary>Control word of MSI-X, and of each vector whether it is masked and pending.</summary>
    internal (ushort Control, (bool Masked, bool Pending)[] Vectors)? Msix { get; set; }

    internal QemuWriter ToQemu(bool footers = true, int memory = 64)
    {
        var stream = new QemuWriter { Footers = footers, Memory = memory };
        for (uint cpu = 0; cpu < Cpus.Length; cpu++)
        {
            Cpu one = Cpus[cpu];
            stream.Add("cpu_common", cpu, WrittenField.Of("halted", 4, one.Halted ? 1u : 0), WrittenField.Of("interrupt_request", 4, one.Signalled ? 2u : 0));
            stream.Add("cpu", cpu, WrittenField.Of("env.eip", 8, 0x1234), WrittenField.Of("env.eflags", 8, one.InterruptsOn ? 0x202u : 2));
            stream.Add("apic", cpu, WrittenField.Of("apicbase", 4, 0xFEE00800), WrittenField.Of("id", 1, cpu), WrittenField.Of("tpr", 1, one.Tpr),
                WrittenField.Of("spurious_vec", 4, one.Svr), WrittenField.Of("log_dest", 1, 1u << (int)cpu), WrittenField.Of("dest_mode", 1, 0xF),
                WrittenField.Of("isr", 4, Cpu.Words(one.Isr)), WrittenField.Of("tmr", 4, Cpu.Words(one.Tmr)), WrittenField.Of("irr", 4, Cpu.Words(one.Irr)),
                WrittenField.Of("lvt", 4, one.Timer, 0x10000, 0x10000, one.Lint0, 0x10000, 0x10000));
        }
        stream.Add("PCIBUS", 0, WrittenField.Of("nirq", 4, (uint)BusCounts.Length), WrittenField.Of("irq_count", 4, [.. BusCounts.Select(count => (ulong)count)]));
        byte[] bridge = new byte[256];
        // The router's lines: 10, 10, 11, 11.
        new byte[] { 10, 10, 11, 11 }.CopyTo(bridge, 0x60);
        stream.Add("0000:00:01.0/PIIX3", 0, Pci(bridge, false));
        if (Function is { } function)
        {
            byte[] config = new byte[256];
            BinaryPrimitives.WriteUInt16LittleEndian(config.AsSpan(4), function.Command);
            stream.Add("0000:00:02.0/nic", 0, Msix is null ? [Pci(config, function.Asserted)] : WithMsix(config, function.Asserted));
        }
        AddPic(stream, 0, Master, 0x20);
        AddPic(stream, 1, Slave, 0x28);
        stream.Add("ioapic", 0, WrittenField.Of("id", 1, 0), WrittenField.Of("ioregsel", 1, 0), WrittenField.Of("irr", 4, Lines), WrittenField.Of("ioredtbl", 8, Entries));
        return stream;
    }

    /// <summary>Images of KVM's chips and local APICs, one after the other.</summary>
    internal byte[] ToKvm()
    {
        var images = new List<byte>();
        foreach ((Pic pic, byte chip) in new[] { (Master, (byte)0), (Slave, (byte)1) })
        {
            byte[] image = new byte[520];
            image[0] = chip;
            new byte[] { 0, pic.Irr, pic.Imr, pic.Isr, pic.First, (byte)(0x20 + 8 * chip), 0, 0, pic.SpecialMask, 0, 0, 0, pic.Nested, 1, pic.Elcr, 0 }.CopyTo(image, 8);
            images.AddRange(image);
        }
        byte[] ioApic = new byte[520];
        ioApic[0] = 2;
        BinaryPrimitives.WriteUInt64LittleEndian(ioApic.AsSpan(8), 0xFEC00000);
        BinaryPrimitives.WriteUInt32LittleEndian(ioApic.AsSpan(8 + 16), Lines);
        for (int pin = 0; pin < Entries.Length; pin++)
            BinaryPrimitives.WriteUInt64LittleEndian(ioApic.AsSpan(8 + 24 + pin * 8), Entries[pin]);
        images.AddRange(ioApic);
        for (int cpu = 0; cpu < Cpus.Length; cpu++)
            images.AddRange(Page(cpu));
        return [.. images];
    }

    /// <summary>Save records of Xen.</summary>
    /// <param name="pci">Wires that are up: device times four plus INTx.</param>
    internal byte[] ToXen(params int[] pci)
    {
        var records = new List<byte>();
        byte[] header = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x54381286);
        Record(records, 1, 0, header);
        for (int cpu = 0; cpu < Cpus.Length; cpu++)
        {
            byte[] state = new byte[800], lapic = new byte[24];
            BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(512 + 17 * 8), Cpus[cpu].InterruptsOn ? 0x202u : 2);
            BinaryPrimitives.WriteUInt64LittleEndian(lapic, 0xFEE00800);
            Record(records, 2, cpu, state);
            Record(records, 5, cpu, lapic);
            Record(records, 6, cpu, Page(cpu));
        }
        Record(records, 3, 0, [Master.Irr, Master.Imr, Master.Isr, 0x20, (byte)(Master.First << 4), 0x40, Master.Elcr, 0]);
        Record(records, 3, 1, [Slave.Irr, Slave.Imr, Slave.Isr, 0x28, (byte)(Slave.First << 4), 0, Slave.Elcr, 0]);
        byte[] ioApic = new byte[16 + 48 * 8], wires = new byte[16], isa = new byte[8];
        for (int pin = 0; pin < 48; pin++)
            BinaryPrimitives.WriteUInt64LittleEndian(ioApic.AsSpan(16 + pin * 8), pin < Entries.Length ? Entries[pin] : Masked);
        foreach (int wire in pci)
            wires[wire / 8] |= (byte)(1 << wire % 8);
        BinaryPrimitives.WriteUInt64LittleEndian(isa, Lines & 0xFFFF);
        Record(records, 4, 0, ioApic);
        Record(records, 7, 0, wires);
        Record(records, 8, 0, isa);
        Record(records, 9, 0, [5, 10, 11, 5, 0, 0, 0, 0]);
        Record(records, 0, 0, []);
        return [.. records];
    }

    internal static SnapshotState Read(byte[] file) => ForeignSnapshot.Read(() => new MemoryStream(file, writable: false), "file");

    /// <summary>What the judge finds: standing, source and gate.</summary>
    internal static string[] Findings(byte[] file) =>
        [.. SnapshotJudge.Judge(Read(file)).Findings.Select(one => $"{one.Standing} {one.Source} {one.Gate}")];

    internal string[] Findings() => Findings(ToQemu().ToBytes());

    private static void AddPic(QemuWriter stream, uint chip, Pic pic, byte first) => stream.Add("i8259", chip,
        WrittenField.Of("last_irr", 1, pic.Irr), WrittenField.Of("irr", 1, pic.Irr), WrittenField.Of("imr", 1, pic.Imr), WrittenField.Of("isr", 1, pic.Isr),
        WrittenField.Of("priority_add", 1, pic.First), WrittenField.Of("irq_base", 1, first), WrittenField.Of("special_mask", 1, pic.SpecialMask),
        WrittenField.Of("init_state", 1, 0), WrittenField.Of("auto_eoi", 1, 0), WrittenField.Of("special_fully_nested_mode", 1, pic.Nested), WrittenField.Of("elcr", 1, pic.Elcr));

    private static WrittenField Pci(byte[] config, bool asserted) => WrittenField.Of("parent_obj", "PCIDevice",
        WrittenField.Of("version_id", 4, 2), new WrittenField("config", config, Type: "pci config"),
        new WrittenField("irq_state", [0, 0, 0, (byte)(asserted ? 1 : 0), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Type: "pci irq state"));

    private WrittenField[] WithMsix(byte[] config, bool asserted)
    {
        const int capability = 0x40, entryBytes = 16;
        (ushort control, (bool Masked, bool Pending)[] vectors) = Msix!.Value;
        config[6] = 0x10;
        config[0x34] = capability;
        config[capability] = 0x11;
        BinaryPrimitives.WriteUInt16LittleEndian(config.AsSpan(capability + 2), (ushort)(control | vectors.Length - 1));
        byte[] table = new byte[vectors.Length * entryBytes + (vectors.Length + 7) / 8];
        for (int i = 0; i < vectors.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(i * entryBytes), 0xFEE00000);
            table[i * entryBytes + 8] = (byte)(0x71 + i);
            table[i * entryBytes + 12] = (byte)(vectors[i].Masked ? 1 : 0);
            table[vectors.Length * entryBytes + i / 8] |= (byte)(vectors[i].Pending ? 1 << i % 8 : 0);
        }
        return [Pci(config, asserted), WrittenField.Of("msix", "msix", new WrittenField("msix", table, Type: "msix state"))];
    }

    private byte[] Page(int cpu)
    {
        byte[] page = new byte[1024];
        Cpu one = Cpus[cpu];
        Word(0x20, (uint)cpu << 24);
        Word(0x30, 0x50014);
        Word(0x80, one.Tpr);
        Word(0xD0, 1u << cpu << 24);
        Word(0xE0, 0xFFFFFFFF);
        Word(0xF0, one.Svr);
        Word(0x320, one.Timer);
        Word(0x350, one.Lint0);
        foreach ((int at, HashSet<int> vectors) in new[] { (0x100, one.Isr), (0x180, one.Tmr), (0x200, one.Irr) })
        {
            ulong[] words = Cpu.Words(vectors);
            for (int word = 0; word < words.Length; word++)
                Word(at + word * 16, (uint)words[word]);
        }
        return page;

        void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(at), value);
    }

    private static void Record(List<byte> records, ushort code, int instance, byte[] bytes)
    {
        byte[] descriptor = new byte[8];
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor, code);
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor.AsSpan(2), (ushort)instance);
        BinaryPrimitives.WriteInt32LittleEndian(descriptor.AsSpan(4), bytes.Length);
        records.AddRange(descriptor);
        records.AddRange(bytes);
    }
}
