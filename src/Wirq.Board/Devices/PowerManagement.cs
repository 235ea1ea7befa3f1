using Wirq.Board.Bus;
using Wirq.Board.Timing;
using Wirq.Host;

namespace Wirq.Board.Devices;

/// <summary>ACPI's fixed hardware: events with their interrupt, the control register that turns the machine off, and the PM
/// timer.</summary>
/// <remarks><code>
/// 0x600 PM1 status, 16 bits; a written 1 clears: 0 the highest bit of the timer changed    0x602 PM1 enable, 16 bits
/// 0x604 PM1 control, 16 bits: 0 ACPI is on, read-only   12:10 sleep type   13 a written 1 enters it, reads 0
/// 0x608 PM timer, 32 bits at 3.579545 MHz, read-only
/// </code>
/// <para>ACPI 6.5, 4.8.3.1 to 4.8.3.3. The interrupt (SCI) is a level: it is asserted while an event is set whose enable bit is
/// set. Only the timer has events: there are no buttons, no global lock and no wake. Only sleep type 5, off, exists; others
/// have no effect.</para>
/// <para>A read of the timer's lowest byte keeps the value that a read of the other bytes returns.</para>
/// </remarks>
internal sealed class PowerManagement : TimedPortDevice, IDisposable
{
    /// <summary>The first port.</summary>
    public const ushort EventPort = 0x600;
    /// <summary>The port of PM1 control.</summary>
    public const ushort ControlPort = 0x604;
    /// <summary>The port of the PM timer.</summary>
    public const ushort TimerPort = 0x608;
    /// <summary>Ports of each block, and of all.</summary>
    public const int EventBytes = 4, ControlBytes = 2, TimerBytes = 4, Ports = 12;
    /// <summary>The sleep type of the state in which the machine is off (S5).</summary>
    public const int SleepTypeOff = 5;
    /// <summary>Frequency of the timer, in Hz.</summary>
    public const long Hertz = 3_579_545;

    private const int HighestTimerBit = 31;
    private const int StatusAt = EventPort - EventPort, EnableAt = StatusAt + 2, ControlAt = ControlPort - EventPort,
        TimerAt = TimerPort - EventPort;

    private readonly Frequency _input = new(Hertz);
    private readonly IBoardClock _clock;
    private readonly HostSource _sci;
    private readonly Action _off;
    private byte _status, _enabled, _enabledHigh, _sleepType;
    private long _halves;
    private uint _timer;
    private bool _raised, _asksOff;

    /// <summary>Connects the device.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="clock">The board's clock.</param>
    /// <param name="sciIrq">The ISA interrupt of SCI.</param>
    /// <param name="off">Called when the guest turns the machine off, on the thread of its vCPU, outside the device's
    /// lock.</param>
    public PowerManagement(FabricHost host, IBoardClock clock, int sciIrq, Action off)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(off);
        _clock = clock;
        _off = off;
        _sci = host.Connect(host.Do(fabric => fabric.Gsis.OfIsaIrq(sciIrq)), "ACPI events");
    }

    /// <inheritdoc/>
    protected override long Deadline => (_enabled & PmBits.Timer) != 0 && !_raised
        ? _input.TimeOf((_halves + 1) << HighestTimerBit)
        : long.MaxValue;

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(EventPort, Ports, this);
    }

    /// <summary>Releases its line.</summary>
    public void Dispose() => _sci.Dispose();

    /// <inheritdoc/>
    protected override void CatchUp(long now)
    {
        long halves = _input.TicksAt(now) >> HighestTimerBit;
        if (halves > _halves)
            _status |= PmBits.Timer;
        _halves = Math.Max(_halves, halves);
        Update();
    }

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port)
    {
        CatchUp(_clock.Now);
        switch (port - EventPort)
        {
            case StatusAt:
                return _status;
            case EnableAt:
                return _enabled;
            case EnableAt + 1:
                return _enabledHigh;
            case ControlAt:
                return PmBits.AcpiOn;
            case ControlAt + 1:
                return PmBits.OfSleepType(_sleepType);
            case TimerAt:
                _timer = (uint)_input.TicksAt(_clock.Now);
                return Access.Byte(_timer, 0);
            case > TimerAt and < Ports:
                return Access.Byte(_timer, port - TimerPort);
            case < TimerAt:
                return 0;
            default:
                return Nothing;
        }
    }

    /// <inheritdoc/>
    protected override void WriteByte(ushort port, byte value)
    {
        CatchUp(_clock.Now);
        switch (port - EventPort)
        {
            case StatusAt:
                _status = (byte)(_status & ~value);
                break;
            case EnableAt:
                _enabled = (byte)(value & PmBits.Enables);
                break;
            case EnableAt + 1:
                _enabledHigh = (byte)(value & PmBits.EnablesHigh);
                break;
            case ControlAt + 1:
                _sleepType = PmBits.SleepTypeOf(value);
                _asksOff |= PmBits.Sleeps(value) && _sleepType == SleepTypeOff;
                break;
        }
        Update();
    }

    /// <inheritdoc/>
    protected override void AfterAccess()
    {
        base.AfterAccess();
        bool off;
        lock (Guard)
            (off, _asksOff) = (_asksOff, false);
        if (off)
            _off();
    }

    private void Update()
    {
        bool raised = (_status & _enabled) != 0;
        if (raised == _raised)
            return;
        _raised = raised;
        _sci.Set(raised);
    }
}

/// <summary>Bits of the PM1 registers, as bytes.</summary>
/// <remarks><code>
/// status, enable 7:0     5 global lock   4 bus master (status only)   0 timer
/// enable 15:8            2 RTC   1 sleep button   0 power button
/// control 7:0            0 ACPI is on
/// control 15:8           5 sleep   4:2 sleep type
/// </code>ACPI 6.5, tables 4.14, 4.15 and 4.16.</remarks>
internal static class PmBits
{
    internal const byte Timer = 1, Enables = 0x21, EnablesHigh = 7, AcpiOn = 1;

    private const byte SleepBit = 0x20, SleepTypeMask = 7;
    private const int SleepTypeShift = 2;

    internal static bool Sleeps(byte control) => (control & SleepBit) != 0;

    internal static byte SleepTypeOf(byte control) => (byte)(control >> SleepTypeShift & SleepTypeMask);

    internal static byte OfSleepType(byte type) => (byte)(type << SleepTypeShift);
}
