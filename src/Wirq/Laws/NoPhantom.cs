using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>A level interrupt has a device behind it that wants it.</summary>
/// <remarks>
/// A device wants from the rise of its source to its fall, or to the moment from which it wants nothing any more though
/// nobody sees its source fall. That is judged where the request is made: at the <see cref="EventKind.Deliver"/>, and
/// where the 8259 raises INTR for it. What happens between the request and the CPU is nobody's fault, and so a request
/// that was right stands until it is served, masked or asked about again, or its pin falls: the 8259 may come back to it after
/// a more urgent one, the I/OAPIC after a refusal or the storm brake.
/// <para>Not judged: lines without sources (foreign logs), lines that something from before the first event may hold, and
/// pins that the guest made active low against the wiring, which stand for the absence of a request.</para>
/// </remarks>
internal sealed class NoPhantom : Law
{
    private const ulong FromPin = 1, FromPic = 2;
    private const int CascadeIrq = 2;

    private readonly Shadows _shadows;
    private readonly Block<Requests> _standing;

    internal NoPhantom(Shadows shadows, StateArena arena) : base(arena)
    {
        _shadows = shadows;
        // One for each I/OAPIC, and one for the 8259 pair.
        _standing = arena.Reserve<Requests>(shadows.Pins.ChipCount + 1);
    }

    public override string Name => nameof(NoPhantom);

    public override string Says =>
        "no line's interrupt is delivered when no source of that line has been asserting since its last ack (an 8259's "
        + "spurious vector, IPIs, timers and messages are not a line's)";

    private ref PinSet Pic => ref _standing[_shadows.Pins.ChipCount].Standing;

    protected internal override void Observe(in Event e)
    {
        if (e.Kind is >= EventKind.PicPinChanged and <= EventKind.PicResampled)
            ObservePic(e);
        else if (_shadows.Pins.TryPin(e, out int chip, out int pin))
            ObservePin(e, chip, pin);
    }

    private void ObservePin(in Event e, int chip, int pin)
    {
        ref PinSet standing = ref _standing[chip].Standing;
        switch (e.Kind)
        {
            case EventKind.Deliver when e.Msi.Data.Level && !_shadows.Pins.IsInverted(chip, pin):
                (int first, int second) = _shadows.LinesOf(chip, pin);
                standing = standing.Set(pin, Judge(e, FromPin, first, second, standing.Has(pin)));
                break;
            case EventKind.StormBraked:
                standing = standing.With(pin);
                break;
            case EventKind.EntryWritten when e.Entry.Masked:
            case EventKind.PinChanged when e.A == 0:
            case EventKind.RemoteIrrCleared or EventKind.PinAcked or EventKind.PinResampled:
                standing = standing.Without(pin);
                break;
        }
    }

    private void ObservePic(in Event e)
    {
        ref PinSet standing = ref Pic;
        switch (e.Kind)
        {
            case EventKind.PicMaskChanged:
                standing = standing.Except(new PinSet(e.A, 0));
                break;
            case EventKind.PicInitialised:
                standing = default;
                break;
            case var _ when e.Index >= GsiMap.IsaIrqs:
                break;
            case EventKind.PicRequested when e.A == 1 && e.Irq != CascadeIrq:
                standing = standing.Set(e.Irq, Judge(e, FromPic, _shadows.Gsis.OfIsaIrq(e.Irq), -1, standing.Has(e.Irq)));
                break;
            case EventKind.PicPinChanged when e.A == 0:
            case EventKind.PicTaken or EventKind.PicAcked or EventKind.PicResampled:
                standing = standing.Without(e.Irq);
                break;
        }
    }

    /// <summary>Judges a request.</summary>
    /// <returns>Whether it was right, or at least cannot be told from one that was.</returns>
    private bool Judge(in Event e, ulong code, int first, int second, bool stands)
    {
        bool judged = IsJudged(first, second) || IsJudged(second, first);
        if (!judged || stands || Wants(first) || Wants(second))
            return true;
        Fail(code, e, (ulong)(first < 0 ? second : first));
        return false;
    }

    private bool IsJudged(int gsi, int other) => gsi >= 0 && _shadows.Lines[gsi].IsKnown
        && (other < 0 || _shadows.Lines[other].IsKnown || _shadows.Lines[other].Facts == LineFacts.None);

    private bool Wants(int gsi) => gsi >= 0 && _shadows.Lines[gsi].Wanting != 0;

    protected override string Explain(in LawBreak first) => first.Code == FromPin
        ? $"{LawText.Pin(first.Event)} sent 0x{first.Event.Msi.Data.Vector:x2}, but no device on GSI {first.First} wants anything"
        : $"the 8259 raised INTR for IRQ {first.Event.Irq}, but no device on GSI {first.First} wants anything";

    private struct Requests : IState
    {
        /// <summary>Pins whose last request was right and is not served yet.</summary>
        public PinSet Standing;
    }
}
