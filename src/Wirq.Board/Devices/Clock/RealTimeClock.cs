using Wirq.Board.Bus;
using Wirq.Board.Timing;
using Wirq.Host;

namespace Wirq.Board.Devices.Clock;

/// <summary>The real-time clock of a PC and its battery-backed memory: an MC146818 with 128 bytes, on IRQ 8.</summary>
/// <remarks><code>
/// 0x70 chooses a register (write-only; bit 7, the mask of NMI, has no effect)   0x71 the register
/// 0x00-0x09 time, date and alarm   0x0A-0x0D registers A to D   0x32 century
/// 0x15 KiB below 640, 16 bits   0x17 and 0x30 KiB above 1 MiB, 16 bits   0x34 64 KiB above 16 MiB, 16 bits
/// 0x5B 64 KiB above 4 GiB, 24 bits   0x5F CPUs less one
/// </code>
/// <para>Motorola MC146818 data sheet. Seconds begin with those of the board's clock. An invalid time is kept while the
/// clock is stopped for setting, and dropped when it runs again. No square wave, no daylight saving, no day-of-month
/// alarm; dates from 1900 to 2999.</para>
/// </remarks>
internal sealed class RealTimeClock : TimedPortDevice, IDisposable
{
    private const ushort IndexPort = 0x70, DataPort = 0x71;
    private const int Irq = 8, Registers = 128, IndexMask = 0x7F;
    private const int AlarmSeconds = 1, AlarmMinutes = 3, AlarmHours = 5, RegisterA = 0x0A, RegisterB = 0x0B, RegisterC = 0x0C,
        RegisterD = 0x0D;
    private const byte InitialA = 0x26, InitialB = 0x02, ValidTime = 0x80;
    private const long UpdateNanoseconds = 244_000;

    private readonly Frequency _crystal = new(32_768), _second = new(1);
    private readonly IBoardClock _clock;
    private readonly HostSource _irq;
    private readonly RtcCalendar _calendar;
    private readonly byte[] _registers = new byte[Registers];
    private DateTime _stopped;
    private RtcFlags _flags;
    private int _index;
    private long _seenSecond, _seenTick;
    private bool _raised;

