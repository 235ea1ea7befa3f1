using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>A line, and every pin that it drives, is the OR of the line's sources.</summary>
/// <remarks>A change of a line is judged at once, the pins at rest. Pins of chips that never tell of their pins (chips in
/// a kernel) are not judged, nor is a pin that two lines drive.</remarks>
internal sealed class SharersIndependent : Law
{
    private const ulong LineFell = 1, LineRose = 2, LineLow = 3, LineHigh = 4, PinLow = 5, PinHigh = 6, IrqLow = 7, IrqHigh = 8;

    private readonly Shadows _shadows;
    private readonly Block<PicPins> _pic;

    internal SharersIndependent(Shadows shadows, StateArena arena) : base(arena)
    {
        _shadows = shadows;
        _pic = arena.Reserve<PicPins>();
    }

    public override string Name => nameof(SharersIndependent);

    public override string Says => "a line is the OR of its sources: no holder can drop or raise another's";

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.LineChanged when e.Index < (uint)_shadows.Lines.Count:
                LineFact line = _shadows.Lines[e.Gsi];
                if ((line.Facts & LineFacts.Sourced) != 0)
                    Compare(e, e.Gsi, line.IsHigh, LineFell, LineRose);
                break;
            case EventKind.PicPinChanged when e.Index < GsiMap.IsaIrqs:
                _pic.Value.High = _pic.Value.High.Set(e.Irq, PicPinChanged.Of(e).High);
                _pic.Value.Told = 1;
                break;
            case EventKind.Rest:
                for (int gsi = 0; gsi < _shadows.Lines.Count; gsi++)
                {
                    if (_shadows.Lines[gsi].IsKnown)
                        Judge(e, gsi);
                }
                break;
        }
    }

    private void Judge(in Event e, int gsi)
    {
        Compare(e, gsi, _shadows.Lines[gsi].IsHigh, LineLow, LineHigh);
        GsiTarget target = _shadows.TargetOf(gsi);
        if (target.Irq >= 0 && _pic.Value.Told != 0)
            Compare(e, gsi, _pic.Value.High.Has(target.Irq), IrqLow, IrqHigh);
        if (target.IoApic < 0)
            return;
        ref readonly ChipPins pins = ref _shadows.Pins.Chip(target.IoApic);
        if (!pins.Told.IsEmpty && !IsDrivenByTwo(target))
        {
            bool high = pins.Asserted.Has(target.Pin) != _shadows.Pins.IsInverted(target.IoApic, target.Pin);
            Compare(e, gsi, high, PinLow, PinHigh);
        }
    }

    private bool IsDrivenByTwo(GsiTarget target)
    {
        (int first, int second) = _shadows.LinesOf(target.IoApic, target.Pin);
        return second >= 0 && IsUsed(first) && IsUsed(second);
    }

    private bool IsUsed(int gsi) => _shadows.Lines[gsi].Facts != LineFacts.None;

    private void Compare(in Event e, int gsi, bool high, ulong low, ulong tooHigh)
    {
        if (high == (_shadows.Lines[gsi].Raised != 0))
            return;
        if (high)
            Fail(tooHigh, e, 0, (ulong)gsi);
        else
            Fail(low, e, (ulong)_shadows.Lines.HolderOf(gsi), (ulong)gsi);
    }

    // Any of those that hold a line may be named.
    private protected override bool NamesSource(ulong code) => code is LineFell or LineLow or PinLow or IrqLow;

    internal override void Learn(Fabric machine)
    {
        // No pin of the pair is driven but by a line.
        bool driven = machine.Pic is not null && !machine.KernelOwns(machine.Gsis.OfIsaIrq(0));
        _pic.Value.Told = driven ? 1u : 0;
    }

    protected override string Explain(in LawBreak first)
    {
        string what = $"GSI {first.Second}";
        GsiTarget target = _shadows.TargetOf((int)first.Second);
        string pin = $"{EventText.Pin(target.IoApic, target.Pin)} is", irq = $"IRQ {target.Irq} of the 8259 is";
        string held = $", though source {first.First} holds {what}", free = $", though no source of {what} asserts";
        return first.Code switch
        {
            LineFell => $"{what} fell, though source {first.First} holds it",
            LineRose => $"{what} rose, though none of its sources asserts",
            LineLow => $"{what} is low at rest, though source {first.First} holds it",
            LineHigh => $"{what} is high at rest, though none of its sources asserts",
            PinLow => $"{pin} low at rest{held}",
            PinHigh => $"{pin} high at rest{free}",
            IrqLow => $"{irq} low at rest{held}",
            _ => $"{irq} high at rest{free}",
        };
    }

    private struct PicPins : IState
    {
        public PinSet High;
        public ulong Told;
    }
}
