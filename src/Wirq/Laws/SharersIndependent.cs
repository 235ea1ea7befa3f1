using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>A line, and every pin that it drives, is the OR of the line's sources.</summary>
/// <remarks>A change of a line is judged at once, the pins at rest, for the lines that an event changed since the last rest. Two
/// kinds of pins are not judged: pins of chips that never report their pins (chips in a kernel), and pins that two lines
/// drive. Of a line that a PIRQ of Xen has, the I/OAPIC does not see the rise, and the 8259 does not see the fall: it is not
/// judged that they do, until the line changes without the PIRQ.</remarks>
internal sealed class SharersIndependent : Law
{
    private const ulong LineFell = 1, LineRose = 2, LineLow = 3, LineHigh = 4, PinLow = 5, PinHigh = 6, IrqLow = 7, IrqHigh = 8;

    private readonly MachineShadow _shadow;

    private readonly Block<ChipsTold> _told;

    internal SharersIndependent(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _shadow = shadow;
        _told = arena.ReserveDerived<ChipsTold>();
    }

    public override string Name => nameof(SharersIndependent);

    public override string Says => "a line is the OR of its sources: no holder can drop or raise another's";

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.LineChanged when e.Index < (uint)_shadow.Lines.Count:
                LineFact line = _shadow.Lines[e.Gsi];
                if (line.IsSourced)
                    Compare(e, e.Gsi, line.Level.IsYes, LineFell, LineRose);
                break;
            // One source changes while another holds the line.
            case EventKind.SourceRaised when e.Index < (uint)_shadow.Lines.Count && _shadow.Lines[e.Gsi].Raised > 1:
            case EventKind.SourceLowered when e.Index < (uint)_shadow.Lines.Count && _shadow.Lines[e.Gsi].Raised > 0:
                NoteJudged();
                break;
            case EventKind.Rest:
                JudgeTouched(e);
                break;
            case EventKind.MachineReset:
                _shadow.Lines.TouchAll();
                break;
            case EventKind.PinChanged or EventKind.EntryWritten when _shadow.Pins.TryPin(e, out int chip, out int pin):
                (int first, int second) = _shadow.LinesOf(chip, pin);
                Touch(first);
                Touch(second);
                break;
            case EventKind.PicPinChanged when e.Index < GsiMap.IsaIrqs:
                Touch(_shadow.Gsis.OfIsaIrq(e.Irq));
                break;
        }
    }

    private void Touch(int gsi)
    {
        if (gsi >= 0)
            _shadow.Lines.Touch(gsi);
    }

    private void JudgeTouched(in Event e)
    {
        // The first report of any pin of a chip makes all of its pins known.
        int told = _shadow.Pic.KnowsPins ? 1 : 0;
        for (int chip = 0; chip < _shadow.Pins.ChipCount; chip++)
            told += _shadow.Pins.Chip(chip).Asserted.Known.IsEmpty ? 0 : 1;
        if (told != _told.Value.Count)
            _shadow.Lines.TouchAll();
        _told.Value.Count = told;
        for (int gsi; (gsi = _shadow.Lines.TakeTouched()) >= 0;)
        {
            if (_shadow.Lines[gsi].IsKnown)
                Judge(e, gsi);
        }
    }

    private void Judge(in Event e, int gsi)
    {
        Compare(e, gsi, _shadow.Lines[gsi].Level.IsYes, LineLow, LineHigh);
        GsiTarget target = _shadow.TargetOf(gsi);
        if (target.Irq >= 0 && _shadow.Pic.KnowsPins)
            CompareChip(e, gsi, _shadow.Pic.IsHigh(target.Irq), IrqLow, IrqHigh, missed: true);
        if (target.IoApic < 0)
            return;
        ref readonly ChipPins pins = ref _shadow.Pins.Chip(target.IoApic);
        if (!pins.Asserted.Known.IsEmpty && !IsDrivenByTwo(target))
        {
            bool high = pins.Asserted.Has(target.Pin) != _shadow.Pins.IsInverted(target.IoApic, target.Pin);
            CompareChip(e, gsi, high, PinLow, PinHigh, missed: false);
        }
    }

    private bool IsDrivenByTwo(GsiTarget target)
    {
        (int first, int second) = _shadow.LinesOf(target.IoApic, target.Pin);
        return second >= 0 && IsUsed(first) && IsUsed(second);
    }

    private bool IsUsed(int gsi) => !_shadow.Lines[gsi].IsUntouched;

    /// <param name="e">The rest.</param>
    /// <param name="gsi">The line.</param>
    /// <param name="high">What the chip sees.</param>
    /// <param name="low">The break, if it should be high.</param>
    /// <param name="tooHigh">The break, if it should be low.</param>
    /// <param name="missed">What the chip sees if it missed the last change of a line that a PIRQ has.</param>
    private void CompareChip(in Event e, int gsi, bool high, ulong low, ulong tooHigh, bool missed)
    {
        if (high != missed || !_shadow.Pirqs.ChipsMiss(gsi))
            Compare(e, gsi, high, low, tooHigh);
    }

    private void Compare(in Event e, int gsi, bool high, ulong low, ulong tooHigh)
    {
        if (high == (_shadow.Lines[gsi].Raised != 0))
            return;
        if (high)
            Fail(tooHigh, e, 0, (ulong)gsi);
        else
            Fail(low, e, (ulong)_shadow.Lines.HolderOf(gsi), (ulong)gsi);
    }

    /// <summary>How many chips had reported their pins by the last rest; the 8259 pair counts as one.</summary>
    private struct ChipsTold : IState
    {
        public int Count;
    }

    // Any of those that hold a line may be named.
    private protected override bool NamesSource(ulong code) => code is LineFell or LineLow or PinLow or IrqLow;

    protected override string Explain(in LawBreak first)
    {
        string what = $"GSI {first.Second}";
        GsiTarget target = _shadow.TargetOf((int)first.Second);
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
}
