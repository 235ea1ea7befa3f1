namespace Wirq;

// The timer of a profile that has no count, only the time at which the initial count was written. The register values
// and the next expiry follow from that time and from the current registers.
public sealed partial class LocalApics
{
    /// <summary>Ticks since the initial count was written, at the current divisor.</summary>
    private Int128 TicksFromLoad(in ApicState s, Int128 units) => (units - Units(s.LoadTime)) / Tick(in s);

    private static Int128 Tick(in ApicState s) => (Int128)s.Divide.Divisor * TickUnits;

    private static bool IsPeriodic(in ApicState s) => s.Timer.PeriodicBitSet;

    /// <summary>Arms the timer for its next expiry after a moment, or disarms it.</summary>
    private void Reckon(int cpu, ref ApicState s, Int128 units)
    {
        Int128 ticks = TicksFromLoad(in s, units), period = (Int128)s.InitialCount + 1;
        bool runs = !s.Timer.Masked && (IsPeriodic(in s) ? s.InitialCount != 0 : ticks < s.InitialCount);
        if (!runs)
        {
            Disarm(cpu, ref s);
            return;
        }
        Int128 due = IsPeriodic(in s) ? (ticks / period + 1) * period : period;
        ArmAt(cpu, ref s, Units(s.LoadTime) + due * Tick(in s));
    }

    /// <summary>Calculates from the expiry itself, or from now if whole periods have passed since: their interrupts
    /// would have merged in IRR.</summary>
    private void ReckonAfterExpiry(int cpu, ref ApicState s, long now)
    {
        Int128 units = Units(now);
        if (_deadlines[cpu] != DeadlineTree.Never && DueUnits(cpu, in s) is var due && units - due < Tick(in s) * ((Int128)s.InitialCount + 1))
            units = due;
        Reckon(cpu, ref s, units);
    }

    private uint CountFromLoad(in ApicState s, Int128 units)
    {
        Int128 ticks = TicksFromLoad(in s, units);
        if (IsPeriodic(in s))
            return (uint)(s.InitialCount - ticks % ((Int128)s.InitialCount + 1));
        return ticks >= s.InitialCount ? 0 : (uint)(s.InitialCount - ticks);
    }

    /// <summary>How long ago the count was written, as far as it can matter: for a count that has ended, only its phase
    /// matters, at any divisor.</summary>
    private long Since(in ApicState s, long now)
    {
        const int slowest = 128;
        if (s.InitialCount == 0)
            return 0;
        Int128 since = now - s.LoadTime, cycle = ((Int128)s.InitialCount + 1) * slowest * TickUnits;
        if (cycle % _options.BusHz != 0)
            return (long)since;
        cycle /= _options.BusHz;
        return (long)(since < cycle ? since : cycle + since % cycle);
    }
}
