using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Acknowledges in a <c>-d int</c> log: which CPU took which vector, and when.</summary>
/// <remarks>The line itself does not name its CPU. The dump after it has the task register, whose base is different for
/// each CPU. The CPU of a base is known once only one CPU has the vector pending. Until then an acknowledge waits for
/// the EOI that ends it, whose thread identifies the CPU (<see cref="EoiInference"/>).</remarks>
internal sealed class Acknowledges(ReplayMachine machine, Verdicts verdicts, EoiInference inference)
{
    private const int None = -1;

    private readonly Dictionary<ulong, int> _cpuOfBase = [];
    private TraceLine _line;
    private int _vector = None, _fromPic = None;
    private bool _dumped;

    private LocalApics Apics => machine.LocalApics;

    /// <summary>An INTA cycle returned this vector. The next line reports that a CPU serves it.</summary>
    internal void NotePic(byte vector) => _fromPic = vector;

    /// <summary>Whether a line repeats the INTA cycle just before it.</summary>
    internal bool IsPics(in TraceLine line) => _fromPic == (int)line.A;

    /// <summary>Something else happened.</summary>
    internal void Flush()
    {
        _fromPic = None;
        if (_vector != None)
            Settle(CpuOf(null));
    }

    /// <summary>The log has ended. If the dump that identifies the CPU is missing, the CPU is not known.</summary>
    internal void End()
    {
        int vector = _vector, cpu = vector == None ? None : CpuOf(null);
        _vector = None;
        if (cpu != None && Apics.Takeable(cpu) == vector)
            Take(cpu, vector);
        else if (vector != None)
            verdicts.LeaveUnchecked(_line.Event);
    }

    /// <summary>A CPU takes a vector of its local APIC.</summary>
    internal void Servicing(in TraceLine line) => (_line, _vector, _dumped) = (line, (int)line.A, false);

    /// <summary>A register dump begins.</summary>
    internal void Dump(in TraceLine line) => _dumped = _vector != None && (int)line.B == _vector && line.C == 0;

    /// <summary>The task register of a dump.</summary>
    internal void TaskRegister(in TraceLine line)
    {
        if (_vector == None || !_dumped)
            return;
        Settle(CpuOf(line.A));
    }

    private int CpuOf(ulong? taskBase)
    {
        if (Apics.Count == 1)
            return 0;
        int only = OnlyPending(_vector, out bool several);
        if (taskBase is not { } known)
            return only;
        if (!_cpuOfBase.TryGetValue(known, out int cpu))
        {
            if (only != None)
                _cpuOfBase[known] = only;
            return only;
        }
        if (Apics.State(cpu).Irr.Has(_vector) || inference.TryMoveExpiry(_vector, cpu))
            return cpu;
        // A base that two CPUs share, before the kernel gave each its own, does not identify a CPU.
        if (only != None && !several)
            _cpuOfBase[known] = only;
        return only == None ? cpu : only;
    }

    private int OnlyPending(int vector, out bool several)
    {
        int only = None;
        several = false;
        for (int cpu = 0; cpu < Apics.Count; cpu++)
        {
            if (!Apics.State(cpu).Irr.Has(vector))
                continue;
            several |= only != None;
            only = cpu;
        }
        return several ? None : only;
    }

    private void Settle(int cpu)
    {
        int vector = _vector;
        _vector = None;
        if (cpu != None)
            Take(cpu, vector);
        else if (OnlyPending(vector, out bool several) == None && !several)
            verdicts.Mismatch(_line, "no CPU has it pending");
        else
        {
            inference.LeaveOpen(vector);
            verdicts.LeaveUnchecked(_line.Event);
        }
    }

    private void Take(int cpu, int vector)
    {
        int predicted = Apics.Takeable(cpu);
        bool spurious = predicted == None && vector == Apics.State(cpu).Spurious.Vector;
        if (predicted == vector || spurious)
        {
            Apics.Take(cpu, machine.Fabric.Events);
            verdicts.Match(_line);
        }
        else
        {
            verdicts.Mismatch(_line, Describe(cpu, predicted));
            if (Apics.State(cpu).Irr.Has(vector))
                Apics.TakeLogged(cpu, (byte)vector, machine.Fabric.Events);
        }
        machine.Drain();
    }

    private static string Describe(int cpu, int predicted) =>
        predicted == None ? $"cpu{cpu} takes nothing" : $"cpu{cpu} takes 0x{predicted:x2}";
}
