using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>What the events told of the 8259 pair. Each set has one bit for each IRQ, 0 to 15.</summary>
internal struct PicFacts : IState
{
    /// <summary>Pins that are high.</summary>
    public PinSet High;
    /// <summary>Pins that are masked.</summary>
    public PinSet Masked;
    /// <summary>Pins that are level-triggered.</summary>
    public PinSet Level;
    /// <summary>Whether any pin was told of; else nothing is known of them.</summary>
    public ulong Told;
}

/// <summary>The 8259 pair as the events tell of it. Of a pair that nothing was told of, the reset state stands here, and
/// whoever asks has to know whether the stream begins with a reset.</summary>
internal sealed class PicShadow(StateArena arena)
{
    private readonly Block<PicFacts> _facts = arena.Reserve<PicFacts>();

    internal bool IsHigh(int irq) => _facts.Value.High.Has(irq);
    internal bool IsMasked(int irq) => _facts.Value.Masked.Has(irq);
    internal bool IsLevel(int irq) => _facts.Value.Level.Has(irq);

    /// <summary>The pins that are masked.</summary>
    internal PinSet Masked => _facts.Value.Masked;

    /// <summary>Whether the levels of the pins are known.</summary>
    internal bool KnowsPins => _facts.Value.Told != 0;

    /// <summary>The pins of a machine whose lines lead to them are low, until they are told of.</summary>
    internal void Learn(Fabric machine)
    {
        if (machine.Pic is not null && !machine.KernelOwns(machine.Gsis.OfIsaIrq(0)))
            _facts.Value.Told = 1;
    }

    /// <summary>The pair was reset, or is another: nothing was told of it yet.</summary>
    internal void Forget() => _facts.Value = default;

    internal void Observe(in Event e)
    {
        ref PicFacts facts = ref _facts.Value;
        switch (e.Kind)
        {
            case EventKind.PicPinChanged when e.Index < GsiMap.IsaIrqs:
                facts.High = facts.High.Set(e.Irq, PicPinChanged.Of(e).High);
                facts.Told = 1;
                break;
            // An initialisation that clears the mask tells of that, too.
            case EventKind.PicMaskChanged:
                facts.Masked = new PinSet(PicMaskChanged.Of(e).Mask, 0);
                break;
            case EventKind.PicTriggerChanged:
                facts.Level = new PinSet(PicTriggerChanged.Of(e).Level, 0);
                break;
        }
    }
}
