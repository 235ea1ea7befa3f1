using Wirq.Events;

namespace Wirq;

// The timer (Intel SDM vol. 3, 11.5.4). Bus time is counted in units of 1 ns / BusHz, so that a frequency that does not
// divide 1 GHz makes no drift: one tick of the undivided bus clock is 10^9 of them.
public sealed partial class LocalApics
{
    private const long TickUnits = 1_000_000_000;

    /// <summary>The next virtual time at which a timer expires, in ns; <see cref="long.MaxValue"/> for none.</summary>
    internal long NextDeadline => _deadlines.Earliest;

    /// <summary>Lets the timers that are due at <c>events.Now</c> expire, the earliest first. A periodic timer that
    /// missed several periods expires once: its interrupts would have merged in IRR.</summary>
    internal void Advance(EventBuffer events)
    {
        // Every expiry leaves a deadline after Now, or none.
        while (_deadlines.Earliest is var next && next <= events.Now && next != DeadlineTree.Never)
        {
            int cpu = _deadlines.First;
            Expire(cpu, ref _state[cpu], events);
        }
    }

    /// <summary>The TSC at a virtual time.</summary>
    internal ulong TscAt(long now) => (ulong)((UInt128)Math.Max(now, 0) * (ulong)_options.TscHz / TickUnits);

    private void Settle(int cpu, ref ApicState s, EventBuffer events)
    {
        if (_options.ExternalTimers)
            return;
        long at = _deadlines[cpu];
        if (at <= events.Now && at != DeadlineTree.Never)
            Expire(cpu, ref s, events);
    }

    /// <summary>The timer of a CPU expires now, by the code that keeps the timers
    /// (<see cref="LocalApicOptions.ExternalTimers"/>).</summary>
    internal void ExpireTimer(int cpu, EventBuffer events) => Expire(cpu, ref _state[cpu], events);

    private void Expire(int cpu, ref ApicState s, EventBuffer events)
    {
        Int128 period = Period(in s);
        if (_quirks.TimerReckonsFromLoad)
            ReckonAfterExpiry(cpu, ref s, events.Now);
        else if (s.Timer.TimerMode == ApicTimerMode.Periodic && period != 0)
        {
            Int128 due = DueUnits(cpu, in s);
            Int128 missed = (Units(events.Now) - due) / period;
            ArmAt(cpu, ref s, due + (missed + 1) * period);
        }
        else
        {
            Disarm(cpu, ref s);
        }

        if (events.Observing)
            events.Observe(new TimerExpired(cpu, s.Timer.Masked).ToEvent());
        if (!s.Timer.Masked && IsOnBus(in s))
            AcceptLocal(cpu, ref s, LocalVector.Timer, level: false, events);
    }

    private void WriteInitialCount(int cpu, ref ApicState s, uint value, EventBuffer events)
    {
        Settle(cpu, ref s, events);
        if (_quirks.TimerReckonsFromLoad)
        {
            (s.InitialCount, s.LoadTime) = (value, events.Now);
            Reckon(cpu, ref s, Units(events.Now));
            return;
        }
        // 11.5.4.1: ignored in TSC-deadline mode.
        if (s.Timer.TimerMode == ApicTimerMode.TscDeadline)
            return;
        s.InitialCount = value;
        Disarm(cpu, ref s);
        if (value != 0 && Counts(s.Timer))
            ArmAt(cpu, ref s, Units(events.Now) + Period(in s));
    }

    private uint CurrentCount(int cpu, ref ApicState s, EventBuffer events)
    {
        Settle(cpu, ref s, events);
        if (_quirks.TimerReckonsFromLoad)
            return CountFromLoad(in s, Units(events.Now));
        if (_deadlines[cpu] == DeadlineTree.Never || !Counts(s.Timer))
            return 0;
        Int128 tick = (Int128)s.Divide.Divisor * TickUnits;
        Int128 count = (DueUnits(cpu, in s) - Units(events.Now) + tick - 1) / tick;
        return (uint)Int128.Min(count, s.InitialCount);
    }

