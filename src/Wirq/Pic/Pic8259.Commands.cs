using Wirq.Events;

namespace Wirq;

// The words that a CPU writes to the chip, and its registers as the CPU reads them.
internal sealed partial class Pic8259
{
    /// <summary>The even port is written: ICW1, OCW2 or OCW3. OCW2 and OCW3 are accepted at any time, even during
    /// initialisation: the data sheet does not forbid them then, and only ICW1 restarts it.</summary>
    internal PicChipWork WriteCommand(byte value, EventBuffer events)
    {
        byte acked = Icw1.Is(value) ? Initialise(new Icw1(value), events)
            : Ocw3.Is(value) ? Select(new Ocw3(value))
            : Command(new Ocw2(value), events);
        AssertSound();
        return new(acked, 0);
    }

    /// <summary>The odd port is written: the next initialisation word, or else OCW1.</summary>
    internal PicChipWork WriteData(byte value)
    {
        ref PicState s = ref State;
        switch ((PicStage)s.Stage)
        {
            case PicStage.AwaitsIcw2:
                Touch(PicQuirks.InitialisationLeavesInt);
                s.Icw2 = value;
                bool alone = new Icw1(s.Icw1).Single && !Has(PicQuirks.SingleIgnored);
                Advance(ref s, alone ? PicStage.AwaitsIcw4 : PicStage.AwaitsIcw3);
                return default;
            case PicStage.AwaitsIcw3:
                Touch(PicQuirks.InitialisationLeavesInt);
                s.Icw3 = value;
                Advance(ref s, PicStage.AwaitsIcw4);
                return default;
            case PicStage.AwaitsIcw4:
                Touch(PicQuirks.InitialisationLeavesInt);
                s.Icw4 = value;
                Advance(ref s, PicStage.Ready);
                return default;
            default:
                Touch();
                return Mask(ref s, value);
        }
    }

    /// <summary>Sets the edge/level control register.</summary>
    internal void WriteTriggers(byte value)
    {
        ref PicState s = ref State;
        Touch(PicQuirks.TriggersLeaveInt);
        byte before = s.Elcr;
        s.Elcr = (byte)(value & _elcrMask);
        if (!Has(PicQuirks.TriggerChangeKeepsIrr))
            Sense(ref s, (byte)(before ^ s.Elcr));
    }

    /// <summary>The register that the even port reads when no poll is due.</summary>
    internal byte Selected => State.ReadsInService != 0 ? State.Isr : State.Irr;

    private static void Advance(ref PicState s, PicStage next)
    {
        if (next == PicStage.AwaitsIcw4 && !new Icw1(s.Icw1).NeedsIcw4)
            next = PicStage.Ready;
        s.Stage = (byte)next;
    }

    /// <summary>ICW1 (8259A, "Initialization Command Words"). Level pins that it takes out of service are acknowledged:
    /// no EOI will come for them, and a holder without an acknowledge would hold its line forever. ICW1 unmasks all
    /// pins, so deferred acknowledges are given.</summary>
    private byte Initialise(Icw1 word, EventBuffer events)
    {
        ref PicState s = ref State;
        Touch(PicQuirks.Icw1LeavesInt);
        if (events.Observing)
            events.Observe(new(EventKind.PicInitialised, (ushort)_unit));
        byte acked = s.Deferred;
        s.Deferred = 0;
        s.Imr = 0;
        acked |= Has(PicQuirks.Icw1KeepsInService)
            ? End(Without(s.Irr, Triggers(s)), events, acksIdle: true)
            : End(s.Isr, events);

        s.Icw1 = word.Bits;
        s.Stage = (byte)PicStage.AwaitsIcw2;
        // No slaves, and the slave address 7: the values of a chip that is alone (SNGL).
        s.Icw3 = _unit == 0 ? (byte)0 : (byte)(Inputs - 1);
        s.Lowest = Inputs - 1;
        s.SpecialMask = 0;
        s.ReadsInService = 0;
        if (!Has(PicQuirks.Icw1KeepsPoll))
            s.Polling = 0;
        if (!word.NeedsIcw4 || Has(PicQuirks.Icw1ClearsModes))
            s.Icw4 = 0;
        if (Has(PicQuirks.Icw1ClearsModes))
            (s.Icw2, s.RotatesInAutoEoi) = (0, 0);
        RearmEdges(ref s);
        EndCycle();
        return acked;
    }

