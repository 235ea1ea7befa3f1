namespace Wirq;

/// <summary>Descriptions of chips, which also exist without a machine around them.</summary>
public static class ChipDescriptions
{
    /// <summary>The pair as it is now.</summary>
    public static PicDescription Describe(this PicPair pic)
    {
        ArgumentNullException.ThrowIfNull(pic);
        PicPairState state = pic.State;
        int stands = pic.Intr && state.Output.Requested != PicPair.NoIrq ? state.Output.Requested : -1;
        return new(pic.Intr, stands, Of(pic.Master), Of(pic.Slave));
    }

    /// <summary>The I/OAPIC as it is now. The lines of its pins are those of <see cref="IoApicOptions.GsiBase"/>.</summary>
    public static IoApicDescription Describe(this IoApic chip)
    {
        ArgumentNullException.ThrowIfNull(chip);
        return new(chip.Number, chip.Options.Address, chip.Id, chip.Options.Version, chip.Selected,
            [.. Enumerable.Range(0, chip.Options.Pins).Select(pin => Of(chip, pin))]);
    }

    /// <summary>One local APIC as it is now.</summary>
    /// <param name="apics">The local APICs.</param>
    /// <param name="cpu">Its CPU.</param>
    public static LocalApicDescription Describe(this LocalApics apics, int cpu)
    {
        ArgumentNullException.ThrowIfNull(apics);
        ref ApicState s = ref apics.State(cpu);
        long deadline = apics.Deadlines[cpu];
        uint id = s.Base.Mode == ApicMode.X2Apic ? apics.InitialId(cpu) : s.Id.Id;
        Vectors256 irr = s.Irr, isr = s.Isr, tmr = s.Tmr;
        return new(cpu, id, s.Base, s.Spurious, s.Tpr, s.Ppr, s.Logical.Bits, s.Format.Bits, Members(irr), Members(isr),
            [.. Members(tmr).Where(vector => irr.Has(vector) || isr.Has(vector))], s.ExtIntPending != 0, s.Pins.Lint0,
            s.Errors.With(s.Recorded), EntriesOf(ref s), s.InitialCount, deadline == DeadlineTree.Never ? null : deadline);
    }

    /// <summary>All local APICs as they are now, in the order of their CPUs.</summary>
    public static IReadOnlyList<LocalApicDescription> Describe(this LocalApics apics)
    {
        ArgumentNullException.ThrowIfNull(apics);
        return [.. Enumerable.Range(0, apics.Count).Select(cpu => apics.Describe(cpu))];
    }

    private static LocalEntryDescription[] EntriesOf(ref ApicState s)
    {
        LocalVector[] names = Enum.GetValues<LocalVector>();
        var entries = new LocalEntryDescription[names.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            LocalVectorEntry entry = s.Entry(names[i]);
            DeliveryMode mode = names[i] is LocalVector.Timer or LocalVector.Error ? DeliveryMode.Fixed : entry.Mode;
            entries[i] = new(names[i], entry.Bits, entry.Vector, mode, entry.Masked);
        }
        return entries;
    }

    private static PicChipDescription Of(Pic8259 chip)
    {
        ref PicState s = ref chip.State;
        var modes = new Icw4(s.Icw4);
        return new(s.Stage == (byte)PicStage.Ready, s.Pins, s.Irr, s.Isr, s.Imr, chip.LevelTriggered, s.Deferred, chip.Vector(0), s.Lowest,
            modes.AutoEoi, modes.SpecialFullyNested, s.SpecialMask != 0);
    }

    private static PinDescription Of(IoApic chip, int pin)
    {
        IoApicPin state = chip.PinState(pin);
        return new(pin, chip.Options.GsiBase + pin, chip.Entry(pin), chip.IsLevel(state.Entry), state.Has(PinFlags.High), state.Has(PinFlags.Asserted),
            state.Has(PinFlags.InFlight), state.Has(PinFlags.Refused), state.Has(PinFlags.AckOwed),
            state.Has(PinFlags.Braked) ? state.StormDeadline : null);
    }

    private static byte[] Members(Vectors256 set)
    {
        var members = new List<byte>();
        for (int vector = byte.MaxValue; vector >= 0; vector--)
        {
            if (set.Has(vector))
                members.Add((byte)vector);
        }
        return [.. members];
    }
}
