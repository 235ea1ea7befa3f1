using Wirq.Events;
using Wirq.Host;
using Wirq.State;

namespace Wirq;

/// <content>The queue, and what is carried out inside.</content>
public sealed partial class Fabric
{
    /// <summary>Carries out what waits, in order, until nothing does. It completes: when it returns, all effects have
    /// run. Called from within an effect, or where a <see cref="FabricHost"/> has the fabric, it only queues.</summary>
    /// <param name="ports">Who carries out what leaves the fabric; null for nobody.</param>
    /// <exception cref="Routing.KernelException">The host refused something; the rest has run. The first refusal.</exception>
    /// <remarks>Any other exception of a port is thrown at once: the effect counts as refused, and what waits behind it runs
    /// with the next drain.</remarks>
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

    /// <summary>A CPU whose local APIC is a kernel's ended a level vector.</summary>
    internal void TellEoi(int cpu, byte vector) => Events.Emit(new Event(EventKind.EoiBroadcast, (ushort)cpu, 0, vector));

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
            long next = LocalApics?.NextDeadline ?? long.MaxValue;
            foreach (IoApic chip in _ioApics)
                next = Math.Min(next, chip.NextDeadline);
            return RouteCache is null ? next : Math.Min(next, RouteCache.NextDeadline);
        }
    }

    /// <summary>Virtual time moves on. What is due in between happens at its end; call it up to
    /// <see cref="NextDeadline"/> at a time where the order matters. It only queues.</summary>
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