    /// <summary>A new divisor takes effect at once: the count continues from its value, at the new rate.</summary>
    private void WriteDivide(int cpu, ref ApicState s, uint value, EventBuffer events)
    {
        Settle(cpu, ref s, events);
        DivideConfiguration old = s.Divide;
        s.Divide = new((byte)(value & DivideConfiguration.Writable));
        if (_quirks.TimerReckonsFromLoad || _deadlines[cpu] == DeadlineTree.Never || !Counts(s.Timer))
            return;
        Int128 now = Units(events.Now);
        ArmAt(cpu, ref s, now + (DueUnits(cpu, in s) - now) * s.Divide.Divisor / old.Divisor);
    }

    /// <summary>The SDM says that every change of mode disarms the timer (11.5.4.1). Between one-shot and periodic,
    /// processors continue to count, and software depends on that (kvm-unit-tests, <c>x86/apic.c</c>, change_mode). So
    /// here only entering or leaving TSC-deadline mode disarms it.</summary>
    private void TimerEntryChanged(int cpu, ref ApicState s, LocalVectorEntry old, EventBuffer events)
    {
        if (_quirks.TimerReckonsFromLoad)
        {
            Reckon(cpu, ref s, Units(events.Now));
            return;
        }
        if (s.Timer.TimerMode == old.TimerMode || Counts(s.Timer) && Counts(old))
            return;
        Disarm(cpu, ref s);
        if (_quirks.ModeChangeClearsCount)
            s.InitialCount = 0;
    }

    private ulong ReadTscDeadline(int cpu, EventBuffer events)
    {
        ref ApicState s = ref _state[cpu];
        Settle(cpu, ref s, events);
        return s.Base.Enabled ? s.TscDeadline : 0;
    }

    /// <summary>Zero disarms; a time that has passed expires at once (11.5.4.1).</summary>
    private void WriteTscDeadline(int cpu, ulong value, EventBuffer events)
    {
        ref ApicState s = ref _state[cpu];
        Settle(cpu, ref s, events);
        if (s.Timer.TimerMode != ApicTimerMode.TscDeadline || !s.Base.Enabled)
            return;
        Disarm(cpu, ref s);
        if (value == 0)
            return;
        s.TscDeadline = value;
        ulong hz = (ulong)_options.TscHz;
        UInt128 at = ((UInt128)value * TickUnits + hz - 1) / hz;
        _deadlines.Set(cpu, at < DeadlineTree.Never ? (long)at : DeadlineTree.Never);
        Settle(cpu, ref s, events);
    }

    private void Disarm(int cpu, ref ApicState s)
    {
        s.TscDeadline = s.Overshoot = 0;
        _deadlines.Set(cpu, DeadlineTree.Never);
    }

    private void ArmAt(int cpu, ref ApicState s, Int128 units)
    {
        (Int128 at, Int128 rest) = Int128.DivRem(units, _options.BusHz);
        if (rest > 0)
            at++;
        bool fits = at < DeadlineTree.Never;
        s.Overshoot = fits ? (ulong)(at * _options.BusHz - units) : 0;
        _deadlines.Set(cpu, fits ? (long)at : DeadlineTree.Never);
    }

    private Int128 DueUnits(int cpu, in ApicState s) => Units(_deadlines[cpu]) - s.Overshoot;

    private Int128 Units(long time) => (Int128)time * _options.BusHz;

    private static Int128 Period(in ApicState s) => (Int128)s.InitialCount * s.Divide.Divisor * TickUnits;

    private static bool Counts(LocalVectorEntry timer) =>
        timer.TimerMode is ApicTimerMode.OneShot or ApicTimerMode.Periodic;

    private void MakeRelative(Span<ApicState> copy, long now)
    {
        foreach (ref ApicState s in copy)
        {
            if (s.TscDeadline != 0)
                s.TscDeadline -= TscAt(now);
            s.LoadTime = _quirks.TimerReckonsFromLoad ? Since(in s, now) : 0;
        }
    }
}
