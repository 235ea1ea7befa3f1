using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>The known facts about the 8259 pair. Each set has one bit for each IRQ, 0 to 15.</summary>
internal struct PicFacts : IState
{
    /// <summary>Whether each pin is high. The first report of any makes all of them known.</summary>
    public FactSet High;
    /// <summary>Pins that are masked.</summary>
    public PinSet Masked;
    /// <summary>Pins that are level-triggered.</summary>
    public PinSet Level;
}

/// <summary>The 8259 pair, reconstructed from the events. Before any event, this shows the reset state; the user has to
/// know whether the stream begins with a reset.</summary>
internal sealed class PicShadow(StateArena arena)
{
    private readonly Block<PicFacts> _facts = arena.Reserve<PicFacts>();

    internal bool IsHigh(int irq) => _facts.Value.High.Has(irq);
    internal bool IsMasked(int irq) => _facts.Value.Masked.Has(irq);
    internal bool IsLevel(int irq) => _facts.Value.Level.Has(irq);

    /// <summary>The pins that are masked.</summary>
    internal PinSet Masked => _facts.Value.Masked;

    /// <summary>Whether the levels of the pins are known.</summary>
    internal bool KnowsPins => !_facts.Value.High.Known.IsEmpty;

    /// <summary>The pins of a machine whose lines lead to them are low unless an event reported otherwise.</summary>
    internal void Learn(Fabric machine)
    {
        if (machine.Pic is not null && !machine.KernelOwns(machine.Gsis.OfIsaIrq(0)))
            LearnPins();
    }

    private void LearnPins()
    {
        for (int irq = 0; irq < GsiMap.IsaIrqs; irq++)
            _facts.Value.High.LearnNo(irq);
    }

    /// <summary>The pair was reset, or was replaced: nothing is known about it.</summary>
    internal void Forget() => _facts.Value = default;

    internal void Observe(in Event e)
    {
        ref PicFacts facts = ref _facts.Value;
        switch (e.Kind)
        {
            // The wires stay as they are.
            case EventKind.MachineReset:
                facts.Masked = facts.Level = default;
                break;
            case EventKind.PicPinChanged when e.Index < GsiMap.IsaIrqs:
                if (!KnowsPins)
                    LearnPins();
                facts.High.Learn(e.Irq, PicPinChanged.Of(e).High);
                break;
            // An initialisation that clears the mask reports that too.
            case EventKind.PicMaskChanged:
                facts.Masked = new PinSet(PicMaskChanged.Of(e).Mask, 0);
                break;
            case EventKind.LogPicShown:
                LogPicShown shown = LogPicShown.Of(e);
                int shift = shown.Unit == 0 ? 0 : PicPair.SlaveFirst;
                facts.Masked = new PinSet(facts.Masked.Low & ~(0xFFul << shift) | (ulong)shown.Mask << shift, 0);
                break;
            case EventKind.PicTriggerChanged:
                facts.Level = new PinSet(PicTriggerChanged.Of(e).Level, 0);
                break;
        }
    }
}
