using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>A level interrupt has a device behind it that needs service.</summary>
/// <remarks>
/// A device needs service from the rise of its source to its fall, or to the moment from which it no longer needs it
/// although the fall of its source is not visible. The law judges this where the request is made: at the
/// <see cref="EventKind.Deliver"/>, and where the 8259 raises INTR for it. What happens between the request and the CPU
/// is not an error. So a request that was right stays right until it is served, masked or resampled: it may wait in the
/// 8259 behind a more urgent one, and at the I/OAPIC for a CPU that accepts it or for the storm brake.
/// <para>If INTR was caused by a line that fell in the meantime, the result is the spurious vector. It is a phantom
/// only if the 8259 returns the line's own vector. The 8259s of QEMU and KVM keep some requests without a line; that is
/// in their profiles.</para>
/// <para>Not judged: lines without sources (foreign logs), lines that a source from before the first event may hold,
/// pins that the guest made active low against the wiring, whose level means that there is no request, and IRQs of lines
/// that a PIRQ of Xen has, whose fall the 8259 does not see.</para>
/// </remarks>
internal sealed class NoPhantom : Law
{
    private const ulong FromPin = 1, FromPic = 2, TakenLow = 3;
    private const int CascadeIrq = 2;

    private readonly MachineShadow _shadow;
    private readonly bool _picKeepsRequests;
    private readonly Block<Requests> _standing;
    private readonly Block<PicRequests> _pic;

    internal NoPhantom(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _shadow = shadow;
        _picKeepsRequests = shadow.Options.Pic is { Profile: not Profile.Manual };
        _standing = arena.Reserve<Requests>(Math.Max(1, shadow.Pins.ChipCount));
        _pic = arena.Reserve<PicRequests>();
    }

    public override string Name => nameof(NoPhantom);

    public override string Says =>
        "no line's interrupt is delivered when no source of that line has been asserting since its last ack (an 8259's "
        + "spurious vector, IPIs, timers and messages are not a line's)";

    /// <summary>What a pin asked for while its device wanted it, and is not served yet, was right.</summary>
    internal override void Learn(Fabric machine)
    {
        const PinFlags Asked = PinFlags.InFlight | PinFlags.Refused | PinFlags.RemoteIrr | PinFlags.Braked;
        for (int chip = 0; chip < _shadow.Pins.ChipCount; chip++)
        {
            for (int pin = 0; pin < _shadow.Pins.Options(chip).Pins; pin++)
            {
                (int first, int second) = _shadow.LinesOf(chip, pin);
                if (machine.IoApics[chip].PinState(pin).Has(Asked) && (Wants(first) || Wants(second)))
                    _standing[chip].Standing = _standing[chip].Standing.With(pin);
            }
        }
    }

    protected internal override void Observe(in Event e)
    {
        if (e.Kind == EventKind.MachineReset)
            Reset(ref _pic.Value);
        else if (e.Subsystem == Subsystem.Pic)
            ObservePic(e, ref _pic.Value);
        else if (e.Kind is EventKind.SourceRaised or EventKind.SourceWanted)
            Await(e, ref _pic.Value);
        else if (e.Kind == EventKind.LineChanged && !LineChanged.Of(e).Asserted)
            Release(e);
        else if (_shadow.Pins.TryPin(e, out int chip, out int pin))
            ObservePin(e, chip, pin);
    }

    private void ObservePin(in Event e, int chip, int pin)
    {
        ref PinSet standing = ref _standing[chip].Standing;
        (int first, int second) = _shadow.LinesOf(chip, pin);
        switch (e.Kind)
        {
            case EventKind.Deliver when e.Msi.Data.Level && !_shadow.Pins.IsInverted(chip, pin) && !IsLatched(chip, pin):
                standing = standing.Set(pin, Judge(e, FromPin, first, second, standing.Has(pin)));
                break;
            case EventKind.StormBraked when Wants(first) || Wants(second):
                standing = standing.With(pin);
                break;
            case EventKind.EntryWritten when e.Entry.Masked:
            case EventKind.PinChanged when !PinChanged.Of(e).Asserted:
            case EventKind.RemoteIrrCleared or EventKind.PinAcked or EventKind.PinResampled:
                standing = standing.Without(pin);
                break;
        }
    }

    /// <summary>Whether a request may outlive its line in the profile.</summary>
    private bool IsLatched(int chip, int pin) =>
        _shadow.Pins.Profile(chip).LatchedRequest && !_shadow.Pins.Chip(chip).Asserted.Has(pin);

