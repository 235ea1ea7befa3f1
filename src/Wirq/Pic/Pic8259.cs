using System.Diagnostics;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>What one chip of the pair needs done at its lines. Bit n is its input n.</summary>
internal readonly record struct PicChipWork(byte Acked, byte Resampled);

/// <summary>One 8259A: which requests it senses, which one it presents to the CPU, and what INTA and EOI do to it.
/// <see cref="PicPair"/> wires two of them.</summary>
internal sealed partial class Pic8259
{
    /// <summary>No input.</summary>
    internal const int None = 8;
    /// <summary>The master's input that INT of the slave is wired to.</summary>
    internal const int Cascade = 2;

    private const int Inputs = 8;
    private const byte All = 0xFF;

    private readonly Block<PicState> _states;
    private readonly int _unit;
    private readonly PicQuirks _quirks;
    private readonly AckPolicy _policy;
    private readonly byte _elcrMask;
    // Inputs that are connected to another chip's INT: they have no line to acknowledge.
    private readonly byte _cascade;

    internal Pic8259(Block<PicState> states, int unit, PicQuirks quirks, AckPolicy policy, byte elcrMask)
    {
        (_states, _unit, _quirks, _policy) = (states, unit, quirks, policy);
        _cascade = unit == 0 ? Bit(Cascade) : (byte)0;
        _elcrMask = (byte)(elcrMask & ~_cascade);
    }

    internal ref PicState State => ref _states[_unit];

    /// <summary>Inputs that are level-triggered, by ELCR or LTIM.</summary>
    internal byte LevelTriggered => Triggers(State);

    /// <summary>The IRQ of the PC that an input is.</summary>
    internal int Irq(int level) => _unit * Inputs + level;

    /// <summary>The vector that ICW2 gives an input. In MCS-80/85 mode the real chip sends a CALL instruction, which no
    /// CPU here could take; this returns the vector in that mode too.</summary>
    internal byte Vector(int level) => new Icw2(State.Icw2).Vector(level);

    private bool Has(PicQuirks quirk) => (_quirks & quirk) != 0;

    internal static byte Bit(int level) => (byte)(1 << level);

    /// <summary>Power-on state. The levels of the pins stay: they belong to the lines, not to the chip.</summary>
    /// <returns>The lines that it takes out of service, as ICW1 does; and those that may have a sampled source.</returns>
    internal PicChipWork Reset()
    {
        ref readonly PicState s = ref State;
        byte pins = Without(s.Pins, _cascade);
        byte acked = Without((byte)(s.Deferred | s.Isr & (Triggers(s) | s.TakenAsLevel)), _cascade);
        State = new PicState { Pins = pins, Standing = None, Lowest = Inputs - 1 };
        RearmEdges(ref State);
        return new(acked, Without(pins, acked));
    }

    /// <summary>The state of the chip changed: INT is computed at the next <see cref="PicPair.Update"/>, unless a
    /// profile leaves INT unchanged on this occasion.</summary>
    /// <param name="leaves">The difference of such a profile; None if every profile computes INT.</param>
    internal void Touch(PicQuirks leaves = PicQuirks.None)
    {
        if (!Has(leaves))
            State.Due = 1;
    }

    /// <summary>Sets the level of an input.</summary>
    /// <param name="level">The input.</param>
    /// <param name="high">Its level.</param>
    /// <param name="isLine">Whether a line drives the input. INT stays high when the line that caused it falls. The
    /// cascade falls by a command or by INTA, and INT falls with it.</param>
    /// <returns>Whether the level changed.</returns>
    internal bool Drive(int level, bool high, bool isLine)
    {
        ref PicState s = ref State;
        byte bit = Bit(level);
        bool changed = high != ((s.Pins & bit) != 0);
        Touch();
        if (high)
            s.Fallen = Without(s.Fallen, bit);
        else if (isLine && s.Standing == level && (s.Irr & bit) != 0 && !Has(PicQuirks.IntrFallsWithLine))
            s.Fallen |= bit;
        s.Pins = With(s.Pins, bit, high);
        if (Has(PicQuirks.EdgeOutlivesLine))
        {
            bool isLevel = (Triggers(s) & bit) != 0;
            bool requests = high && (isLevel || (s.Spent & bit) == 0);
            if (isLevel || requests)
                s.Irr = With(s.Irr, bit, requests);
            s.Spent = With(s.Spent, bit, high);
        }
        else
        {
            if (!high)
                s.Spent = Without(s.Spent, bit);
            Sense(ref s, bit);
        }
        return changed;
    }

