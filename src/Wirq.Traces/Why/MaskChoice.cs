namespace Wirq.Traces.Why;

/// <summary>Distinguishes a mask that a guest intends from a mask under which an interrupt is owed.</summary>
/// <remarks>A device that needs service keeps its line asserted. So a line that stays asserted under a mask is owed,
/// and so is an edge that a later unmask shows to be wanted. An edge whose line fell again without service belongs to a
/// clock, or to a device that was polled. The line of the timer (IRQ 0) decides nothing, because it is never served.
/// Such masks are the guest's choice as long as the guest is active; <see cref="Silence"/> decides whether it
/// is.</remarks>
internal sealed class MaskChoice(WhyEngine engine)
{
    private const int TimerIrq = 0;

    /// <summary>Whether a mask holds it.</summary>
    public static bool IsMask(OwedAnswer owed) =>
        owed.Gate is Gate.PicMasked or Gate.CascadeMasked or Gate.EdgeLost or Gate.LvtMasked;

    /// <summary>Whether the guest may intend the mask under which this was lost or waits.</summary>
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
