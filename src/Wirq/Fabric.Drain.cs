using Wirq.Events;
using Wirq.Host;
using Wirq.State;

namespace Wirq;

/// <content>The queue, and the effects that stay inside.</content>
public sealed partial class Fabric
{
    /// <summary>Carries out the queued effects, in order, until the queue is empty. When it returns, all effects have
    /// run. If it is called from within an effect, or if a <see cref="FabricHost"/> owns the fabric, it only
    /// queues.</summary>
    /// <param name="ports">The ports that carry out what leaves the fabric; null for none.</param>
    /// <exception cref="Routing.KernelException">The host refused a call. The other effects have run. The first refusal
    /// is thrown.</exception>
    /// <remarks>Any other exception of a port is thrown as soon as its effect is complete. Its call counts as refused,
    /// and the effects behind it run with the next drain.</remarks>
    public void Drain(FabricPorts? ports = null)
    {
        if (ports is null)
        {
            if (!Events.IsEmpty)
                Carrier.Run(new NoPorts(this));
            return;
        }
        Carrier.Run(new CallPorts(ports, this));
        ports.Rest(this);
    }

    /// <summary>The EOI of a level vector reaches all I/OAPICs. It only queues.</summary>
    public void Eoi(byte vector) => Eoi(vector, level: true);

    /// <summary>A CPU whose local APIC is in a kernel ended a level vector.</summary>
    internal void TellEoi(int cpu, byte vector) => Events.Emit(new EoiBroadcast(cpu, vector, Edge: false).ToEvent());

    internal void Eoi(byte vector, bool level)
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

    /// <summary>All I/OAPICs clear Remote IRR before any of them serves a pin again. A machine has only a handful of
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

    /// <summary>The next virtual time at which a timer expires, in ns; <see cref="long.MaxValue"/> for none.</summary>
    public long NextDeadline
    {
        get
        {
            long next = LocalApics?.NextDeadline ?? long.MaxValue;
            foreach (IoApic chip in _ioApics)
                next = Math.Min(next, chip.NextDeadline);
            return RouteCache is null ? next : Math.Min(next, RouteCache.NextDeadline);
        }
    }

    /// <summary>Advances virtual time. What is due in between happens at the new time. If the order matters, advance
    /// step by step to <see cref="NextDeadline"/>. It only queues.</summary>
    /// <param name="now">The new time in ns; not before the present one.</param>
    public void Advance(long now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(now, Now);
        Events.Now = now;
        if (Events.Observing)
            Events.Observe(new Event(EventKind.TimeAdvanced));
        LocalApics?.Advance(Events);
        foreach (IoApic chip in _ioApics)
            chip.Advance(Events);
        RouteCache?.Advance();
    }
}
