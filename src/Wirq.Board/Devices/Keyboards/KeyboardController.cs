using Wirq.Board.Bus;
using Wirq.Host;

namespace Wirq.Board.Devices.Keyboards;

/// <summary>The keyboard controller of a PC, an 8042, with a keyboard: IRQ 1, a way to reset the CPU, and an A20 gate.</summary>
/// <remarks><code>
/// 0x60   read: the byte that waits, from the controller or the keyboard
///        write: what a command waits for; else a byte for the keyboard
/// 0x64   read: 4 keyboard not locked   3 last write was a command   2 self test passed   0 a byte waits at 0x60
///        write: 0x20 reads the mode   0x60 writes it   0xAA self test   0xAB test of the keyboard's lines
///               0xAD keyboard off   0xAE keyboard on   0xCA reads the kind: 0 is that of an AT
///               0xD0 reads the output port   0xD1 writes it   0xF0-0xFF pull its lines whose bit is 0
/// mode   6 scan codes are those of set 1   4 keyboard off   2 self test passed   0 interrupts
/// output port   1 A20   0 not reset
/// </code>IBM PS/2 Hardware Interface Technical Reference, keyboard and auxiliary device controller; 0xCA is of AMI's
/// controllers, which PCs have. There is no mouse: other commands have no effect. IRQ 1 is high while a byte waits and the
/// mode has interrupts. An answer of the controller replaces a byte that waits. A20 is only stored: the board does not wrap
/// addresses, and neither do current CPUs.</remarks>
internal sealed class KeyboardController : BytePortDevice, IDisposable
{
    private const ushort DataPort = 0x60, CommandPort = 0x64;
    private const int Irq = 1;
    private const byte StatusUnlocked = 0x10, StatusCommand = 8, StatusFull = 1;
    private const byte ModeTranslates = 0x40, ModeOff = 0x10, ModeTested = 4, ModeInterrupts = 1;
    // As firmware leaves it.
    private const byte InitialMode = ModeTranslates | ModeTested | ModeInterrupts;
    private const byte ReadMode = 0x20, WriteMode = 0x60, SelfTest = 0xAA, TestLines = 0xAB, TurnOff = 0xAD, TurnOn = 0xAE,
        ReadKind = 0xCA, ReadOutputPort = 0xD0, WriteOutputPort = 0xD1, PulseOutputPort = 0xF0;
    private const byte SelfTestPassed = 0x55, LinesWork = 0, KindAt = 0;
    private const byte OutputNotReset = 1, OutputA20 = 2;

    private readonly HostSource _irq;
    private readonly Action<ResetCause> _reset;
    private readonly Keyboard _keyboard = new();
    private byte _mode = InitialMode, _outputPort = OutputNotReset, _waiting, _waitsFor;
    private bool _full, _command = true, _raised, _asked;

    /// <summary>Builds the device.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="reset">Called with the guest's request, on the thread of the vCPU that made it, outside the
    /// device's lock.</param>
    public KeyboardController(FabricHost host, Action<ResetCause> reset)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(reset);
        _reset = reset;
        _irq = host.Connect(host.Do(fabric => fabric.Gsis.OfIsaIrq(Irq)), "keyboard controller");
    }

    /// <summary>Whether the guest enabled address bit 20 here.</summary>
    public bool A20
    {
        get
        {
            lock (Guard)
                return (_outputPort & OutputA20) != 0;
        }
    }

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(DataPort, 1, this);
        bus.MapPorts(CommandPort, 1, this);
    }

    /// <summary>Releases its line.</summary>
    public void Dispose() => _irq.Dispose();

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port)
    {
        switch (port)
        {
            case CommandPort:
                return (byte)(StatusUnlocked | _mode & ModeTested | (_command ? StatusCommand : 0) | (_full ? StatusFull : 0));
            case DataPort:
                byte value = _waiting;
                _full = false;
                Update();
                return value;
            default:
                return Nothing;
        }
    }

    /// <inheritdoc/>
    protected override void WriteByte(ushort port, byte value)
    {
        switch (port)
        {
            case CommandPort:
                _command = true;
                Command(value);
                break;
            case DataPort:
                _command = false;
                Data(value);
                break;
        }
        Update();
    }

    /// <inheritdoc/>
    protected override void AfterAccess()
    {
        bool asked;
        lock (Guard)
            (asked, _asked) = (_asked, false);
        if (asked)
            _reset(ResetCause.KeyboardController);
    }

    private void Command(byte command)
    {
        _waitsFor = command is WriteMode or WriteOutputPort ? command : (byte)0;
        switch (command)
        {
            case ReadMode:
                Answer(_mode);
                break;
            case SelfTest:
                _mode |= ModeTested;
                Answer(SelfTestPassed);
                break;
            case TestLines:
                Answer(LinesWork);
                break;
            case TurnOff:
                _mode |= ModeOff;
                break;
            case TurnOn:
                _mode &= 0xFF & ~ModeOff;
                break;
            case ReadKind:
                Answer(KindAt);
                break;
            case ReadOutputPort:
                Answer(_outputPort);
                break;
            case >= PulseOutputPort when (command & OutputNotReset) == 0:
                _asked = true;
                break;
        }
    }

    private void Data(byte value)
    {
        switch (_waitsFor)
        {
            case WriteMode:
                _mode = value;
                break;
            case WriteOutputPort:
                // The reset line is active while the bit is 0. When the CPU leaves reset, it is released.
                _asked |= (value & OutputNotReset) == 0;
                _outputPort = (byte)(value & OutputA20 | OutputNotReset);
                break;
            default:
                // A byte for the keyboard turns it on.
                _mode &= 0xFF & ~ModeOff;
                _keyboard.Receive(value);
                break;
        }
        _waitsFor = 0;
    }

    private void Answer(byte value) => (_waiting, _full) = (value, true);

    /// <summary>Lets the keyboard send if there is room, and updates the line.</summary>
    private void Update()
    {
        // Between two bytes the line falls, so that an 8259 or a pin by edge sees the second one.
        Drive();
        if (_full || (_mode & ModeOff) != 0 || !_keyboard.Sends)
            return;
        byte value = _keyboard.Send();
        Answer((_mode & ModeTranslates) != 0 ? Translate(value) : value);
        Drive();
    }

    private void Drive()
    {
        bool raised = _full && (_mode & ModeInterrupts) != 0;
        if (raised == _raised)
            return;
        _raised = raised;
        _irq.Set(raised);
    }

    /// <summary>From scan codes of set 2 to those of set 1. It concerns answers too; only those that a keyboard gives are here.</summary>
    private static byte Translate(byte value) => value switch
    {
        1 => 0x43,
        2 or 0x83 => 0x41,
        3 => 0x3F,
        _ => value,
    };
}
