using System.Buffers.Binary;

namespace Wirq.Traces.Snapshots.Xen;

/// <summary>Xen's save records of an HVM domain: of each a type and an instance (16 bits each), a length (32 bits) and a
/// structure of the public headers (xen/include/public/arch-x86/hvm/save.h), little-endian and packed.</summary>
internal sealed class XenRecords
{
    internal const int HeaderLength = 24;

    private const int DescriptorBytes = 8, MostCpus = 4096, IoApicPins = 48, MostOlderPins = 24;
    private const string Expected = "a save record of Xen";

    private enum Code : ushort { End = 0, Header = 1, Cpu = 2, Pic = 3, IoApic = 4, Lapic = 5, LapicRegisters = 6, PciIrq = 7, IsaIrq = 8, PciLink = 9 }

    private readonly SnapshotWindow _window;
    private readonly SnapshotState _state;
    private readonly SortedDictionary<int, SavedCpu> _cpus = [];
    private readonly SavedPic?[] _pics = new SavedPic?[2];
    private readonly XenWires _wires = new();

    private XenRecords(SnapshotWindow window, SnapshotState state) => (_window, _state) = (window, state);

    /// <summary>Whether a file begins with the record of a header.</summary>
    internal static bool Looks(ReadOnlySpan<byte> head)
    {
        const uint magic = 0x54381286;
        return head.Length >= DescriptorBytes + sizeof(uint) && BinaryPrimitives.ReadUInt16LittleEndian(head) == (ushort)Code.Header
            && BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) == HeaderLength && BinaryPrimitives.ReadUInt32LittleEndian(head[DescriptorBytes..]) == magic;
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="ForeignSnapshotException">They are damaged.</exception>
    internal static SnapshotState Read(SnapshotWindow window)
    {
        if (window.TailBase > 0)
            throw new ForeignSnapshotException(window.File, window.Length, $"more than {SnapshotWindow.TailBytes} bytes", Expected);
        var state = new SnapshotState { File = window.File, Format = "xen", What = "save records of an HVM domain of Xen" };
        new XenRecords(window, state).Fill();
        return state;
    }

    private void Fill()
    {
        ReadOnlySpan<byte> all = _window.Tail.Span;
        for (int at = 0; ;)
        {
            if (all.Length - at < DescriptorBytes)
                throw new ForeignSnapshotException(_window.File, all.Length, "the end of the file", "the record END");
            var code = (Code)BinaryPrimitives.ReadUInt16LittleEndian(all[at..]);
            int instance = BinaryPrimitives.ReadUInt16LittleEndian(all[(at + 2)..]);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(all[(at + 4)..]);
            at += DescriptorBytes;
            if (length > all.Length - at)
                throw new ForeignSnapshotException(_window.File, at, $"a record of {length} bytes, where {all.Length - at} are left", Expected);
            if (code == Code.End)
                break;
            Take(code, instance, all.Slice(at, (int)length), at);
            at += (int)length;
        }
        Finish();
    }

    private void Take(Code code, int instance, ReadOnlySpan<byte> record, int at)
    {
        switch (code)
        {
            case Code.Cpu:
                // rflags follows fpu_regs, sixteen registers and rip, in all versions.
                const int flagsAt = 512 + 17 * sizeof(ulong);
                Need(record, flagsAt + sizeof(ulong), at, "CPU");
                ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(record[flagsAt..]);
                CpuOf(instance, at).InterruptFlag = new((flags & SavedCpu.InterruptFlagBit) != 0, new($"CPU {instance}", "rflags", at + flagsAt));
                break;
            case Code.Pic when instance < _pics.Length:
                Need(record, XenPic.Bytes, at, "PIC");
                _pics[instance] = XenPic.Read(record, instance, at);
                break;
            case Code.IoApic:
                AddIoApic(record, at);
                break;
            case Code.Lapic:
                Need(record, sizeof(ulong) + sizeof(uint), at, "LAPIC");
                CpuOf(instance, at).Base = new(BinaryPrimitives.ReadUInt64LittleEndian(record), new($"LAPIC {instance}", "apic_base_msr", at));
                break;
            case Code.LapicRegisters:
                Need(record, LapicPage.Bytes, at, "LAPIC_REGS");
                LapicPage.Read(record, CpuOf(instance, at), $"LAPIC_REGS {instance}", at);
                break;
            case Code.PciIrq:
                Need(record, XenWires.PciBytes, at, "PCI_IRQ");
                _wires.ReadPci(record, at);
                break;
            case Code.IsaIrq:
                Need(record, XenWires.IsaBytes, at, "ISA_IRQ");
                _wires.ReadIsa(record, at);
                break;
            case Code.PciLink:
                Need(record, XenWires.LinkBytes, at, "PCI_LINK");
                _wires.ReadLinks(record);
                break;
        }
    }