    /// <summary>Connects the clock.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="clock">The board's clock.</param>
    /// <param name="start">The time when the board's clock is 0; from 1900 to 2999, usually UTC.</param>
    /// <param name="lowBytes">Memory below the hole for devices, in bytes.</param>
    /// <param name="highBytes">Memory from 4 GiB on, in bytes.</param>
    /// <param name="cpus">How many CPUs there are.</param>
    public RealTimeClock(FabricHost host, IBoardClock clock, DateTime start, ulong lowBytes, ulong highBytes = 0, int cpus = 1)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentOutOfRangeException.ThrowIfLessThan(start.Year, 1900, nameof(start));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start.Year, 2999, nameof(start));
        _clock = clock;
        _calendar = new(start);
        _registers[RegisterA] = InitialA;
        _registers[RegisterB] = InitialB;
        _registers[RegisterD] = ValidTime;
        CmosMemory.Describe(_registers, lowBytes, highBytes, cpus);
        RtcCalendar.Encode(start, Format, _registers);
        _irq = host.Connect(host.Do(fabric => fabric.Gsis.OfIsaIrq(Irq)), "real-time clock");
    }

    private RtcControlA A => new(_registers[RegisterA]);
    private RtcControlB B => new(_registers[RegisterB]);
    private RtcFormat Format => new(B.Binary, B.Hours24);

    /// <summary>Whether seconds pass.</summary>
    private bool Updates => A.Runs && !B.Set;

    private RtcAlarm Alarm => RtcAlarm.Read(Format, _registers[AlarmHours], _registers[AlarmMinutes], _registers[AlarmSeconds]);

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(IndexPort, 2, this);
    }

    /// <summary>Releases its line.</summary>
    public void Dispose() => _irq.Dispose();

    /// <inheritdoc/>
    protected override long Deadline
    {
        get
        {
            // While the interrupt is pending, a new cause changes nothing.
            if (_raised)
                return long.MaxValue;
            RtcFlags enabled = B.Enabled;
            long deadline = long.MaxValue;
            if (enabled.Has(RtcFlags.Periodic) && A is { Runs: true, Period: > 0 and var period })
                deadline = _crystal.TimeOf((_seenTick / period + 1) * period);
            if (Updates && enabled.Has(RtcFlags.Update))
                deadline = Math.Min(deadline, _second.TimeOf(_seenSecond + 1));
            if (Updates && enabled.Has(RtcFlags.Alarm) && Alarm.After(SecondOfDay(_seenSecond)) is { } until)
                deadline = Math.Min(deadline, _second.TimeOf(_seenSecond + until));
            return deadline;
        }
    }

    /// <inheritdoc/>
    protected override void CatchUp(long now)
    {
        long tick = _crystal.TicksAt(now), second = _second.TicksAt(now);
        if (A is { Runs: true, Period: > 0 and var period } && tick / period > _seenTick / period)
            _flags = _flags.With(RtcFlags.Periodic);
        _seenTick = Math.Max(_seenTick, tick);
        if (Updates && second > _seenSecond)
        {
            _flags = _flags.With(RtcFlags.Update);
            if (Alarm.After(SecondOfDay(_seenSecond)) <= second - _seenSecond)
                _flags = _flags.With(RtcFlags.Alarm);
            RtcCalendar.Encode(_calendar.At(second), Format, _registers);
        }
        _seenSecond = Math.Max(_seenSecond, second);
        if (Updates)
            _stopped = _calendar.At(_seenSecond);
        Update();
    }

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port)
    {
        if (port != DataPort)
            return Nothing;
        long now = _clock.Now;
        CatchUp(now);
        switch (_index)
        {
            case RegisterA:
                return (byte)(A.Bits | (UpdatesWithin(now) ? RtcControlA.UpdateInProgress : 0));
            case RegisterC:
                byte flags = _flags.WithInterrupt(_raised).Bits;
                _flags = default;
                Update();
                return flags;
            default:
                return _registers[_index];
        }
    }

    /// <inheritdoc/>
    protected override void WriteByte(ushort port, byte value)
    {
        if (port == IndexPort)
            _index = value & IndexMask;
        if (port != DataPort)
            return;
        long now = _clock.Now;
        CatchUp(now);
        bool updated = Updates;
        switch (_index)
        {
            case RegisterA:
                _registers[RegisterA] = (byte)(value & RtcControlA.Writable);
                _seenTick = _crystal.TicksAt(now);
                break;
            case RegisterB:
                // The set bit ends the update-ended interrupt (data sheet, register B, bit 7).
                _registers[RegisterB] = (value & RtcControlB.SetBit) != 0 ? (byte)(value & ~RtcFlags.Update.Bits) : value;
                // A running clock shows its time in the new format.
                if (updated && Updates)
                    RtcCalendar.Encode(_calendar.At(_seenSecond), Format, _registers);
                break;
            case RegisterC or RegisterD:
                break;
            default:
                _registers[_index] = value;
                break;
        }
        if (IsTime(_index) || updated != Updates)
            Adjust(now, updated);
        Update();
    }

    private static bool IsTime(int index) => index is RtcCalendar.Seconds or RtcCalendar.Minutes or RtcCalendar.Hours
        or (>= RtcCalendar.DayOfWeek and <= RtcCalendar.Year) or RtcCalendar.Century;

    /// <summary>Takes over the time that the guest wrote, if the clock runs. If not, the time stays in the
    /// registers.</summary>
    /// <param name="now">The board's clock.</param>
    /// <param name="updated">Whether the clock ran until now.</param>
    private void Adjust(long now, bool updated)
    {
        if (!Updates)
            return;
        long second = _second.TicksAt(now);
        DateTime time = RtcCalendar.Decode(_registers, Format) ?? (updated ? _calendar.At(second) : _stopped);
        _calendar.Set(time, second);
        _seenSecond = second;
        RtcCalendar.Encode(time, Format, _registers);
    }

    private int SecondOfDay(long second) => (int)_calendar.At(second).TimeOfDay.TotalSeconds;

    /// <summary>Whether the update bit is set: it is set for a short time before a second ends (data sheet, "Update
    /// Cycle").</summary>
    private bool UpdatesWithin(long now) => Updates && _second.TimeOf(_second.TicksAt(now) + 1) - now <= UpdateNanoseconds;

    private void Update()
    {
        bool raised = _flags.Has(B.Enabled);
        if (raised == _raised)
            return;
        _raised = raised;
        _irq.Set(raised);
    }
}
