using System.Buffers.Binary;
using System.Text;
using Wirq.Traces.Why;

namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>Reads a migration stream of QEMU: what <c>migrate</c>, <c>savevm</c> to a file and libvirt's <c>save</c>
/// write.</summary>
internal sealed class QemuStream
{
    internal static ReadOnlySpan<byte> Magic => "QEVM"u8;

    private const int MachineAt = 8, MostName = 256, Pins = 24;
    private const byte Configuration = 7;
    // CPU_INTERRUPT_HARD and CPU_INTERRUPT_POLL (QEMU, target/i386/cpu.h and include/exec/cpu-all.h): an interrupt was
    // signalled to the CPU, or the local APIC is to be asked before the CPU goes on.
    private const ulong Signals = 0x2 | 0x10;

    private readonly SnapshotWindow _window;
    private readonly SnapshotState _state;

    private QemuStream(SnapshotWindow window, SnapshotState state) => (_window, _state) = (window, state);

    /// <summary>Reads a stream.</summary>
    /// <exception cref="ForeignSnapshotException">It is damaged.</exception>
    internal static SnapshotState Read(SnapshotWindow window, string wrapped = "")
    {
        if (!window.Head.AsSpan().StartsWith(Magic))
            throw new ForeignSnapshotException(window.File, 0, "no magic of a stream", "QEVM");
        using StreamDescription description = StreamDescription.Read(window);
        string machine = MachineOf(window) is { } named ? $", machine {StreamDescription.Shown(named)}" : "";
        var state = new SnapshotState { File = window.File, Format = "qemu", What = $"a migration stream of QEMU{wrapped}{machine}" };
        try
        {
            new QemuStream(window, state).Fill(description);
        }
        catch (Exception bad) when (bad is KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new ForeignSnapshotException(window.File, window.Length, "a description of a device that does not fit its kind", "fields with name, type and size");
        }
        return state;
    }

    private static string? MachineOf(SnapshotWindow window)
    {
        ReadOnlySpan<byte> head = window.Head;
        if (head.Length < MachineAt + 1 + sizeof(uint) || head[MachineAt] != Configuration)
            return null;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(head[(MachineAt + 1)..]);
        ReadOnlySpan<byte> name = head[(MachineAt + 1 + sizeof(uint))..];
        return length <= MostName && length <= name.Length ? Encoding.UTF8.GetString(name[..(int)length]) : null;
    }

    private void Fill(StreamDescription description)
    {
        var halts = new List<StreamValues>();
        var flags = new List<StreamValues>();
        var apics = new List<StreamValues>();
        StreamValues? bus = null;
        PciLines? lines = null;
        foreach (StreamDevice device in description.Devices)
        {
            switch (device.Name)
            {
                case "cpu_common":
                    halts.Add(Values(device));
                    break;
                case "cpu":
                    flags.Add(Values(device));
                    break;
                case "apic":
                    apics.Add(Values(device));
                    break;
                case "i8259":
                    _state.Pics.Add(Pic(Values(device)));
                    break;
                case "ioapic":
                    _state.IoApics.Add(IoApic(Values(device)));
                    break;
                // The root bus is first; a bus behind a bridge has no lines of its own.
                case "PCIBUS" when bus is null:
                    bus = Values(device);
                    break;
                case "iommu-intel":
                    StreamValues unit = Values(device);
                    _state.Remapper = new("VT-d", unit.Flag("intr_enabled"), unit.Flag("intr_eime"), unit.Number("intr_root", 0));
                    break;
                case "xen_evtchn":
                    _state.Limits.Add(new("It holds a Xen guest's event channels, and not what the other devices put on the line of their callback", ""));
                    break;
                default:
                    if (device.IsPci)
                        AddFunction(device, ref lines);
                    break;
            }
        }
        AddCpus(halts, flags, apics);
        if (bus is not null)
            AddBus(bus, lines);
        Missing();
    }

    private StreamValues Values(StreamDevice device) => new(_window, device);

    private void AddFunction(StreamDevice device, ref PciLines? lines)
    {
        PciFunction function = PciFunction.Read(Values(device));
        _state.Functions.Add(function.State);
        lines ??= PciLines.Of(device.Name, function.Config);
        if (!function.State.Intx.IsKnown)
            _state.Limits.Add(new($"{StreamDescription.Shown(device.Name)} is saved in a form that the description does not take apart, so its lines and messages are not known", ""));
    }

