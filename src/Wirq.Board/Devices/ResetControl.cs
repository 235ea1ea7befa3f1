using Wirq.Board.Bus;

namespace Wirq.Board.Devices;

/// <summary>Two of the three ways in which a guest can request a reset of a PC, and an A20 gate. The third is
/// <see cref="Keyboards.KeyboardController"/>.</summary>
/// <remarks><code>
/// 0x92   1 A20   0 reset when it rises; it stays as written
/// 0xCF9  2 reset when it rises   1 of the machine, not of the CPU alone
/// </code>IBM PS/2 Hardware Interface Technical Reference (port 0x92); Intel 82371SB data sheet, 2.3.9 (0xCF9). A20 is only
/// stored: the board does not wrap addresses, and neither do current CPUs.</remarks>
internal sealed class ResetControl : BytePortDevice
{
    /// <summary>The port of the reset control register.</summary>
    public const ushort ResetPort = 0xCF9;
    /// <summary>What a guest writes there to reset the machine.</summary>
    public const byte ResetMachine = ResetRises | ResetSystem;

    private const ushort Port92 = 0x92;
    private const byte Port92Reset = 1, A20Bit = 2, Port92Writable = 3;
    private const byte ResetRises = 4, ResetSystem = 2, ResetWritable = 6;

    private readonly Action<ResetCause> _reset;
    private byte _port92, _resetControl;
    private ResetCause? _asked;

    /// <summary>Builds the device.</summary>
    /// <param name="reset">Called with the guest's request, on the thread of the vCPU that made it, outside the
    /// device's lock.</param>
    public ResetControl(Action<ResetCause> reset)
    {
        ArgumentNullException.ThrowIfNull(reset);
        _reset = reset;
    }

    /// <summary>Whether the guest enabled address bit 20 here.</summary>
    public bool A20
    {
        get
        {
            lock (Guard)
                return (_port92 & A20Bit) != 0;
        }
    }

    /// <summary>Maps it. Port 0xCF9 is one of the ports of <see cref="Pci.PciRoot"/>, so map that one first.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(Port92, 1, this);
        bus.MapPorts(ResetPort, 1, this);
    }

    /// <summary>Resets the device, at a reset of the machine. It is not called for a reset of a CPU alone.</summary>
    public void Reset()
    {
        lock (Guard)
            (_port92, _resetControl) = (0, 0);
    }

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port) => port switch
    {
        Port92 => _port92,
        ResetPort => _resetControl,
        _ => Nothing,
    };

    /// <inheritdoc/>
    protected override void WriteByte(ushort port, byte value)
    {
        switch (port)
        {
            case Port92:
                if ((value & ~_port92 & Port92Reset) != 0)
                    _asked = ResetCause.Port92;
                _port92 = (byte)(value & Port92Writable);
                break;
            case ResetPort:
                if ((value & ~_resetControl & ResetRises) != 0)
                    _asked = (value & ResetSystem) != 0 ? ResetCause.ResetControlSystem : ResetCause.ResetControlCpu;
                _resetControl = (byte)(value & ResetWritable);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void AfterAccess()
    {
        ResetCause? asked;
        lock (Guard)
            (asked, _asked) = (_asked, null);
        if (asked is { } cause)
            _reset(cause);
    }
}