    private void AddIoApic(ReadOnlySpan<byte> record, int at)
    {
        // base_address, ioregsel, id, then the entries.
        const int idAt = 12, tableAt = 16;
        Need(record, tableAt + MostOlderPins * sizeof(ulong), at, "IOAPIC");
        int pins = Math.Min(IoApicPins, (record.Length - tableAt) / sizeof(ulong));
        var entries = new Told<ulong>[pins];
        for (int pin = 0; pin < pins; pin++)
        {
            int offset = tableAt + pin * sizeof(ulong);
            entries[pin] = new(BinaryPrimitives.ReadUInt64LittleEndian(record[offset..]), new("IOAPIC", $"redirtbl[{pin}]", at + offset));
        }
        _state.IoApics.Add(new SavedIoApic { Id = new(BinaryPrimitives.ReadUInt32LittleEndian(record[idAt..]), new("IOAPIC", "id", at + idAt)), Entries = entries });
    }

    private void Need(ReadOnlySpan<byte> record, int length, int at, string name)
    {
        if (record.Length < length)
            throw new ForeignSnapshotException(_window.File, at, $"a record {name} of {record.Length} bytes", $"{length} or more");
    }

    private SavedCpu CpuOf(int instance, int at)
    {
        if (_cpus.TryGetValue(instance, out SavedCpu? cpu))
            return cpu;
        if (instance >= MostCpus)
            throw new ForeignSnapshotException(_window.File, at, $"vCPU {instance}", $"fewer than {MostCpus}");
        return _cpus[instance] = new SavedCpu { Number = instance };
    }

    private void Finish()
    {
        _state.Cpus.AddRange(_cpus.Values);
        // A vCPU has a local APIC from its creation on, and a record of it whether it runs or not.
        _state.HasAllCpus = _cpus.Count > 0 && _cpus.Values.All(cpu => cpu.KnowsVectors) && _cpus.Keys.Last() == _cpus.Count - 1;
        if (_state.IoApics is [var ioApic, ..])
            ioApic.Asking = _wires.Pins;
        if (_pics is [{ } master, { } slave])
        {
            (master.Lines, slave.Lines) = _wires.Irqs;
            _state.Pics.AddRange([master, slave]);
        }
        else
            _state.Limits.Add(new("It has no record PIC of both 8259s", ""));
        if (_state.IoApics.Count == 0)
            _state.Limits.Add(new("It has no record IOAPIC", ""));
        if (!_wires.IsKnown)
            _state.Limits.Add(new("It lacks one of PCI_IRQ, ISA_IRQ and PCI_LINK, so the levels of the lines are not known", ""));
        if (!_state.HasAllCpus)
            _state.Limits.Add(new("It does not have LAPIC_REGS of every vCPU", ""));
        _state.Limits.Add(new("These records do not tell which vCPU is halted, hold no event channel, not the callback's own share of its line, and no MSI-X table: "
            + "those are the device model's", "the device model's own file too (xl save has it behind these records)"));
    }
}
