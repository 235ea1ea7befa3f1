using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The deadlines of the local APIC timers, calculated as QEMU does. A log shows that a timer expired, but not
/// which one. QEMU runs timers in the order of their deadlines.</summary>
internal sealed class TimerDeadlines(int cpus)
{
    private const ulong MaskedBit = 1 << 16, PeriodicBit = 1 << 17, DivideBits = 0xB;

    private readonly Timer[] _timers = [.. Enumerable.Repeat(Timer.Reset, cpus)];

    /// <summary>A CPU wrote a register.</summary>
    internal void Write(int cpu, ApicRegister register, ulong value, long now)
    {
        ref Timer timer = ref _timers[cpu];
        switch (register)
        {
            case ApicRegister.Timer:
                timer.Entry = value;
                timer.Arm(now);
                break;
            case ApicRegister.InitialCount:
                (timer.Count, timer.Loaded) = ((uint)value, now);
                timer.Arm(now);
                break;
            case ApicRegister.DivideConfiguration:
                int code = (int)(value & DivideBits);
                timer.Shift = ((code & 3 | code >> 1 & 4) + 1) & 7;
                break;
        }
    }

    internal void Reset(int cpu) => _timers[cpu] = Timer.Reset;

    /// <summary>The CPU whose timer is due first; -1 if none runs.</summary>
    internal int First()
    {
        int first = -1;
        for (int cpu = 0; cpu < _timers.Length; cpu++)
        {
            if (_timers[cpu].Deadline < long.MaxValue && (first < 0 || _timers[cpu].Deadline < _timers[first].Deadline))
                first = cpu;
        }
        return first;
    }

    /// <summary>The deadline of a CPU's timer; <see cref="long.MaxValue"/> if it does not run.</summary>
    internal long this[int cpu] => _timers[cpu].Deadline;

    /// <summary>An expiry belongs to another CPU than assumed.</summary>
    internal void Move(int from, long deadline, int to)
    {
        _timers[from].Deadline = deadline;
        Expired(to);
    }

    /// <summary>The timer of a CPU expired.</summary>
    internal void Expired(int cpu)
    {
        if (_timers[cpu].Deadline < long.MaxValue)
            _timers[cpu].Arm(_timers[cpu].Deadline);
    }

    private struct Timer
    {
        internal ulong Entry, Count;
        internal long Loaded, Deadline;
        internal int Shift;

        internal static Timer Reset => new() { Entry = MaskedBit, Deadline = long.MaxValue };

        internal void Arm(long now)
        {
            Deadline = long.MaxValue;
            if ((Entry & MaskedBit) != 0)
                return;
            ulong ticks = (ulong)Math.Max(0, now - Loaded) >> Shift;
            if ((Entry & PeriodicBit) != 0 ? Count == 0 : ticks >= Count)
                return;
            ulong due = (Entry & PeriodicBit) != 0 ? (ticks / (Count + 1) + 1) * (Count + 1) : Count + 1;
            Deadline = Loaded + (long)(due << Shift);
        }
    }
}
