using Wirq.Events;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq;

/// <content>The reset of a machine.</content>
public sealed partial class Fabric
{
    /// <summary>Resets the machine: what power-on or RESET# does to an interrupt system. It only queues what
    /// follows.</summary>
    /// <remarks>
    /// <para>The 8259 pair and its ELCR, the I/OAPICs, the local APICs (Intel SDM vol. 3, 11.4.7.1) and the remapping units
    /// are as after power-on: everything masked, disabled or off.</para>
    /// <para>What is not a chip's stays: sources and their levels, virqs with their messages, masks and eventfds, tables of
    /// MSI-X, virtual time. A device's own reset is its owner's affair.</para>
    /// <para>A Xen domain begins a new life: its ports are closed, and its callback comes in no way. Its PCI lines and their
    /// links are devices', and stay.</para>
    /// <para>What was in service is ended: no EOI will come for it, so every holder of such a line gets its acknowledge. A
    /// sampled source is lowered and asked again.</para>
    /// <para>Effects that chips and CPUs were still to hear are lost (<see cref="EventKind.EffectLost"/>). Acknowledges,
    /// bindings, polls, commits and writes of memory are carried out. The routes of I/OAPIC pins leave the kernel's table.
    /// A hot virq stays bound, unless a remapping unit serves its requester: its message is its device's. A kernel's own
    /// chips are reset by whoever owns the kernel, together with this.</para>
    /// </remarks>
    public void Reset()
    {
        Events.LoseEffects(Xen?.Domain ?? -1);
        Carrier.MachineReset();
        if (Events.Observing)
            Events.Observe(new Event(EventKind.MachineReset));
        Xen?.Reset();
        // All chips, before anything that is driven reaches one of them.
        PinWork[] pins = [.. _ioApics.Select(chip => chip.Reset())];
        LocalApics?.Reset(Events);
        PinWork irqs = Pic?.Reset(Events) ?? default;
        for (int unit = 0; unit < _units.Units.Count; unit++)
        {
            _units[unit].Reset(Events);
            EndTranslations(unit, CookieRange.AllOf(unit));
        }
        if (RouteCache?.Pins is { } routes)
            RouteCache.CommitIf(routes.Reset());
        if (Pic is not null)
            PropagateIntr();
        LocalApics?.ReofferPins(Events);
        for (int chip = 0; chip < pins.Length; chip++)
            Carry(chip, pins[chip]);
        if (Pic is not null)
            CarryPic(irqs);
    }
}
