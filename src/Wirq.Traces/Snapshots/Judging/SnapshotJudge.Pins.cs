using Wirq.Events.Shadows;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>Pins of I/OAPICs, and the lines that lead to them.</summary>
internal sealed partial class SnapshotJudge
{
    private const int LowestVector = 16;

    private void AtIoApic(int chip, SavedIoApic ioApic)
    {
        for (int pin = 0; pin < ioApic.Entries.Length; pin++)
        {
            if (!ioApic.Entries[pin].IsKnown)
            {
                WithoutEntry(chip, pin, ioApic);
                continue;
            }
            RedirectionEntry entry = ioApic.EntryOf(pin);
            // Remote IRR has a meaning at level pins alone (82093AA, 3.2.4).
            if (entry is { Level: true, RemoteIrr: true })
                RemoteIrr(chip, pin, ioApic);
            else if (ioApic.Asks(pin).IsYes)
                Asking(chip, pin, ioApic);
        }
    }

    private void WithoutEntry(int chip, int pin, SavedIoApic ioApic)
    {
        if (ioApic.Asks(pin).IsYes)
            Add(NameOf(chip, pin), Standing.NotKnown, Gate.NotKnown, $"{NameOf(chip, pin)}: its input asks, and its entry is not in the file.", [ioApic.Asking.Place], gsi: chip == 0 ? pin : -1);
    }

    private void RemoteIrr(int chip, int pin, SavedIoApic ioApic)
    {
        RedirectionEntry entry = ioApic.EntryOf(pin);
        string name = NameOf(chip, pin), line = LineOf(ioApic, pin);
        ValuePlace? place = ioApic.Entries[pin].Place;
        int gsi = chip == 0 ? pin : -1;
        bool nobody = AllHalted && KnowsAllVectors && _state.Cpus.All(cpu => cpu.Irr.Value.IsEmpty && cpu.Isr.Value.IsEmpty);
        if (Remapped(entry))
        {
            // The guest ends such a pin by its EOI register or by the vector of the remapping entry.
            Add(name, nobody ? Standing.Owed : Standing.NotKnown, Gate.RemoteIrr, $"{name}: Remote IRR is set{line}; "
                + (nobody ? "no CPU has any vector pending or in service, and all are halted: the EOI that it waits for will not come."
                    : "its vector stands in a remapping table in the guest's memory, which is not read, so whether an EOI comes is not known."), [place], gsi: gsi);
            return;
        }
        SavedCpu[] having = [.. _state.Cpus.Where(cpu => cpu.KnowsVectors && (cpu.Irr.Value.Has(entry.Vector) || cpu.Isr.Value.Has(entry.Vector)))];
        // One that has the vector as an edge may have another source's, while the pin's CPU is not in the file.
        if (!KnowsAllVectors && !HasDestination(entry) && having.All(cpu => cpu.Tmr.Is(vectors => !vectors.Has(entry.Vector)).IsYes))
            having = [];
        if (having.Length > 0)
        {
            SavedCpu holder = having[0];
            bool taken = holder.Isr.Value.Has(entry.Vector);
            bool deaf = having.All(cpu => cpu.Tmr.Is(vectors => !vectors.Has(entry.Vector)).IsYes);
            Standing standing = deaf || taken ? Standing.Owed
                : _findings.Where(one => one.Cpu == holder.Number && one.Vector == entry.Vector).Select(one => one.Standing).DefaultIfEmpty(Standing.NotKnown).Max();
            Add(name, standing, Gate.RemoteIrr, $"{name}: Remote IRR is set{line}, by the delivery of vector {Name(entry.Vector)} to {holder.Name}, "
                + (deaf ? "where TMR says edge: its EOI is not broadcast, so it does not reach the pin." : taken ? "in service there: it waits for the EOI."
                    : "pending there and not taken."), [place, taken ? holder.Isr.Place : holder.Irr.Place], holder.Number, entry.Vector, gsi);
            return;
        }
        bool all = KnowsAllVectors;
        string nowhere = all ? "no CPU has its vector" : "no CPU that its destination names has its vector";
        string lost = $"{name}: Remote IRR is set{line}, and {nowhere}, {Name(entry.Vector)}, pending or in service";
        if (!(all || HasDestination(entry)) || !IsVectored(entry))
        {
            Add(name, Standing.NotKnown, Gate.RemoteIrr, $"{name}: Remote IRR is set{line}: the pin waits for the EOI of vector {Name(entry.Vector)}{(_state.Cpus.Count == 0 ? "; no local APIC is in the file" : ", which no CPU in this file has as a level; the file does not have every local APIC")}, so whether an EOI comes is not known.", [place], vector: entry.Vector, gsi: gsi);
        }
        else if (!AllHalted && _state.Cpus.Any(cpu => cpu.Spurious.Is(bits => new SpuriousVector(bits).SuppressBroadcast) != Fact.No))
        {
            // With EOI broadcasts suppressed (SVR bit 12) a guest ends the pin itself, after the CPU's EOI.
            Add(name, Standing.NotKnown, Gate.RemoteIrr, $"{lost}; EOI broadcasts are suppressed (SVR bit 12), so the guest may still end the pin by its EOI register.", [place], vector: entry.Vector, gsi: gsi);
        }
        else
        {
            Add(name, Standing.Owed, Gate.RemoteIrr, $"{lost}: the EOI that it waits for was lost, or named another vector. The pin sends nothing more.",
                [place, .. _state.Cpus.Take(1).Select(cpu => cpu.Isr.Place)], vector: entry.Vector, gsi: gsi);
        }
    }