    /// <summary>The input among <paramref name="requests"/> that the priority resolver selects.</summary>
    internal int Resolve(byte requests)
    {
        ref readonly PicState s = ref State;
        byte open = (byte)(requests & ~s.Imr);
        if (open == 0 || !Listens(s))
            return None;
        var order = new PicPriority(s.Lowest);
        int first = order.Highest(open);
        byte blocking = s.Isr;
        if (s.SpecialMask != 0 && !Has(PicQuirks.SpecialMaskIgnored))
            blocking = Without(blocking, s.Imr);
        bool nested = new Icw4(s.Icw4).SpecialFullyNested;
        if (nested && Has(PicQuirks.NestedModeUnblocksBelow))
            blocking = Without(blocking, _cascade);
        if (blocking == 0)
            return first;
        int served = order.Highest(blocking);
        bool slaveAgain = nested && first == served && Bit(first) == _cascade;
        return slaveAgain || order.Rank(first) < order.Rank(served) ? first : None;
    }

    /// <summary>Which condition of <see cref="Resolve"/> holds an input; <see cref="Gate.None"/> where it is the one that is
    /// selected.</summary>
    /// <param name="level">The input.</param>
    /// <param name="by">The input that goes first or is in service; <see cref="None"/> for none.</param>
    internal Gate GateOf(int level, out int by)
    {
        ref readonly PicState s = ref State;
        byte bit = Bit(level);
        by = None;
        if (!Listens(s))
            return Gate.PicNotReady;
        if ((s.Irr & bit) == 0)
            return (s.Pins & bit) == 0 ? Gate.NotAsserted : Gate.EdgeSpent;
        if ((s.Imr & bit) != 0)
            return Gate.PicMasked;
        if (Resolve(bit) == None)
        {
            by = new PicPriority(s.Lowest).Highest(s.Isr);
            return Gate.PicInService;
        }
        int first = Takeable;
        if (first == level)
            return Gate.None;
        by = first;
        return Gate.PicBehind;
    }

    /// <summary>The input that an INTA at this moment takes; <see cref="None"/> for a spurious one.</summary>
    internal int Takeable => Resolve(State.Irr);

    /// <summary>Updates INT.</summary>
    /// <returns>The input that caused INT; <see cref="None"/> if INT is low.</returns>
    internal int Settle()
    {
        ref PicState s = ref State;
        s.Due = 0;
        s.Fallen = Without(s.Fallen, s.Imr);
        int level = Resolve(s.Irr);
        if (level == None)
            level = Resolve(s.Fallen);
        s.Standing = (byte)level;
        return level;
    }

    /// <summary>Ends an INTA cycle: INT falls, until <see cref="Settle"/> finds a request.</summary>
    internal void EndCycle()
    {
        ref PicState s = ref State;
        s.Fallen = 0;
        s.Standing = None;
    }

    /// <summary>INTA takes an input into service.</summary>
    /// <returns>The inputs whose lines are acknowledged, if automatic EOI ends what INTA began.</returns>
    internal byte Acknowledge(int level, EventBuffer events)
    {
        ref PicState s = ref State;
        byte bit = Bit(level);
        bool isLevel = (Triggers(s) & bit) != 0;
        bool outlivesAutoEoi = Has(PicQuirks.AutoEoiKeepsInService) && (s.Isr & bit) != 0;
        Touch();
        s.Isr |= bit;
        if (isLevel)
            s.TakenAsLevel |= bit;
        if (!Has(PicQuirks.EdgeOutlivesLine))
        {
            // Also for a level input: what was served as a level must not return as an edge if ELCR changes.
            s.Spent |= bit;
            Sense(ref s, bit);
        }
        else if (!isLevel)
            s.Irr = Without(s.Irr, bit);
        EndCycle();
        if (!new Icw4(s.Icw4).AutoEoi)
            return 0;
        if (s.RotatesInAutoEoi != 0)
            s.Lowest = (byte)level;
        return outlivesAutoEoi ? (byte)0 : End(bit, events, automatic: true);
    }

