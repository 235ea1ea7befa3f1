namespace Wirq.Traces.Why;

/// <summary>Tells a mask that a guest means from one under which an interrupt is owed.</summary>
/// <remarks>A device that wants to be served keeps its line up, so a line that stands under a mask is owed, and so is an
/// edge that a later unmask shows to be wanted. An edge whose line fell again by itself is a clock's, or of a device that
/// was served by polling; the line of the timer (IRQ 0) says nothing at all, for nobody serves it. Those are as the guest
/// wants them while it works on; whether it does, <see cref="Silence"/> says.</remarks>
internal sealed class MaskChoice(WhyEngine engine)
{
    private const int TimerIrq = 0;

    /// <summary>Whether a mask holds it.</summary>
    public static bool IsMask(OwedAnswer owed) =>
        owed.Gate is Gate.PicMasked or Gate.CascadeMasked or Gate.EdgeLost or Gate.LvtMasked;

    /// <summary>Whether the guest may mean the mask under which this was lost or waits.</summary>
    public bool IsChoice(OwedAnswer owed)
    {
        if (!IsMask(owed))
            return false;
        bool timer = engine.GsiOf(owed.Source) == engine.Gsis.OfIsaIrq(TimerIrq);
        return owed.Source.Class switch
        {
            SourceClass.Pin when engine.PinAt(owed.Source.Unit, owed.Source.Index) is { } pin =>
                pin.Entry.Masked && (timer || !pin.Asserted),
            SourceClass.Irq => timer || !engine.PicTrail!.All[owed.Source.Index].High,
            _ => true,
        };
    }
}
