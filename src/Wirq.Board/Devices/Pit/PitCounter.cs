namespace Wirq.Board.Devices.Pit;

/// <summary>One counter of an 8254. It does not count: its value is calculated from the time of its load.</summary>
/// <remarks>Intel 8254 data sheet, "Mode Definitions". All times are clocks of the input.</remarks>
internal sealed class PitCounter
{
    internal const int BinaryRange = 0x10000, BcdRange = 10_000;

    private PitControl _control;
    private PitCount _written;
    private PitCount? _latched;
    private PitStatus? _latchedStatus;
    // Clocks that were counted before the gate last rose, and since then.
    private long _before, _since;
    private int _clocks = BinaryRange;
    private bool _programmed, _loaded, _armed, _gate, _highNext, _readHighNext;

    internal PitCounter(bool gate) => _gate = gate;

    /// <summary>Whether it counts: it has a count, its gate is high, and in modes 1 and 5 it was triggered.</summary>
    internal bool Runs => _loaded && (_gate || Triggered);

    private bool Triggered => _control.Mode is 1 or 5;

    private int Range => _control.Bcd ? BcdRange : BinaryRange;

    private long Counted(long now) => _before + (Runs ? now - _since : 0);

    /// <summary>Writes a control word for this counter.</summary>
    internal void Program(PitControl control, long now)
    {
        if (control.Access == PitAccess.Latch)
        {
            LatchCount(now);
            return;
        }
        _control = control;
        (_programmed, _loaded, _armed, _highNext, _readHighNext) = (true, false, false, false, false);
        (_latched, _latchedStatus) = (null, null);
        (_before, _since) = (0, now);
    }

    internal void LatchCount(long now) => _latched ??= Count(now);

    internal void LatchStatus(long now) => _latchedStatus ??= PitStatus.Of(_control, Output(now), !_loaded);

    /// <summary>Writes a byte of the count.</summary>
    internal void Write(byte value, long now)
    {
        if (!_programmed)
            return;
        switch (_control.Access)
        {
            case PitAccess.Low:
                Load(PitCount.Of(value, 0), now);
                break;
            case PitAccess.High:
                Load(PitCount.Of(0, value), now);
                break;
            case PitAccess.LowThenHigh when _highNext:
                _highNext = false;
                Load(PitCount.Of(_written.Low, value), now);
                break;
            default:
                _highNext = true;
                _written = PitCount.Of(value, 0);
                // Mode 0: the first byte stops the counter, and OUT falls.
                if (_control.Mode == 0)
                    (_loaded, _before) = (false, 0);
                break;
        }
    }

    /// <summary>Reads a byte of the status, of the latched count or of the current count.</summary>
    internal byte Read(long now)
    {
        if (_latchedStatus is { } status)
        {
            _latchedStatus = null;
            return status.Bits;
        }
        PitCount count = _latched ?? Count(now);
        bool high = _control.Access == PitAccess.High || _control.Access == PitAccess.LowThenHigh && _readHighNext;
        bool last = high || _control.Access != PitAccess.LowThenHigh;
        _readHighNext = !last;
        if (last)
            _latched = null;
        return high ? count.High : count.Low;
    }

    /// <summary>Sets the gate.</summary>
    internal void SetGate(bool gate, long now)
    {
        if (gate == _gate)
            return;
        _before = Counted(now);
        _gate = gate;
        _since = now;
        // A rising gate restarts modes 1, 2, 3 and 5; in modes 0 and 4 it continues the count.
        if (gate && _control.Mode is 1 or 2 or 3 or 5)
        {
            _before = 0;
            _loaded |= _armed;
        }
    }

    /// <summary>The level of OUT.</summary>
    internal bool Output(long now)
    {
        long counted = Counted(now);
        switch (_control.Mode)
        {
            case 0:
                return _loaded && counted >= _clocks;
            case 1:
                return _programmed && !(_loaded && counted < _clocks);
            case 2:
                return _programmed && !(Runs && counted % _clocks == _clocks - 1);
            case 3:
                return _programmed && !(Runs && counted % _clocks >= HighClocks);
            default:
                return _programmed && !(_loaded && counted == _clocks);
        }
    }

    /// <summary>When OUT next rises without a write or a gate change, in clocks of the input.</summary>
    internal long? NextRise(long now)
    {
        if (!Runs)
            return null;
        long counted = Counted(now);
        long? at = _control.Mode switch
        {
            0 or 1 => counted < _clocks ? _clocks : null,
            2 or 3 => (counted / _clocks + 1) * _clocks,
            // OUT is low for one clock, and then high again.
            _ => counted <= _clocks ? _clocks + 1 : null,
        };
        return at + (now - counted);
    }

    private int HighClocks => (_clocks + 1) / 2;

    private void Load(PitCount written, long now)
    {
        int clocks = written.Clocks(_control.Bcd);
        // In modes 2 and 3 a count of 1 is illegal; it counts as 2 here.
        _clocks = _control.Mode is 2 or 3 ? Math.Max(clocks, 2) : clocks;
        (_before, _since) = (0, now);
        // Modes 1 and 5 wait for a rising gate, even if they were counting.
        _armed = true;
        _loaded = !Triggered;
    }

    private PitCount Count(long now)
    {
        if (!_loaded)
            return PitCount.FromClocks(_clocks % Range, _control.Bcd);
        long counted = Counted(now);
        long left;
        if (_control.Mode == 2)
            left = _clocks - counted % _clocks;
        else if (_control.Mode == 3)
        {
            long within = counted % _clocks;
            // An odd count is loaded minus one, and counts down by two.
            left = _clocks / 2 * 2 - 2 * (within < HighClocks ? within : within - HighClocks);
        }
        else
            left = ((_clocks - counted) % Range + Range) % Range;
        return PitCount.FromClocks((int)(left % Range), _control.Bcd);
    }
}