    /// <summary>Ends the service of inputs.</summary>
    /// <param name="levels">The inputs; those not in service do not change.</param>
    /// <param name="events">Where the EOI is reported.</param>
    /// <param name="automatic">Whether INTA ended it.</param>
    /// <param name="acksIdle">Whether an input that is not in service is still acknowledged.</param>
    /// <returns>The inputs whose lines are acknowledged.</returns>
    internal byte End(byte levels, EventBuffer events, bool automatic = false, bool acksIdle = false)
    {
        ref PicState s = ref State;
        byte cleared = (byte)(levels & s.Isr);
        byte asLevel = (byte)(Triggers(s) | s.TakenAsLevel);
        s.Isr = Without(s.Isr, cleared);
        s.TakenAsLevel = Without(s.TakenAsLevel, cleared);
        byte owed = acksIdle ? levels : cleared;
        if (!Has(PicQuirks.AcksEdges))
            owed &= asLevel;
        owed = Without(owed, _cascade);
        // Only the pin's own mask counts. A handler masks the pin that it serves; a mask of the cascade does not mean
        // that the devices behind it are not served yet.
        byte deferred = _policy == AckPolicy.Done ? (byte)(owed & s.Imr) : (byte)0;
        s.Deferred |= deferred;
        if (events.Observing)
            TellEnd(cleared, asLevel, deferred, automatic, events);
        return Without(owed, deferred);
    }

    /// <summary>Removes a request, level or not, and ends its service, as a poll does that ends its
    /// interrupt.</summary>
    /// <returns>The inputs whose lines are acknowledged.</returns>
    internal byte Withdraw(int level, EventBuffer events, PicQuirks leaves = PicQuirks.None)
    {
        byte bit = Bit(level);
        Touch(leaves);
        State.Irr = Without(State.Irr, bit);
        EndCycle();
        return End(bit, events, automatic: true, acksIdle: true);
    }

    private void TellEnd(byte cleared, byte asLevel, byte deferred, bool automatic, EventBuffer events)
    {
        for (int level = 0; level < Inputs; level++)
        {
            byte bit = Bit(level);
            int irq = Irq(level);
            if ((cleared & bit) != 0)
                events.Observe(new PicEoi(irq, (asLevel & bit) != 0, automatic).ToEvent());
            if ((deferred & bit) != 0)
                events.Observe(new(EventKind.PicAckDeferred, 0, (uint)irq));
        }
    }

    /// <summary>Whether requests reach INT at all.</summary>
    private bool Listens(in PicState s) =>
        s.Stage == (byte)PicStage.Ready || Has(PicQuirks.UnprogrammedRequests);

    private byte Triggers(in PicState s) =>
        new Icw1(s.Icw1).Level && !Has(PicQuirks.LtimIgnored) ? All : s.Elcr;

    /// <summary>Updates IRR from the pins: a level input requests while it is high, an edge input once for each
    /// rise.</summary>
    private void Sense(ref PicState s, byte inputs)
    {
        byte requests = (byte)(s.Pins & (Triggers(s) | ~s.Spent));
        s.Irr = (byte)(s.Irr & ~inputs | requests & inputs);
    }

    /// <summary>Resets the edge sense, as ICW1 and power-on do.</summary>
    private void RearmEdges(ref PicState s)
    {
        s.Spent = Has(PicQuirks.Icw1RearmsHeldPins) ? (byte)0 : s.Pins;
        if (Has(PicQuirks.EdgeOutlivesLine))
            s.Irr &= s.Elcr;
        else
            Sense(ref s, All);
    }

    private static byte With(byte set, byte bit, bool present) => (byte)(present ? set | bit : set & ~bit);
    private static byte Without(byte set, byte bits) => (byte)(set & ~bits);

    [Conditional("DEBUG")]
    private void AssertSound() =>
        Debug.Assert((State.Deferred & ~State.Imr) == 0, "a deferred acknowledge of an unmasked pin");
}
