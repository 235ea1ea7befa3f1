using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Infers which vectors a CPU took from the vectors that it ended, if the log does not show
/// acknowledges.</summary>
/// <remarks>
/// A vector counts as taken only when it must have been taken: at an EOI while nothing is in service, and when the
/// count of delivered interrupts shows that a vector which is still pending here was accepted again.
/// <para>Which vector an EOI ends: vectors that arrived while the last handler ran were blocked by it, and then the
/// highest is first. Later ones were taken when they arrived. If the broadcast after an EOI, or its absence,
/// contradicts this, the broadcast decides, and does not count as checked.</para>
/// </remarks>
internal sealed class EoiInference(ReplayMachine machine, TimerDeadlines timers, LogSurvey survey)
{
    private const int Vectors = 256, None = -1, Remembered = 16;

    private readonly long[] _arrived = new long[machine.Options.LocalApics.Count * Vectors];
    private readonly bool[] _open = new bool[machine.Options.LocalApics.Count * Vectors];
    private readonly long[] _lastEoi = new long[machine.Options.LocalApics.Count];
    private readonly Queue<Expiry> _expiries = [];
    private readonly bool _told = survey.HasServicing;
    private long _now;
    private int _openCount;

    private LocalApics Apics => machine.LocalApics;

    /// <summary>Whether the log does not show when this vector is taken.</summary>
    internal bool Infers(int cpu, int vector) => !_told || _open[At(cpu, vector)];

    /// <summary>A vector became pending.</summary>
    internal void Arrived(int cpu, int vector) => _arrived[At(cpu, vector)] = ++_now;

    /// <summary>Some CPU took a vector, and it is not known which CPU.</summary>
    internal void LeaveOpen(int vector)
    {
        for (int cpu = 0; cpu < Apics.Count; cpu++)
        {
            if (Apics.State(cpu).Irr.Has(vector) && !_open[At(cpu, vector)])
                (_open[At(cpu, vector)], _openCount) = (true, _openCount + 1);
        }
    }

    /// <summary>A timer expired that may belong to another CPU.</summary>
    internal void NoteExpiry(int vector, int given, int other)
    {
        if (_expiries.Count == Remembered)
            _expiries.Dequeue();
        _expiries.Enqueue(new(vector, given, timers[given], other, timers[other]));
    }

    /// <summary>Assigns an ambiguous expiry to the CPU that took its vector.</summary>
    internal bool TryMoveExpiry(int vector, int cpu)
    {
        foreach (Expiry expiry in _expiries)
        {
            if (expiry.Vector != vector || expiry.Other != cpu || !Apics.State(expiry.Given).Irr.Has(vector)
                || timers[cpu] != expiry.OtherDeadline)
                continue;
            Apics.State(expiry.Given).Irr.Remove(vector);
            Apics.State(cpu).Irr.Add(vector);
            timers.Move(expiry.Given, expiry.Deadline, cpu);
            return true;
        }
        return false;
    }

    private bool TryMoveAnyExpiry(int cpu, out int vector)
    {
        vector = None;
        foreach (Expiry expiry in _expiries)
        {
            if (expiry.Other == cpu && vector == None)
                vector = expiry.Vector;
        }
        return vector != None && TryMoveExpiry(vector, cpu);
    }

    /// <summary>The log counts a new acceptance of a vector that is still pending here, so it had been taken. If its
    /// CPU has signalled EOI since it arrived, it was also ended, by an EOI that was attributed to another
    /// vector.</summary>
    internal void WasTaken(int cpu, int vector)
    {
        ref ApicState s = ref Apics.State(cpu);
        bool ended = _arrived[At(cpu, vector)] <= _lastEoi[cpu] && !s.Isr.Has(vector);
        Apics.TakeLogged(cpu, (byte)vector, machine.Fabric.Events);
        if (ended)
        {
            s.Isr.Remove(vector);
            s.UpdatePriority();
        }
        s.Irr.Add(vector);
        Arrived(cpu, vector);
        Close(cpu, vector);
        machine.Drain();
    }

    /// <summary>A CPU is about to signal EOI. The vector that this ends is put in service, if it is not.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="broadcast">The vector of the following broadcast in the log; -1 for none.</param>
    /// <returns>Whether the broadcast, or its absence, was needed to decide.</returns>
    internal bool BeforeEoi(int cpu, int broadcast)
    {
        bool needed = false;
        if (!_told || _openCount > 0)
        {
            int ended = Choose(cpu);
            if (ended == None && TryMoveAnyExpiry(cpu, out int moved))
                ended = moved;
            // Whether broadcasts are traced is asked last: most EOIs have none, and are as they should be.
            if (Contradicts(cpu, ended, broadcast) && survey.Saw(TraceEvent.IoApicEoiBroadcast))
            {
                int other = Alternative(cpu, broadcast);
                needed = other != None;
                ended = needed ? other : ended;
            }
            if (ended != None && !Apics.State(cpu).Isr.Has(ended))
            {
                Apics.TakeLogged(cpu, (byte)ended, machine.Fabric.Events);
                Close(cpu, ended);
            }
        }
        _lastEoi[cpu] = _now;
        return needed;
    }

    private bool Contradicts(int cpu, int ended, int broadcast) =>
        ended != None && (Apics.State(cpu).Tmr.Has(ended) ? ended : None) != broadcast;

    private int Choose(int cpu)
    {
        ref ApicState s = ref Apics.State(cpu);
        if (!s.Isr.IsEmpty)
            return s.Isr.Highest;
        int blocked = None, first = None;
        for (int vector = s.Irr.Highest; vector >= 0; vector--)
        {
            if (!s.Irr.Has(vector) || !Infers(cpu, vector))
                continue;
            if (blocked == None && _arrived[At(cpu, vector)] <= _lastEoi[cpu])
                blocked = vector;
            if (first == None || _arrived[At(cpu, vector)] < _arrived[At(cpu, first)])
                first = vector;
        }
        return blocked != None ? blocked : first;
    }

    /// <summary>Another vector that the EOI may have ended, given its broadcast in the log.</summary>
    private int Alternative(int cpu, int broadcast)
    {
        ref ApicState s = ref Apics.State(cpu);
        if (broadcast >= 0)
            return s.Irr.Has(broadcast) && s.Tmr.Has(broadcast) && broadcast > s.Isr.Highest ? broadcast : None;
        for (int vector = s.Irr.Highest; vector > s.Isr.Highest; vector--)
        {
            if (s.Irr.Has(vector) && !s.Tmr.Has(vector) && Infers(cpu, vector))
                return vector;
        }
        return None;
    }

    private void Close(int cpu, int vector)
    {
        if (!_open[At(cpu, vector)])
            return;
        // One acknowledge was of an unknown CPU: one of those that had the vector pending.
        for (int other = 0; other < Apics.Count; other++)
        {
            _openCount -= _open[At(other, vector)] ? 1 : 0;
            _open[At(other, vector)] = false;
        }
    }

    /// <summary>An expiry that may belong to another CPU, whose deadline was almost the same.</summary>
    private readonly record struct Expiry(int Vector, int Given, long Deadline, int Other, long OtherDeadline);

    private static int At(int cpu, int vector) => cpu * Vectors + vector;
}
