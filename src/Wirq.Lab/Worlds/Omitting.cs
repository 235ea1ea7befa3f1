using Wirq.Lab.Scenarios;
using Wirq.Routing;

namespace Wirq.Lab.Worlds;

/// <summary>Takes out of a machine what a restore leaves out.</summary>
internal static class Omitting
{
    extension(Omissions without)
    {
        /// <summary>Changes a machine that was read from a snapshot, before anything uses it.</summary>
        internal void LeaveOut(Fabric machine)
        {
            if ((without & Omissions.Levels) != 0)
                LoseLevels(machine);
            if ((without & (Omissions.Pending | Omissions.InService)) != 0)
                LoseVectors(machine, (without & Omissions.Pending) != 0, (without & Omissions.InService) != 0);
            if ((without & Omissions.Acks) != 0)
                LoseAcks(machine);
            if ((without & Omissions.Timers) != 0)
                LoseTimers(machine);
            if ((without & Omissions.Virqs) != 0)
                LoseVirqs(machine);
            // What the chips would do about it is not part of a restore.
            machine.Events.Clear();
        }
    }

    private static void LoseLevels(Fabric machine)
    {
        for (int slot = 0; slot < machine.Lines.Capacity; slot++)
        {
            if (machine.Lines.InUse(slot) && machine.Lines.Label(slot) != ScenarioWords.IntrLabel)
                machine.SourceAt(slot).Lower();
        }
        machine.Xen?.Callback.LoseLevel();
    }

    private static void LoseVectors(Fabric machine, bool pending, bool inService)
    {
        for (int cpu = 0; cpu < machine.LocalApics?.Count; cpu++)
        {
            ref ApicState apic = ref machine.LocalApics.State(cpu);
            if (pending)
                apic.Irr = default;
            if (inService)
                apic.Isr = default;
            apic.UpdatePriority();
        }
        ForEachPin(machine, (_, pin) => pin with
        {
            Flags = pin.Flags & ~(pending ? PinFlags.Latched : 0) & ~(inService ? PinFlags.RemoteIrr : 0),
        });
        if (machine.Pic is { } pic)
        {
            PicPairState state = pic.State;
            pic.State = state with { Master = Without(state.Master, pending, inService), Slave = Without(state.Slave, pending, inService) };
        }
    }

    private static PicState Without(PicState chip, bool pending, bool inService)
    {
        chip.Irr = pending ? (byte)0 : chip.Irr;
        chip.Isr = inService ? (byte)0 : chip.Isr;
        return chip;
    }

    private static void LoseAcks(Fabric machine)
    {
        ForEachPin(machine, (_, pin) => pin with { Flags = pin.Flags & ~PinFlags.AckOwed });
        if (machine.Pic is not { } pic)
            return;
        (PicState master, PicState slave) = (pic.State.Master, pic.State.Slave);
        master.Deferred = slave.Deferred = 0;
        pic.State = pic.State with { Master = master, Slave = slave };
    }

    /// <summary>The brake of QEMU's I/OAPIC: the pin is held, and no timer will release it.</summary>
    private static void LoseTimers(Fabric machine)
    {
        for (int cpu = 0; cpu < machine.LocalApics?.Count; cpu++)
            machine.LocalApics.Deadlines.Set(cpu, DeadlineTree.Never);
        ForEachPin(machine, (_, pin) => pin.Has(PinFlags.Braked) ? pin with { StormDeadline = long.MaxValue } : pin);
    }

    private static void LoseVirqs(Fabric machine)
    {
        for (int slot = 0; slot < machine.RouteCache?.Capacity; slot++)
        {
            if (machine.RouteCache.IsInUse(slot) && machine.RouteCache.KindAt(slot) == VirqKind.Message)
                machine.RouteCache.LoseMessage(slot);
        }
    }

    private static void ForEachPin(Fabric machine, Func<int, IoApicPin, IoApicPin> change)
    {
        foreach (IoApic chip in machine.IoApics)
        {
            for (int pin = 0; pin < chip.Options.Pins; pin++)
                chip.SetPinState(pin, change(pin, chip.PinState(pin)));
        }
    }
}