    private void ObservePic(in Event e, ref PicRequests pic)
    {
        if (e.Kind == EventKind.PicMaskChanged)
        {
            pic.Standing = pic.Standing.Except(_shadow.Pic.Masked);
            AwaitAll(ref pic);
        }
        else if (e.Kind == EventKind.PicInitialised)
            pic.Standing = default;
        else if (e.Index < GsiMap.IsaIrqs && e.Irq != CascadeIrq)
            ObserveIrq(e, ref pic);
    }

    /// <summary>What was asked for before is gone. What holds a pin of the 8259 now, unmasked as it is, asks anew.</summary>
    private void Reset(ref PicRequests pic)
    {
        _standing.Span.Clear();
        pic.Standing = default;
        AwaitAll(ref pic);
    }

    private void AwaitAll(ref PicRequests pic)
    {
        for (int irq = 0; irq < GsiMap.IsaIrqs; irq++)
            Await(irq, ref pic);
    }

    private void ObserveIrq(in Event e, ref PicRequests pic)
    {
        int gsi = _shadow.Gsis.OfIsaIrq(e.Irq);
        switch (e.Kind)
        {
            case EventKind.PicPinChanged:
                pic.Standing = pic.Standing.Without(e.Irq);
                Await(e.Irq, ref pic);
                break;
            case EventKind.PicRequested when PicRequested.Of(e).Level && _shadow.Pic.IsHigh(e.Irq):
                bool right = Judge(e, FromPic, gsi, -1, pic.Standing.Has(e.Irq));
                pic.Standing = pic.Standing.Set(e.Irq, right);
                break;
            case EventKind.PicTaken:
                bool own = PicTaken.Of(e) is { Level: true, Spurious: false };
                if (own && !_shadow.Pic.IsHigh(e.Irq) && !_picKeepsRequests && IsJudged(gsi, -1))
                    Fail(TakenLow, e, (ulong)gsi);
                pic.Standing = pic.Standing.Without(e.Irq);
                break;
            case EventKind.PicAcked or EventKind.PicResampled:
                pic.Standing = pic.Standing.Without(e.Irq);
                break;
        }
    }

    /// <summary>A source rises: if its pin of the 8259 is high and unmasked, its request waits there.</summary>
    private void Await(in Event e, ref PicRequests pic)
    {
        if (e.Index < (uint)_shadow.Lines.Count && _shadow.Gsis[e.Gsi].Irq is var irq and >= 0)
            Await(irq, ref pic);
    }

    /// <summary>A line falls: none of its requests is right any longer, even if a pin does not follow.</summary>
    private void Release(in Event e)
    {
        if (e.Index >= (uint)_shadow.Lines.Count)
            return;
        GsiTarget target = _shadow.TargetOf(e.Gsi);
        if (target.Irq >= 0)
            _pic.Value.Standing = _pic.Value.Standing.Without(target.Irq);
        if (target.IoApic >= 0)
            _standing[target.IoApic].Standing = _standing[target.IoApic].Standing.Without(target.Pin);
    }

    private void Await(int irq, ref PicRequests pic)
    {
        if (_shadow.Pic.IsHigh(irq) && !_shadow.Pic.IsMasked(irq) && Wants(_shadow.Gsis.OfIsaIrq(irq)))
            pic.Standing = pic.Standing.With(irq);
    }

    /// <summary>Judges a request.</summary>
    /// <returns>Whether it was right, or cannot be distinguished from a right one.</returns>
    private bool Judge(in Event e, ulong code, int first, int second, bool stands)
    {
        bool judged = (IsJudged(first, second) || IsJudged(second, first)) && !(code == FromPic && _shadow.Pirqs.ChipsMiss(first));
        if (judged)
            NoteJudged();
        if (!judged || stands || Wants(first) || Wants(second))
            return true;
        Fail(code, e, (ulong)(first < 0 ? second : first));
        return false;
    }

    private bool IsJudged(int gsi, int other) => gsi >= 0 && _shadow.Lines[gsi].IsKnown
        && (other < 0 || _shadow.Lines[other].IsKnown || _shadow.Lines[other].IsUntouched);

    private bool Wants(int gsi) => gsi >= 0 && _shadow.Lines[gsi].Wanting != 0;

    protected override string Explain(in LawBreak first)
    {
        string what = first.Code switch
        {
            FromPin => $"{LawText.Pin(first.Event)} sent 0x{first.Event.Msi.Data.Vector:x2}",
            FromPic => $"the 8259 raised INTR for IRQ {first.Event.Irq}",
            _ => $"the 8259 handed out IRQ {first.Event.Irq}",
        };
        return $"{what}, but no device on GSI {first.First} wants anything";
    }

    private struct Requests : IState
    {
        /// <summary>Pins whose last request was right and is not served yet.</summary>
        public PinSet Standing;
    }

    private struct PicRequests : IState
    {
        /// <summary>Pins whose request was right and is not served yet.</summary>
        public PinSet Standing;
    }
}
