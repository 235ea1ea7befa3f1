using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>Who stands behind a fabric: it hears of every event, and carries out the effects that leave the
/// fabric.</summary>
public interface IFabricPort
{
    /// <summary>Something happened. Called for every event, effects included, before it is carried out; observations
    /// come only while <see cref="EventBuffer.Observing"/> is set.</summary>
    void Observe(in Event happened);

    /// <summary>An effect for the world outside: <see cref="EventKind.Ack"/>, <see cref="EventKind.RouteChanged"/>,
    /// <see cref="EventKind.MemoryWrite"/> and what concerns a CPU. Inputs made from here only queue.</summary>
    void Carry(in Event effect);
}

/// <content>The queue, and what is carried out inside.</content>
public sealed partial class Fabric
{
    /// <summary>Carries out what waits, in order, until nothing does.</summary>
    /// <param name="port">Who hears and carries out the rest; null for nobody.</param>
    public void Drain(IFabricPort? port = null)
    {
        if (port is null)
        {
            DrainAlone();
            return;
        }
        while (Events.TryTake(out Event next))
            Observe(next, port);
        if (Events.Observing)
            port.Observe(new Event(EventKind.Rest) { Time = Now });
    }

    private void Observe(in Event next, IFabricPort port)
    {
        port.Observe(next);
        if (!next.IsEffect || Execute(next))
            return;
        port.Carry(next);
        if (next.Kind == EventKind.RoutesCommitted)
            CommitDone();
    }

    private void DrainAlone()
    {
        // What is carried out inside reads its effect before it appends any.
        while (!Events.IsEmpty)
        {
            ref readonly Event next = ref Events.TakeInPlace();
            // Without virqs nothing is ever committed.
            if (Virqs is null || next.Kind != EventKind.RoutesCommitted)
                Execute(next);
            else
                CommitDone();
        }
    }

    /// <summary>Carries out an effect that stays inside the fabric. An <see cref="EventKind.Ack"/> whose source has left
    /// stays there, too: whoever has its slot by now is not meant.</summary>
    /// <returns>False where it is for the world outside.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Execute(in Event effect)
    {
        EventKind kind = effect.Kind;
        if (kind == EventKind.Deliver)
            DeliverOf(effect);
        else if (kind == EventKind.EoiBroadcast)
            Eoi(effect.Vector, level: effect.B == 0);
        else if (kind == EventKind.Ack)
            return !Lines.IsCurrent(effect.Source, (uint)effect.A);
        else if (kind is < EventKind.VirqUnbound and not EventKind.RouteChanged)
            return false;
        else
            return ExecuteRouting(effect);
        return true;
    }

    private void DeliverOf(in Event effect)
    {
        if (_remaps)
        {
            DeliverRemapped(effect);
            return;
        }
        Msi message = effect.Msi;
        Answer(effect.IoApic, effect.Pin, message, Deliver(message, Origin.Pin(effect.IoApic, effect.Pin)));
    }

    /// <summary>Answers an <see cref="EventKind.Deliver"/> that was carried out elsewhere, in a kernel for
    /// example.</summary>
    public void Answer(int ioApic, int pin, Msi message, RefusalReason reason)
    {
        PinWork work = default;
        _ioApics[ioApic].Accepted(pin, message, reason, Events, ref work);
        Carry(ioApic, work);
    }

    /// <summary>Carries out an <see cref="EventKind.MemoryWrite"/>, touching nothing but memory. One that hits none goes
    /// nowhere, as on a bus.</summary>
    internal void WriteMemory(in Event write)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)write.B);
        Memory.TryWrite(write.A, bytes);
    }

    /// <summary>The EOI of a level vector reaches all I/OAPICs.</summary>
    public void Eoi(byte vector) => Eoi(vector, level: true);

    private void Eoi(byte vector, bool level)
    {
        if (_ioApics.Length == 1)
        {
            PinWork work = default;
            _ioApics[0].Eoi(vector, level, Events, ref work);
            Carry(0, work);
        }
        else
            EoiToAll(vector, level);
    }

    /// <summary>All of them clear Remote IRR before any serves a pin again; machines have a handful of
    /// I/OAPICs.</summary>
    private void EoiToAll(byte vector, bool level)
    {
        Span<PinWork> work = stackalloc PinWork[_ioApics.Length];
        for (int chip = 0; chip < work.Length; chip++)
        {
            work[chip] = default;
            _ioApics[chip].Eoi(vector, level, Events, ref work[chip]);
        }
        for (int chip = 0; chip < work.Length; chip++)
            Carry(chip, work[chip]);
    }

    /// <summary>The next virtual time at which something happens by itself, in ns; <see cref="long.MaxValue"/> for
    /// none.</summary>
    public long NextDeadline
    {
        get
        {
            long next = LocalApics.NextDeadline;
            foreach (IoApic chip in _ioApics)
                next = Math.Min(next, chip.NextDeadline);
            return Virqs is null ? next : Math.Min(next, Virqs.NextDeadline);
        }
    }

    /// <summary>Virtual time moves on. What is due in between happens at its end; call it up to
    /// <see cref="NextDeadline"/> at a time where the order matters.</summary>
    /// <param name="now">The new time in ns; not before the present one.</param>
    public void Advance(long now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(now, Now);
        Events.Now = now;
        if (Events.Observing)
            Events.Observe(new Event(EventKind.TimeAdvanced));
        LocalApics.Advance(Events);
        foreach (IoApic chip in _ioApics)
            chip.Advance(Events);
        Virqs?.Advance();
    }
}