    /// <summary>OCW1. Returns the deferred acknowledges that are given now. Except under policy Eoi, it also returns
    /// the level pins whose request may belong to a sampled source whose fall was not visible while the pin was
    /// masked.</summary>
    private PicChipWork Mask(ref PicState s, byte value)
    {
        byte unmasked = Without(s.Imr, value);
        s.Imr = value;
        byte acked = (byte)(s.Deferred & unmasked);
        s.Deferred = Without(s.Deferred, acked);
        byte resampled = 0;
        if (_policy != AckPolicy.Eoi)
            resampled = (byte)(unmasked & Triggers(s) & s.Irr & ~s.Isr & ~acked & ~_cascade);
        AssertSound();
        return new(acked, resampled);
    }

    private byte Command(Ocw2 word, EventBuffer events)
    {
        ref PicState s = ref State;
        bool acksIdle = Has(PicQuirks.AcksIdleEoi);
        int ended = new PicPriority(s.Lowest).Highest(OpenToNonSpecificEoi(s));
        Touch(IsIdle(word.Command, ended) ? PicQuirks.IdleCommandLeavesInt : PicQuirks.None);
        switch (word.Command)
        {
            case Ocw2Command.ClearRotateInAutoEoi:
                s.RotatesInAutoEoi = 0;
                return 0;
            case Ocw2Command.SetRotateInAutoEoi:
                s.RotatesInAutoEoi = 1;
                return 0;
            case Ocw2Command.SetPriority:
                s.Lowest = (byte)word.Level;
                return 0;
            case Ocw2Command.SpecificEoi:
                return End(Bit(word.Level), events, acksIdle: acksIdle);
            case Ocw2Command.RotateOnSpecificEoi:
                s.Lowest = (byte)word.Level;
                return End(Bit(word.Level), events, acksIdle: acksIdle);
            case Ocw2Command.NonSpecificEoi or Ocw2Command.RotateOnNonSpecificEoi:
                if (ended == None)
                    return 0;
                if (word.Command == Ocw2Command.RotateOnNonSpecificEoi)
                    s.Lowest = (byte)ended;
                return End(Bit(ended), events);
            default:
                return 0;
        }
    }

    /// <summary>Whether an OCW2 touches neither the ISR nor the order of priorities.</summary>
    private static bool IsIdle(Ocw2Command command, int ended) => command switch
    {
        Ocw2Command.ClearRotateInAutoEoi or Ocw2Command.SetRotateInAutoEoi or Ocw2Command.None => true,
        Ocw2Command.NonSpecificEoi or Ocw2Command.RotateOnNonSpecificEoi => ended == None,
        _ => false,
    };

    private byte OpenToNonSpecificEoi(in PicState s) =>
        s.SpecialMask != 0 && !Has(PicQuirks.SpecialMaskEoiEndsMasked) ? Without(s.Isr, s.Imr) : s.Isr;

    /// <summary>OCW3. What it does not select stays as it was; a poll that is due stays due.</summary>
    private byte Select(Ocw3 word)
    {
        ref PicState s = ref State;
        Touch(PicQuirks.Ocw3LeavesInt);
        if (word.ChangesSpecialMask)
            s.SpecialMask = word.SpecialMask ? (byte)1 : (byte)0;
        if (word.SelectsRegister)
            s.ReadsInService = word.SelectsInService ? (byte)1 : (byte)0;
        if (word.Poll)
            s.Polling = 1;
        return 0;
    }
}