    /// <summary>Whether every CPU that an entry names is in the file, with its vectors.</summary>
    private bool HasDestination(RedirectionEntry entry)
    {
        const uint everybody = 0xFF;
        if (entry.Destination >= everybody)
            return false;
        if (!entry.Logical)
            return _state.Cpus.Any(cpu => cpu.KnowsVectors && cpu.Id.Is(id => id == entry.Destination).IsYes);
        uint flat = 0;
        foreach (SavedCpu cpu in _state.Cpus.Where(cpu => cpu.KnowsVectors && cpu.LogicalFormat.Is(format => format == DestinationFormat.Flat).IsYes))
            flat |= cpu.LogicalId.Value;
        return entry.Destination != 0 && (entry.Destination & ~flat) == 0;
    }

    private static string LineOf(SavedIoApic ioApic, int pin) => ioApic.Asks(pin) switch
    {
        Fact.Yes => ", its line is high",
        Fact.No => ", its line is low",
        _ => "",
    };

    private void Asking(int chip, int pin, SavedIoApic ioApic)
    {
        RedirectionEntry entry = ioApic.EntryOf(pin);
        string name = NameOf(chip, pin);
        ValuePlace?[] places = [ioApic.Asking.Place, ioApic.Entries[pin].Place];
        int gsi = chip == 0 ? pin : -1, vector = entry.Vector;
        if (entry.Masked)
        {
            bool programmed = vector >= LowestVector && entry.Level;
            // A device that needs service keeps its line up; nobody unmasks it while all CPUs are halted.
            if (programmed && !ServedByPic(pin))
            {
                Add(name, AllHalted ? Standing.Owed : Standing.Masked, Gate.PinMasked, $"{name}: its line is high and the pin is masked, vector {Name(vector)}"
                    + (AllHalted ? ", while every CPU is halted: nobody is about to unmask it." : "; whether the guest wants that, the file does not tell."), places, vector: vector, gsi: gsi);
            }
            return;
        }
        if (!entry.Level)
        {
            bool merged = _state.Cpus.Any(cpu => cpu.Irr.Is(vectors => vectors.Has(vector)).IsYes);
            // Xen's wires are levels, of which an edge pin has sent its edge.
            if (!merged && _state.Format != "xen")
                Add(name, Standing.NotKnown, Gate.EdgeSpent, $"{name}: an edge is latched at the pin, and whether it was sent before is not known.", places, vector: vector, gsi: gsi);
            return;
        }
        (Gate gate, string why) = Undelivered(entry);
        Add(name, Standing.Owed, gate, $"{name}: its line is high, the pin is unmasked and Remote IRR is clear: the delivery of vector {Name(vector)} is owed. {why}.", places, vector: vector, gsi: gsi);
    }

    private bool ServedByPic(int pin)
    {
        int irq = SnapshotState.IrqOfPin(pin);
        return irq >= 0 && _state.PicOf(irq) is { } chip && chip.Imr.Is(mask => (mask >> irq % 8 & 1) == 0).IsYes && _state.Cpus.Any(cpu => cpu.PassesIntr.IsYes);
    }

    private (Gate, string) Undelivered(RedirectionEntry entry)
    {
        if (Remapped(entry))
            return (Gate.NotKnown, "What the remapping table makes of it stands in the guest's memory, which is not read");
        if (IsVectored(entry) && entry.Vector < LowestVector)
            return (Gate.IllegalVector, "Its vector is below 16");
        SavedCpu[]? named = Addressed(entry);
        if (named is [])
            return (Gate.NoDestination, $"No CPU has its destination, {(entry.Logical ? "logical" : "physical")} 0x{entry.Destination:x2}");
        if (named is not null && named.All(cpu => cpu.Spurious.Is(bits => !new SpuriousVector(bits).Enabled).IsYes))
            return (Gate.SoftwareDisabled, $"The local APIC of {Phrase.All([.. named.Select(cpu => cpu.Name)], 4)} is software-disabled (SVR bit 8 clear)");
        return (Gate.None, "Nothing in the file holds it; the deadline of a storm brake, which would, is in no such file");
    }