    private static SavedPic Pic(StreamValues values) => new()
    {
        Lines = values.Byte("last_irr"),
        Irr = values.Byte("irr"),
        Isr = values.Byte("isr"),
        Imr = values.Byte("imr"),
        Elcr = values.Byte("elcr"),
        First = values.Byte("priority_add"),
        Base = values.Byte("irq_base"),
        InitState = values.Byte("init_state"),
        AutoEoi = values.Byte("auto_eoi"),
        SpecialMask = values.Byte("special_mask"),
        SpecialFullyNested = values.Byte("special_fully_nested_mode"),
    };

    private static SavedIoApic IoApic(StreamValues values) => new()
    {
        Id = values.Number("id", 0).As(id => (uint)id),
        Asking = values.Number("irr", 0),
        Entries = values.Field("ioredtbl") is { Size: sizeof(ulong), Count: Pins }
            ? [.. Enumerable.Range(0, Pins).Select(pin => values.Number("ioredtbl", pin))] : [],
    };

    /// <summary>The devices of one CPU stand in the order of the CPUs, whatever their instances are called: some count, some
    /// have the id of the local APIC.</summary>
    private void AddCpus(List<StreamValues> halts, List<StreamValues> flags, List<StreamValues> apics)
    {
        int count = Math.Max(halts.Count, Math.Max(flags.Count, apics.Count));
        for (int number = 0; number < count; number++)
        {
            var cpu = new SavedCpu { Number = number };
            // Where the lists differ in length, which belongs to which is not known.
            if (halts.Count == count)
            {
                cpu.Halted = halts[number].Flag("halted");
                cpu.Signalled = halts[number].Number("interrupt_request", 0).As(request => (request & Signals) != 0);
            }
            if (flags.Count == count)
                cpu.InterruptFlag = flags[number].Number("env.eflags", 0).As(eflags => (eflags & SavedCpu.InterruptFlagBit) != 0);
            if (number < apics.Count)
                AddApic(cpu, apics[number]);
            _state.Cpus.Add(cpu);
        }
        _state.HasAllCpus = count > 0 && apics.Count == count;
    }

    private static void AddApic(SavedCpu cpu, StreamValues values)
    {
        const int timer = 0, lint0 = 3;
        cpu.Id = values.Number("id", 0).As(id => (uint)id);
        cpu.Base = values.Number("apicbase", 0);
        cpu.Spurious = values.Number("spurious_vec", 0).As(word => (uint)word);
        cpu.Tpr = values.Byte("tpr");
        cpu.LogicalId = values.Byte("log_dest");
        cpu.LogicalFormat = values.Byte("dest_mode").As(mode => mode == 0 ? DestinationFormat.Cluster : DestinationFormat.Flat);
        cpu.Lint0 = values.Number("lvt", lint0).As(word => (uint)word);
        cpu.Timer = values.Number("lvt", timer).As(word => (uint)word);
        cpu.Irr = values.Vectors("irr");
        cpu.Isr = values.Vectors("isr");
        cpu.Tmr = values.Vectors("tmr");
    }

    private void AddBus(StreamValues bus, PciLines? lines)
    {
        if (bus.Field("irq_count") is not { Size: sizeof(uint) } counts)
            return;
        const int most = 256;
        int count = Math.Min(counts.Count, most);
        _state.Buses.Add(new(bus.Device, [.. Enumerable.Range(0, count).Select(line => bus.Number("irq_count", line).As(number => unchecked((int)(uint)number)))])
        {
            Pins = [.. Enumerable.Range(0, count).Select(line => lines?.PinOf(line) ?? -1)],
            Irqs = [.. Enumerable.Range(0, count).Select(line => lines?.IrqOf(line) ?? -1)],
        });
    }

    private void Missing()
    {
        if (_state.Pics.Count != 2 || _state.Pics.Any(pic => !pic.Isr.IsKnown || !pic.Irr.IsKnown || !pic.Imr.IsKnown))
        {
            _state.Limits.Add(new("It has no 8259 pair that can be read", ""));
            _state.Pics.Clear();
        }
        if (_state.IoApics.Count == 0 || _state.IoApics.Any(chip => chip.Entries.Length == 0 || !chip.Asking.IsKnown))
        {
            _state.Limits.Add(new("It has no I/OAPIC that can be read", ""));
            _state.IoApics.RemoveAll(chip => chip.Entries.Length == 0);
        }
        if (!_state.HasAllCpus || _state.Cpus.Any(cpu => !cpu.KnowsVectors))
            _state.Limits.Add(new("It does not have the local APIC of every CPU", ""));
    }
}
