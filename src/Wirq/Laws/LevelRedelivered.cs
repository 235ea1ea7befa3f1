using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>No level is forgotten, and none is made up.</summary>
/// <remarks>
/// At rest, a pin that asserts a level, is not masked and has Remote IRR clear must have a message out. There are two
/// exceptions: the storm brake holds the pin, or its last message was refused and is tried again at the pin's next
/// entry write, rise or EOI.
/// <para>A pin that sends a level must assert it at that moment. This is exact, though the message is carried out
/// later: the <see cref="EventKind.Deliver"/> is in the queue at the point where the chip decided. If the pin falls
/// before the message is carried out, the fall comes after it in the stream.</para>
/// </remarks>
internal sealed class LevelRedelivered : Law
{
    private const ulong NotAsserted = 1, Undelivered = 2, NotAgain = 3;

    private readonly PinShadow _pins;
    private readonly Block<LevelFacts> _facts;

    internal LevelRedelivered(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _pins = shadow.Pins;
        _facts = arena.Reserve<LevelFacts>(Math.Max(1, _pins.ChipCount), static (copy, _) =>
        {
            foreach (ref LevelFacts facts in copy)
                facts.Ended = default;
        });
    }

    public override string Name => nameof(LevelRedelivered);

    public override string Says =>
        "a level line that is still asserted after its ack is delivered again (after the storm brake's deadline, where it "
        + "holds); one that is not, is not";

    internal override void Learn(Fabric machine)
    {
        for (int chip = 0; chip < _pins.ChipCount; chip++)
        {
            for (int pin = 0; pin < _pins.Options(chip).Pins; pin++)
            {
                IoApicPin state = machine.IoApics[chip].PinState(pin);
                ref LevelFacts facts = ref _facts[chip];
                facts.InFlight = facts.InFlight.Set(pin, state.Has(PinFlags.InFlight));
                facts.Refused = facts.Refused.Set(pin, state.Has(PinFlags.Refused));
            }
        }
    }

    protected internal override void Observe(in Event e)
    {
        if (e.Kind == EventKind.Rest)
            Judge(e);
        else if (e.Kind == EventKind.MachineReset)
            _facts.Span.Clear();
        else if (_pins.TryPin(e, out int chip, out int pin))
            Follow(e, ref _facts[chip], chip, pin);
    }

    private void Follow(in Event e, ref LevelFacts facts, int chip, int pin)
    {
        switch (e.Kind)
        {
            case EventKind.PinChanged:
                facts.Refused = facts.Refused.Without(pin);
                if (!PinChanged.Of(e).Asserted)
                    facts.Ended = facts.Ended.Without(pin);
                break;
            case EventKind.EntryWritten:
                facts.Refused = facts.Refused.Without(pin);
                // An answer to the old message says nothing about the new one.
                if (_pins.Profile(chip).MessageOf(e.Entry) != _pins.Profile(chip).MessageOf(e.OldEntry))
                    facts.Renewed = facts.Renewed | facts.InFlight & default(PinSet).With(pin);
                break;
            case EventKind.Deliver when e.Msi.Data.Level:
                if (_pins.Chip(chip).Asserted[pin].IsKnown && !_pins.Pending(chip).Has(pin))
                    Fail(NotAsserted, e);
                facts.InFlight = facts.InFlight.With(pin);
                facts.Refused = facts.Refused.Without(pin);
                facts.Ended = facts.Ended.Without(pin);
                break;
            case EventKind.PinAccepted when PinAnswered.Of(e).Level:
                facts.InFlight = facts.InFlight.Without(pin);
                facts.Renewed = facts.Renewed.Without(pin);
                break;
            case EventKind.PinRefused when PinAnswered.Of(e).Level:
                facts.Refused = facts.Refused.Set(pin, !facts.Renewed.Has(pin));
                facts.InFlight = facts.InFlight.Without(pin);
                facts.Renewed = facts.Renewed.Without(pin);
                break;
            case EventKind.RemoteIrrCleared:
                NoteJudged();
                facts.Ended = facts.Ended.With(pin);
                break;
        }
    }

    private void Judge(in Event e)
    {
        for (int chip = 0; chip < _pins.ChipCount; chip++)
        {
            ref readonly ChipPins pins = ref _pins.Chip(chip);
            ref LevelFacts facts = ref _facts[chip];
            PinSet due = (_pins.Pending(chip) & pins.Level & pins.Unmasked)
                .Except(pins.RemoteIrr | pins.Braked | facts.Refused | facts.InFlight);
            if (PinSet.Next(ref due) is var pin and >= 0)
                Fail(facts.Ended.Has(pin) ? NotAgain : Undelivered, e, LawText.Pack(chip, pin));
            // A pin for which nothing is due has forgotten its last EOI.
            facts.Ended = facts.Ended & pins.Level & pins.Asserted.Yes;
        }
    }

    protected override string Explain(in LawBreak first) => first.Code switch
    {
        NotAsserted => $"{LawText.Pin(first.Event)} sent a level interrupt, 0x{first.Event.Msi.Data.Vector:x2}, "
            + "while it was not asserted",
        NotAgain => $"{LawText.Pin(first.First)} is still asserted after its EOI, and was not delivered again",
        _ => $"{LawText.Pin(first.First)} asserts a level, unmasked and with Remote IRR clear, and was not delivered",
    };

    private struct LevelFacts : IState
    {
        /// <summary>Pins that sent a level and have no answer yet.</summary>
        public PinSet InFlight;
        /// <summary>Those of them whose message the guest changed in the meantime.</summary>
        public PinSet Renewed;
        /// <summary>Pins whose last message was refused and that had no reason to try again.</summary>
        public PinSet Refused;
        /// <summary>Pins whose interrupt was ended and that sent nothing since. This only makes a better sentence, so
        /// it is not part of an identity.</summary>
        public PinSet Ended;
    }
}
