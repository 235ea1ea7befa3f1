using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>A masked pin sends nothing.</summary>
/// <remarks>A message counts at the point where it was sent: a message sent before the mask may be carried out after
/// it. If the sending was not reported, the message counts where its answer is.</remarks>
internal sealed partial class MaskedIsSilent : Law
{
    private const ulong Sent = 1, Taken = 2, VirqSent = 3;

    private readonly MachineShadow _shadow;
    private readonly PinShadow _pins;
    private readonly Block<SentCount> _sent;

    internal MaskedIsSilent(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _shadow = shadow;
        _pins = shadow.Pins;
        _sent = arena.Reserve<SentCount>(Math.Max(1, _pins.PinCount));
        _virqs = arena.Reserve<VirqMask>(shadow.Virqs.Count);
        _virqsSeen = arena.ReserveDerived<SlotsSeen>();
    }

    public override string Name => nameof(MaskedIsSilent);

    public override string Says =>
        "after a mask has completed no new message is sent (an IRR bit already set may still be taken; an edge at a masked "
        + "I/OAPIC pin is lost); what an MSI entry or a level line has pending is delivered once on unmask";

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.Deliver when _pins.TryPin(e, out int chip, out int pin):
                if (_pins.Entry(chip, pin).Masked)
                    Fail(Sent, e, _pins.Entry(chip, pin).Bits);
                Tally.Up(ref _sent[_pins.Flat(chip, pin)].Unanswered);
                break;
            case EventKind.MessageAccepted or EventKind.MessageRefused when _pins.TryPin(e.Origin, out int chip, out int pin):
                ref byte unanswered = ref _sent[_pins.Flat(chip, pin)].Unanswered;
                if (unanswered == 0 && _pins.Entry(chip, pin).Masked)
                    Fail(Taken, e);
                Tally.Down(ref unanswered);
                break;
            case EventKind.EdgeLost or EventKind.PinChanged or EventKind.EntryWritten when IsHeldBack(e):
                NoteJudged();
                break;
            case EventKind.MachineReset:
                _sent.Span.Clear();
                break;
            case EventKind.Rest:
                _sent.Span.Clear();
                CompleteMasks();
                break;
            default:
                if (e.Unit < _virqs.Count)
                    FollowVirq(e, ref _virqs[e.Unit]);
                break;
        }
    }

    /// <summary>Whether an event shows a pin that would send, were it not masked.</summary>
    private bool IsHeldBack(in Event e) => _pins.TryPin(e, out int chip, out int pin) && e.Kind switch
    {
        EventKind.EdgeLost => true,
        EventKind.PinChanged => PinChanged.Of(e).Asserted && _pins.Entry(chip, pin).Masked,
        _ => e.Entry.Masked && _pins.Chip(chip).Asserted.Has(pin),
    };

    protected override string Explain(in LawBreak first) => first.Code == VirqSent
        ? $"virq {first.Event.Unit} sent 0x{first.Event.Message.Vector:x2} while it was masked"
        : first.Code == Sent
        ? $"{LawText.Pin(first.Event)} sent 0x{first.Event.Msi.Data.Vector:x2} "
            + $"while its entry ({new RedirectionEntry(first.First)}) was masked"
        : $"0x{first.Event.Message.Vector:x2} of {EventText.Pin(first.Event.Origin)} arrived while that pin was masked";

    private struct SentCount : IState
    {
        public byte Unanswered;
    }
}
