using Wirq.Events;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <content>CPUs and messages.</content>
internal sealed partial class PictureBuilder
{
    private const int MostSenders = 4096;

    // Which lane the message of an origin is in, for a refusal.
    private readonly Dictionary<uint, int> _senders = [];

    private void Cpu(in Event e)
    {
        if (_engine.CpuAt(e.Cpu) is null)
            return;
        switch (e.Kind)
        {
            case EventKind.VectorAccepted:
                Accepted(e);
                break;
            case EventKind.VectorTaken:
                Taken(e);
                break;
            case EventKind.CpuEoi:
                _ended[e.Vector] = (LookAtVector(e.Cpu, e.Vector), Now);
                break;
            // The local APIC of a kernel reports nothing else.
            case EventKind.EoiBroadcast when _ended[e.Vector].At.Turn != Now.Turn:
                _ended[e.Vector] = (LaneOf(LaneKey.Vector(e.Cpu, e.Vector)), Now);
                break;
            case EventKind.ApicReset:
                Note(LaneOf(LaneKey.Cpu(e.Cpu)), InstantKind.Reset, e);
                LookAtCpu(e.Cpu);
                break;
            case EventKind.CpuNmi or EventKind.CpuSmi or EventKind.CpuInit or EventKind.CpuStartUp:
                Note(LaneOf(LaneKey.Cpu(e.Cpu)), InstantKind.Signalled, e);
                break;
            case EventKind.TimerExpired:
                Note(LaneOf(LaneKey.Of(SourceName.Local(e.Cpu, LocalVector.Timer))), InstantKind.Sent, e);
                break;
        }
    }

    private void Accepted(in Event e)
    {
        int lane = LookAtVector(e.Cpu, e.Vector);
        if (VectorAccepted.Of(e).Merged)
            Note(lane, InstantKind.Merged, e);
        (SourceName source, Mark sent) = _engine.Accepting;
        bool isSender = e.Origin.Kind is OriginKind.Device or OriginKind.Local or OriginKind.Ipi;
        if (e.Origin.Kind == OriginKind.Pin || isSender && source.Class is not (SourceClass.Pin or SourceClass.Irq))
            Arrive(ArrowKind.Deliver, (LaneOf(LaneKey.Of(source)), sent), lane);
    }

    private void Taken(in Event e)
    {
        int lane = LookAtVector(e.Cpu, e.Vector);
        VectorGiver by = VectorTaken.Of(e).By;
        if (by == VectorGiver.LocalApic)
            return;
        Note(lane, InstantKind.Taken, e);
        if (by == VectorGiver.Pic && _given.At.Turn == Now.Turn)
            Arrive(ArrowKind.Give, _given, lane);
    }

    private int LookAtVector(int cpu, int vector)
    {
        int lane = LaneOf(vector < 0 ? LaneKey.Cpu(cpu) : LaneKey.Vector(cpu, vector));
        if (vector < 0 || _engine.CpuAt(cpu) is not { } trail)
            return lane;
        Strips.Set(lane, SpanKind.Requested, trail.Pending[vector] is not null, Now, vector);
        Strips.Set(lane, SpanKind.InService, trail.InService[vector] is not null, Now, vector);
        return lane;
    }

    private void LookAtCpu(int cpu)
    {
        for (int vector = 0; vector <= byte.MaxValue; vector++)
        {
            if (HasLane(LaneKey.Vector(cpu, vector)))
                LookAtVector(cpu, vector);
        }
    }

    private void Message(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.MessageSent:
                int lane = LaneOf(LaneKey.Of(SourceName.Message(e.Msi)));
                Note(lane, InstantKind.Sent, e);
                if (_senders.Count < MostSenders || _senders.ContainsKey(e.Origin.Bits))
                    _senders[e.Origin.Bits] = lane;
                break;
            case EventKind.MessageRefused when e.Origin.Kind == OriginKind.Ipi:
                Note(LaneOf(LaneKey.Of(SourceName.Ipi(e.Origin.Index, e.Message))), InstantKind.Refused, e);
                break;
            case EventKind.MessageRefused when _senders.TryGetValue(e.Origin.Bits, out int sender):
                Note(sender, InstantKind.Refused, e);
                break;
        }
    }
}