    /// <summary>The CPUs that an entry addresses; null where that is not known.</summary>
    private SavedCpu[]? Addressed(RedirectionEntry entry)
    {
        const uint everybody = 0xFF;
        if (!KnowsAllVectors || !_state.Cpus.All(cpu => cpu.Id.IsKnown && cpu.LogicalId.IsKnown && cpu.LogicalFormat.IsKnown
            && cpu.Base.Is(bits => new ApicBase(bits).Mode == ApicMode.XApic).IsYes))
        {
            return null;
        }
        if (entry.Destination >= everybody)
            return entry.Destination == everybody ? [.. _state.Cpus] : null;
        return [.. _state.Cpus.Where(cpu => entry.Logical
            ? LogicalDestination.For(cpu.LogicalId.Value).MatchesXApic((byte)entry.Destination, cpu.LogicalFormat.Value) : cpu.Id.Value == entry.Destination)];
    }

    /// <summary>A bus counts who holds its lines, and its functions tell who does.</summary>
    private void AtBuses()
    {
        foreach (SavedBus bus in _state.Buses)
        {
            long counted = bus.Counts.Sum(count => (long)Math.Max(0, count.Value));
            long held = _state.Functions.Sum(function => (long)function.Holds);
            if (held > counted)
            {
                string[] holders = [.. _state.Functions.Where(function => function.Holds > 0).Select(function => function.Name)];
                Add(bus.Name, Standing.Owed, Gate.NotAsserted, $"{bus.Name} counts {Phrase.Count(counted, "assertion")} of its lines, and {held} are held, by {Phrase.All(holders, 4)}: "
                    + "what is not counted reaches no pin.", [bus.Counts.Count > 0 ? bus.Counts[0].Place : null]);
            }
            for (int line = 0; line < bus.Counts.Count; line++)
                AtBusLine(bus, line);
        }
    }

    private void AtBusLine(SavedBus bus, int line)
    {
        Told<int> count = bus.Counts[line];
        if (count.Value < 0)
            Add(bus.Name, Standing.Owed, Gate.NotAsserted, $"{bus.Name} counts line {line} as held {count.Value} times: the next device that asserts it is not seen.", [count.Place]);
        if (count.Value <= 0)
            return;
        if (line < bus.Pins.Count && bus.Pins[line] is >= 0 and var pin && _state.IoApics is [var ioApic, ..] && pin < ioApic.Entries.Length)
        {
            RedirectionEntry entry = ioApic.EntryOf(pin);
            if (entry is { Level: true, Masked: false, RemoteIrr: false } && ioApic.Asks(pin) == Fact.No)
                Lost(bus, line, NameOf(0, pin), ioApic.Asking.Place, entry.Vector, pin);
        }
        if (line < bus.Irqs.Count && bus.Irqs[line] is >= 0 and var irq && irq != Cascade && _state.PicOf(irq) is { } pic && !ServedByPin(irq) && _state.Cpus.Any(cpu => cpu.PassesIntr.IsYes))
        {
            int bit = 1 << irq % Inputs;
            // What is in service asks again only when its EOI has come.
            if ((pic.Elcr.Is(level => (level & bit) != 0).IsYes) && ((pic.Irr.Value | pic.Imr.Value | pic.Isr.Value) & bit) == 0)
                Lost(bus, line, $"pic:{irq}", pic.Irr.Place, VectorOf(pic, irq), GsiOfIrq(irq));
        }
    }

    private void Lost(SavedBus bus, int line, string name, ValuePlace? place, int vector, int gsi) =>
        Add(name, Standing.Owed, Gate.NotAsserted, $"{name}: {bus.Name} counts line {line}, which leads to it, as asserted, and it sees the line low: "
            + "the level is lost, and its delivery owed.", [bus.Counts[line].Place, place], vector: vector, gsi: gsi);

    /// <summary>What an MSI-X table has pending.</summary>
    private void AtFunction(SavedFunction function)
    {
        if (function.Msix is not { } msix || !msix.Enabled.Is(on => on).IsYes)
            return;
        for (int vector = 0; vector < msix.Entries.Count; vector++)
        {
            SavedVector entry = msix.Entries[vector];
            if (!entry.Pending)
                continue;
            bool masked = entry.Masked || msix.FunctionMasked.Value;
            string what = $"MSI-X vector {vector} of {function.Name} is pending, {entry.Message}";
            Add($"msix:{vector}@{function.Name}", masked ? Standing.Masked : Standing.Owed, masked ? Gate.VirqMasked : Gate.None,
                masked ? $"{what}, and masked{(entry.Masked ? "" : " by the function")}; whether the guest wants that, the file does not tell."
                    : $"{what}, and not masked: nothing holds it, and its message is owed.", [entry.Place],
                vector: entry.Message.Address.Remappable ? -1 : (byte)entry.Message.Data.Bits);
        }
    }
}
