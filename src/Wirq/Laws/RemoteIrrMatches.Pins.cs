using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <content>The part of the law for one pin.</content>
internal sealed partial class RemoteIrrMatches
{
    private void Follow(in Event e, int chip, int pin, ref ChipFacts facts, ref PinFacts of)
    {
        switch (e.Kind)
        {
            case EventKind.EntryWritten:
                Rewrite(e, chip, pin, ref facts, ref of);
                break;
            case EventKind.Deliver when e.Msi.Data.Level:
                if (facts.Unsent.Has(pin))
                    facts.Unsent = facts.Unsent.Without(pin);
                else if (_pins.Chip(chip).RemoteIrr.Has(pin))
                    FailPin(SentWhileSet, e, e.Msi.Data.Vector);
                facts.InFlight = facts.InFlight.With(pin);
                of.Sent = e.Msi.Data.Vector;
                break;
            case EventKind.PinAccepted when PinAnswered.Of(e).Level:
            case EventKind.PinRefused when PinAnswered.Of(e).Level && _pins.Profile(chip).SetsRemoteIrr(e.Reason):
                Accept(_pins.Entry(chip, pin), chip, pin, ref facts, ref of);
                break;
            case EventKind.PinRefused when PinAnswered.Of(e).Level:
                Answered(pin, ref facts, ref of);
                break;
            case EventKind.RemoteIrrSet:
                if (_pins.Profile(chip).RemoteIrrAtSend)
                    facts.Unsent = facts.Unsent.With(pin);
                else if (!facts.Expected.Has(pin))
                    FailPin(Stray, e);
                facts.Expected.Learn(pin, true);
                break;
            case EventKind.PinCoalesced:
                // A pin that waits for the EOI has Remote IRR set: from before the first event, if not from an
                // acceptance.
                if (facts.Expected[pin] == Fact.No)
                    FailPin(Unexpected, e);
                facts.Expected.Learn(pin, true);
                break;
            case EventKind.RemoteIrrCleared:
                Clear(e, chip, pin, ref facts, ref of);
                break;
        }
    }

    private void Rewrite(in Event e, int chip, int pin, ref ChipFacts facts, ref PinFacts of)
    {
        IoApicProfile profile = _pins.Profile(chip);
        bool wasLevel = profile.IsLevel(e.OldEntry);
        if (facts.Expected.Has(pin) && !wasLevel)
            FailPin(StaysInEdge, e);
        if (!facts.Expected[pin].IsKnown && e.Entry.RemoteIrr)
            facts.Expected.Learn(pin, true);
        if (e.Entry.Vector == e.OldEntry.Vector && profile.IsLevel(e.Entry) == wasLevel)
            return;
        // A broadcast that is under way may or may not have found the pin by its old vector.
        facts.Must = facts.Must.Without(pin);
        of.Ended = 0;
    }

    private void Accept(RedirectionEntry entry, int chip, int pin, ref ChipFacts facts, ref PinFacts of)
    {
        // An answer to a message that the entry no longer names sets nothing: its EOI could not be recognised.
        bool current = !facts.InFlight.Has(pin) || entry.Vector == of.Sent;
        bool sets = _pins.Profile(chip).IsLevel(entry) && current && !_pins.Profile(chip).RemoteIrrAtSend;
        facts.Expected.Learn(pin, sets || facts.Expected.Has(pin));
        Answered(pin, ref facts, ref of);
    }

    private static void Answered(int pin, ref ChipFacts facts, ref PinFacts of)
    {
        facts.InFlight = facts.InFlight.Without(pin);
        of.Sent = 0;
        if (!facts.Expected.Has(pin))
            facts.Must = facts.Must.Without(pin);
    }

    private void Clear(in Event e, int chip, int pin, ref ChipFacts facts, ref PinFacts of)
    {
        NoteJudged();
        EndOfInterruptCause cause = RemoteIrrCleared.Of(e).Cause;
        if (facts.Expected[pin] == Fact.No)
            FailPin(NotSet, e);
        else if (cause == EndOfInterruptCause.Rewrite)
        {
            if (_pins.Profile(chip).IsLevel(_pins.Entry(chip, pin)))
                FailPin(Unended, e);
        }
        else
            CheckEnd(e, cause, chip, ref facts, ref of);
        facts.Expected.Learn(pin, false);
        facts.Must = facts.Must.Without(pin);
    }

    private void CheckEnd(in Event e, EndOfInterruptCause cause, int chip, ref ChipFacts facts, ref PinFacts of)
    {
        ref byte ends = ref facts.Ends[e.Vector];
        if (cause == EndOfInterruptCause.Register)
        {
            if (_pins.Options(chip).Version < 0x20)
                FailPin(NoEoiRegister, e);
            // The write itself may not have been reported; the first pin that it ends stands for it.
            if (of.Ended >= ends)
                Tally.Up(ref ends);
            Oblige(chip, e.Vector);
        }
        else if (of.Ended >= ends && ends != byte.MaxValue)
            FailUnended(e);
        Tally.Up(ref of.Ended);
    }

    private void FailUnended(in Event e)
    {
        LastRefused last = _illegitimate.Value;
        bool meant = last.Why != Refusal.None && last.Vector == e.Vector;
        FailPin(!meant ? Unended : last.Why == Refusal.Suppressed ? Suppressed : Unasked, e, Origin.Pin(last.Cpu, 0).Bits);
    }

    private void FailPin(ulong code, in Event e, ulong second = 0) => Fail(code, e, LawText.Pack(e.IoApic, e.Pin), second);
}
