using Wirq.Events;
using Wirq.Events.Shadows;

namespace Wirq.Traces.Why;

// What CPUs do: registers, taking, ending; and what happens to their local APICs.
public sealed partial class WhyEngine
{
    private const int LowestLegal = 16;

    private readonly Addressees _addressees;

    private void Access(in Event e)
    {
        if (CpuAt(e.Cpu) is not { } cpu)
            return;
        switch (e.Kind)
        {
            case EventKind.MemoryMappedRead or EventKind.PortRead or EventKind.MsrRead:
                cpu.LastRead = _now;
                return;
            default:
                cpu.LastWrite = _now;
                return;
        }
    }

    /// <summary>What an event changes at a CPU.</summary>
    private void LearnCpu(in Event e)
    {
        const CpuRegisters addressing = CpuRegisters.Identity | CpuRegisters.Base | CpuRegisters.Spurious;
        if (e.Cpu < _cpus.Length && _cpus[e.Cpu] is { } cpu && (cpu.Observe(e, _now) & addressing) != 0)
            _addressees.Version++;
    }

    private void Cpu(in Event e)
    {
        if (CpuAt(e.Cpu) is not { } cpu)
            return;
        switch (e.Kind)
        {
            case EventKind.VectorTaken:
                Take(cpu, e);
                break;
            case EventKind.CpuEoi when cpu.InService[e.Vector] is { } ended:
                ended.End(_now);
                ended.Suppressed = CpuEoi.Of(e).Suppressed;
                cpu.InService[e.Vector] = null;
                break;
            case EventKind.ApicReset:
                cpu.Reset(ApicReset.Of(e).Cause, _now);
                break;
            case EventKind.TimerExpired:
                Expire(cpu, TimerExpired.Of(e).Masked);
                break;
            case EventKind.CpuInit:
                cpu.LastInit = _now;
                break;
            case EventKind.CpuStartUp:
                cpu.LastStartUp = _now;
                break;
            case EventKind.CpuNmi or EventKind.CpuSmi when e.Origin.Kind == OriginKind.Local
                && e.Origin.Index <= (int)LocalVector.Error:
                LocalAttempt(SourceName.Local(cpu.Cpu, (LocalVector)e.Origin.Index)).Answered = _now;
                break;
        }
    }

    private void Take(CpuTrail cpu, in Event e)
    {
        cpu.LastTaken = _now;
        VectorGiver by = VectorTaken.Of(e).By;
        if (by == VectorGiver.Pic)
        {
            if (_pic?.Given is { } given)
                given.Cpu = cpu.Cpu;
            if (_pic is not null)
                _pic.Given = null;
            return;
        }
        // Neither is in service anywhere, so neither has an end.
        if (by is VectorGiver.Spurious or VectorGiver.XenCallback)
            return;
        // A vector that became pending before the log began has no known start.
        Delivery delivery = cpu.Pending[e.Vector] ?? new Delivery(cpu.Cpu, e.Vector, false, default);
        delivery.Take(_now);
        if (cpu.InService[e.Vector] is { } before)
        {
            // A vector of class 0 raises no priority, so it is taken again while it is in service; what else is
            // served anew was ended before, seen or not.
            if (e.Vector < LowestLegal)
                delivery.TakeAgain(before);
            else
                before.End(_now);
        }
        cpu.Pending[e.Vector] = null;
        cpu.InService[e.Vector] = delivery;
    }

    private void Expire(CpuTrail cpu, bool masked)
    {
        SourceName source = SourceName.Local(cpu.Cpu, LocalVector.Timer);
        if (FindLog(source) is not { } log)
            return;
        Raise raise = Begin(log, new(source, _now, null));
        if (!masked)
            return;
        raise.Lost = true;
        raise.AtFirst = new(Gate.LvtMasked, cpu.EntrySince(LocalVector.Timer), cpu.Cpu);
    }

    /// <summary>Updates what is pending and in service at a CPU to the state that the replay reports. If acknowledges are
    /// inferred, not every change has an event.</summary>
    private void Settle(LogVectorsLeft left)
    {
        const int perWord = 64, words = 4;
        if (CpuAt(left.Cpu) is not { } cpu || left.Word >= words)
            return;
        for (int bit = 0; bit < perWord; bit++)
        {
            int vector = (int)left.Word * perWord + bit;
            bool pending = (left.Pending >> bit & 1) != 0, inService = (left.InService >> bit & 1) != 0;
            if (cpu.InService[vector] is { } serving && !inService)
            {
                serving.End(_now);
                cpu.InService[vector] = null;
            }
            if (cpu.Pending[vector] is { } waiting && !pending)
            {
                waiting.Take(_now);
                waiting.End(_now);
                cpu.Pending[vector] = null;
            }
            else if (cpu.Pending[vector] is null && pending)
                cpu.Pending[vector] = new Delivery(cpu.Cpu, (byte)vector, false, _now);
        }
    }
}
