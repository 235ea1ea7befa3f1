using Wirq.Board.Devices;
using Wirq.Board.Devices.Clock;
using Wirq.Board.Devices.Keyboards;
using Wirq.Board.Devices.Pci;
using Wirq.Board.Devices.Pit;
using Wirq.Board.Devices.Virtio;
using Wirq.Board.Firmware;
using Wirq.Board.Loading;
using Wirq.Board.Memory;
using Wirq.Board.Xen;
using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Machine;

/// <summary>A board with the devices of a small PC, and an image to run.</summary>
public sealed class Pc : IDisposable
{
    private const int BridgeSlot = 0, TestFunctionSlot = 1, DiskSlot = 2, EntropySlot = 3, LevelSlot = 4;

    private readonly BoardMemory _memory;
    private readonly PcOptions _options;
    private readonly List<IThreadedFunction> _threaded = [];
    private PciLevelFunction? _level;

    /// <summary>Builds a PC.</summary>
    /// <param name="system">The host's KVM.</param>
    /// <param name="options">How it is built.</param>
    /// <exception cref="Wirq.Routing.KernelException">The host lacks a feature or a resource.</exception>
    public Pc(KvmSystem system, PcOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _memory = new BoardMemory(options.MemoryBytes);
        try
        {
            _options = options;
            Board = new Board(system, options.Board with { Xen = XenOf(options) }, _memory);
            Serial = new Serial(Board.Host, options.Console ?? (_ => { }), wiring: options.SerialWiring);
            Serial.MapAt(Board.Devices);
            AddDevices(options);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The board.</summary>
    public Board Board { get; }

    /// <summary>COM1.</summary>
    public Serial Serial { get; }

    /// <summary>What the level device did until now; null if there is none.</summary>
    public LevelDeviceCounts? LevelDevice => _level?.Counts;

    /// <summary>Loads an image into memory, and sets the first CPU to its entry.</summary>
    /// <param name="image">The image.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="module">A module that is loaded with it; empty for none.</param>
    /// <exception cref="ImageException">It does not fit into memory.</exception>
    public void Load(BoardImage image, string arguments, ReadOnlySpan<byte> module = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        // Before the image: one that loads itself over the tables does not read them.
        PcDescription description = Board.Host.Do(fabric => PcDescription.Of(fabric.Options, fabric.Gsis));
        AcpiTables.Write(_memory, description);
        MpTables.Write(_memory, description);
        BiosDataArea.Write(_memory);
        // KVM's local APIC starts in this mode.
        if (Board.Options.Configuration == DeliveryConfiguration.User)
            VirtualWire.Program(Board.Host);
        image.Start(_memory, Board.Vm.Vcpus[0], arguments, module, AcpiTables.Address);
        if (_options.ForcedEmulation && image.Elf is { } elf)
            ForcedEmulation.Accept(_memory, elf);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Devices do not release their lines here. They are disposed of together with the fabric, and a falling line
        // would now call a kernel that is already closed.
        // The threads of devices use the guest's memory; the machine watches their eventfds.
        _threaded.ForEach(function => function.Stop());
        // Where building failed, there may be none.
        Board?.Dispose();
        _threaded.ForEach(function => function.Dispose());
        _memory.Dispose();
    }

    /// <summary>The guest's consoles are one.</summary>
    private static XenGuestOptions? XenOf(PcOptions options) =>
        options.Board.Xen is { } xen ? xen with { Console = xen.Console ?? options.Console } : null;

    private void AddDevices(PcOptions options)
    {
        new FirmwareConfiguration(options.Board.Cpus, options.MemoryBytes).MapAt(Board.Devices);
        new DebugExit(code => Board.End(new GuestEnd(GuestEndKind.Exit, code))).MapAt(Board.Devices);
        new CountMark(options.Marked ?? (_ => { })).MapAt(Board.Devices);
        var timer = new Pit8254(Board.Host, Board.Clock);
        timer.MapAt(Board.Devices);
        Board.Clock.Add(timer);
        var time = new RealTimeClock(Board.Host, Board.Clock, options.Start ?? DateTime.UtcNow, _memory.LowBytes, _memory.HighBytes,
            options.Board.Cpus);
        time.MapAt(Board.Devices);
        Board.Clock.Add(time);
        var power = new PowerManagement(Board.Host, Board.Clock, PcWires.SciIrq, () => Board.End(new GuestEnd(GuestEndKind.PowerOff)));
        power.MapAt(Board.Devices);
        Board.Clock.Add(power);
        new TestDevice(Board.Host).MapAt(Board.Devices);
        new CrtController().MapAt(Board.Devices);
        var pci = new PciRoot();
        pci.MapAt(Board.Devices);
        pci.Add(BridgeSlot, new PciHostBridge());
        pci.Add(TestFunctionSlot, new PciTestFunction(Board.Host, Board.Devices, PciRoot.RequesterOf(TestFunctionSlot),
            PcWires.GsiOf(TestFunctionSlot, PciInterruptPin.A)));
        if (!options.Disk.IsEmpty)
            AddVirtio(pci, DiskSlot, new VirtioDisk(options.Disk.Span));
        if (options.Entropy)
            AddVirtio(pci, EntropySlot, new VirtioEntropy());
        if (options.LevelDevice != LevelDeviceKind.None)
        {
            _level = new PciLevelFunction(Board.Host, Board.Devices, options.LevelDevice, PcWires.GsiOf(LevelSlot, PciInterruptPin.A));
            Add(pci, LevelSlot, _level);
        }
        // It is mapped after the PCI root, because 0xCF9 is one of the root's ports.
        new ResetControl(Reset).MapAt(Board.Devices);
        new KeyboardController(Board.Host, Reset).MapAt(Board.Devices);
    }

    private void Reset(ResetCause cause) => Board.End(new GuestEnd(GuestEndKind.Reset, Detail: $"by {cause}"));

    private void AddVirtio(PciRoot pci, int slot, IVirtioDevice device)
    {
        var function = new VirtioFunction(Board.Host, Board.Devices, _memory, device, PciRoot.RequesterOf(slot),
            PcWires.GsiOf(slot, PciInterruptPin.A), _options.Sending);
        Add(pci, slot, function);
    }

    private void Add(PciRoot pci, int slot, IThreadedFunction function)
    {
        _threaded.Add(function);
        pci.Add(slot, function);
    }
}
