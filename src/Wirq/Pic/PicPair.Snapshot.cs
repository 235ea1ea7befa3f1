using Wirq.State;

namespace Wirq;

// The state as the fields of a snapshot.
public sealed partial class PicPair
{
    private const byte Inputs = 8;

    /// <summary>Moves the state of both chips.</summary>
    internal void Move(Fields f)
    {
        f.Group("master", () => _master.Move(f));
        f.Group("slave", () => _slave.Move(f));
        f.Group("output", () => Move(f, ref _output.Value));
    }

    /// <summary>Whether the pin of an IRQ, 0 to 15, is high.</summary>
    internal bool IsHigh(int irq) => new PicInputs(_master.State.Pins, _slave.State.Pins).Has(irq);

    internal static void Move(Fields f, ref PicOutput o)
    {
        o.Intr = f.Flag("intr", o.Intr);
        o.Requested = f.U8("requested", o.Requested);
        f.Demand(o.Requested is < 2 * Inputs or NoIrq, "requested", $"{o.Requested}", $"0 to 15, or {NoIrq} for none");
        o.AwaitsUpdate = f.Flag("awaitsUpdate", o.AwaitsUpdate);
        o.Answered = f.Flag("answered", o.Answered);
    }
}

internal sealed partial class Pic8259
{
    /// <summary>Moves the state of the chip.</summary>
    internal void Move(Fields f)
    {
        Move(f, ref State, _elcrMask);
        ref readonly PicState s = ref State;
        byte senses = (byte)(s.Pins & (Triggers(s) | ~s.Spent));
        // A profile may keep the request of a line that fell.
        f.Demand(Has(PicQuirks.EdgeOutlivesLine) || (s.Irr & ~senses) == 0, "irr", $"0x{s.Irr:x2}", $"no bit of 0x{(byte)~senses:x2}: those inputs request nothing");
    }

    internal static void Move(Fields f, ref PicState s, byte elcrMask)
    {
        s.Pins = f.U8("pins", s.Pins);
        s.Spent = f.U8("spent", s.Spent);
        s.Irr = f.U8("irr", s.Irr);
        s.Isr = f.U8("isr", s.Isr);
        s.Imr = f.U8("imr", s.Imr);
        s.Elcr = f.U8("elcr", s.Elcr, elcrMask);
        s.TakenAsLevel = f.U8("takenAsLevel", s.TakenAsLevel);
        s.Deferred = f.U8("deferred", s.Deferred, s.Imr);
        s.Fallen = f.U8("fallen", s.Fallen);
        s.Standing = (byte)f.Number("standing", s.Standing, 0, None);
        s.Lowest = (byte)f.Number("lowest", s.Lowest, 0, Inputs - 1);
        s.Stage = (byte)f.Choice("stage", (PicStage)s.Stage);
        s.Icw1 = f.U8("icw1", s.Icw1);
        s.Icw2 = f.U8("icw2", s.Icw2);
        s.Icw3 = f.U8("icw3", s.Icw3);
        s.Icw4 = f.U8("icw4", s.Icw4);
        s.ReadsInService = f.Flag("readsInService", s.ReadsInService);
        s.Polling = f.Flag("polling", s.Polling);
        s.SpecialMask = f.Flag("specialMask", s.SpecialMask);
        s.RotatesInAutoEoi = f.Flag("rotatesInAutoEoi", s.RotatesInAutoEoi);
        s.Due = f.Flag("due", s.Due);
    }
}
