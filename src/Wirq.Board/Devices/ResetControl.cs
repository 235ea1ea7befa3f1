using Wirq.Board.Bus;

namespace Wirq.Board.Devices;

/// <summary>The three ways in which a guest can request a reset of a PC, and the A20 gate.</summary>
/// <remarks><code>
/// 0x92   1 A20   0 reset when it rises; it stays as written
/// 0xCF9  2 reset when it rises   1 of the machine, not of the CPU alone
/// 0x64   read: 4 keyboard not locked   3 last write was a command   2 self test passed   0 a byte waits at 0x60
///        write: 0xD0 puts the output port at 0x60   0xD1 the next byte at 0x60 is the output port
///        0xF0-0xFF pull those lines of the output port whose bit is 0
/// 0x60   output port: 1 A20   0 not reset
/// </code>IBM PS/2 Hardware Interface Technical Reference (port 0x92; keyboard controller); Intel 82371SB data sheet,
/// 2.3.9 (0xCF9). There is no keyboard and no mouse: other commands have no effect. A20 is only stored: the board does
/// not wrap addresses, and neither do current CPUs.</remarks>
internal sealed class ResetControl : BytePortDevice
{
    /// <summary>The port of the reset control register.</summary>
    public const ushort ResetPort = 0xCF9;
    /// <summary>What a guest writes there to reset the machine.</summary>
    public const byte ResetMachine = ResetRises | ResetSystem;

    private const ushort Port92 = 0x92, DataPort = 0x60, CommandPort = 0x64;
    private const byte Port92Reset = 1, A20Bit = 2, Port92Writable = 3;
    private const byte ResetRises = 4, ResetSystem = 2, ResetWritable = 6;
    private const byte StatusUnlocked = 0x10, StatusCommand = 8, StatusTested = 4, StatusFull = 1;
    private const byte ReadOutputPort = 0xD0, WriteOutputPort = 0xD1, PulseOutputPort = 0xF0, NotReset = 1;

    private readonly Action<ResetCause> _reset;
    private byte _port92, _resetControl, _outputPort = NotReset, _waiting;
    private bool _full, _command = true, _writesOutputPort;
    private ResetCause? _asked;

    /// <summary>Builds the device.</summary>
    /// <param name="reset">Called with the guest's request, on the thread of the vCPU that made it, outside the
    /// device's lock.</param>
    public ResetControl(Action<ResetCause> reset)
    {
        ArgumentNullException.ThrowIfNull(reset);
        _reset = reset;
    }

    /// <summary>Whether the guest enabled address bit 20, by either port.</summary>
    public bool A20
    {
        get
        {
            lock (Guard)
                return ((_port92 | _outputPort) & A20Bit) != 0;
        }
    }

    /// <summary>Maps it. Port 0xCF9 is one of the ports of <see cref="Pci.PciRoot"/>, so map that one first.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        foreach (ushort port in (ReadOnlySpan<ushort>)[Port92, DataPort, CommandPort, ResetPort])
            bus.MapPorts(port, 1, this);
    }

    /// <summary>Resets the device, at a reset of the machine. It is not called for a reset of a CPU alone.</summary>
    public void Reset()
    {
        lock (Guard)
        {
            (_port92, _resetControl, _outputPort, _waiting) = (0, 0, NotReset, 0);
            (_full, _command, _writesOutputPort) = (false, true, false);
        }
    }

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port)
    {
        switch (port)
        {
            case Port92:
                return _port92;
            case ResetPort:
                return _resetControl;
            case CommandPort:
                return (byte)(StatusUnlocked | StatusTested | (_command ? StatusCommand : 0) | (_full ? StatusFull : 0));
            case DataPort:
                _full = false;
                return _waiting;
            default:
                return Nothing;
        }
    }

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
            case CommandPort:
                _command = true;
                Command(value);
                break;
            case DataPort:
                _command = false;
                if (_writesOutputPort)
                    Output(value);
                _writesOutputPort = false;
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

    private void Command(byte command)
    {
        _writesOutputPort = command == WriteOutputPort;
        if (command == ReadOutputPort)
            (_waiting, _full) = (_outputPort, true);
        if (command >= PulseOutputPort && (command & NotReset) == 0)
            _asked = ResetCause.KeyboardController;
    }

    private void Output(byte value)
    {
        // The reset line is active while the bit is 0. When the CPU leaves reset, it is released.
        if ((value & NotReset) == 0)
            _asked = ResetCause.KeyboardController;
        _outputPort = (byte)(value & A20Bit | NotReset);
    }
}
