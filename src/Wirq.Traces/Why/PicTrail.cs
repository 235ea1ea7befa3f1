using System.Numerics;
using Wirq.Events;
using Wirq.Events.Shadows;

namespace Wirq.Traces.Why;

/// <summary>The raises of one pin of the 8259 pair, and since when its state is what it is. The state itself is in the
/// shadow of the pair.</summary>
internal sealed class IrqTrail(int irq, RaiseLog log, PicShadow shadow)
{
    private const int MostWaiting = 16;

    private readonly List<Raise> _waiting = [];

    public int Irq { get; } = irq;
    public RaiseLog Log { get; } = log;
    public bool High => shadow.IsHigh(Irq);
    public Raise? Current { get; private set; }
    public Delivery? InService { get; private set; }
    public Mark MaskSince { get; private set; }
    public bool Masked => shadow.IsMasked(Irq);
    /// <summary>Whether a guest ever unmasked it.</summary>
    public bool WasUnmasked { get; private set; }
    public Mark? AckOwed { get; set; }

    /// <summary>The raises that the 8259 has not given to a CPU.</summary>
    public List<Raise> Waiting => _waiting;
    /// <summary>Whether a raise is one of them, or joined one of them.</summary>
    public bool Holds(Raise raise) => (raise.Into ?? raise).WaitsAt == this;

    public void Rise(Raise raise)
    {
        Current = raise;
        raise.MergedEarly = _waiting.Count > 0;
        if (_waiting.Count == MostWaiting)
        {
            // It still waits, with the first.
            _waiting[1].WaitIn(_waiting[0]);
            _waiting.RemoveAt(1);
        }
        _waiting.Add(raise);
        raise.WaitsAt = this;
    }

    private void ForgetWaiting()
    {
        foreach (Raise raise in _waiting)
            raise.WaitsAt = null;
        _waiting.Clear();
    }

    /// <summary>The pin falls.</summary>
    /// <param name="at">The place.</param>
    /// <param name="latched">Whether the request stays latched.</param>
    public void Fall(Mark at, bool latched)
    {
        if (Current is { Fell: null } raise)
            raise.Fell = at;
        if (!latched)
            ForgetWaiting();
    }

    public void Mask(bool masked, Mark at)
    {
        if (masked != Masked)
            MaskSince = at;
        WasUnmasked |= !masked;
    }

    /// <summary>A line shows its mask as it was before the first line.</summary>
    public void Learn(bool masked) => WasUnmasked |= !masked;

    /// <summary>The 8259 gives the IRQ to a CPU.</summary>
    public Delivery Take(byte vector, bool level, Mark at)
    {
        var delivery = new Delivery(-1, vector, level, at) { Source = Log.Source };
        delivery.Take(at);
        var attempt = new Attempt(at) { Answered = at };
        attempt.Add(delivery, merged: false);
        if (_waiting.Count == 0)
            Current?.Add(attempt);
        foreach (Raise raise in _waiting)
            raise.Add(attempt);
        ForgetWaiting();
        InService = delivery;
        return delivery;
    }

    public void End(Mark at)
    {
        InService?.End(at);
        InService = null;
    }

    /// <summary>It goes into service with another one.</summary>
    public void Hold(Delivery delivery) => InService = delivery;

    /// <summary>ICW1: edges that waited are lost.</summary>
    public void Initialise(bool level, Mark at)
    {
        if (level && High)
            return;
        foreach (Raise raise in _waiting)
            raise.Drop(at, Gate.PicInitialised);
        ForgetWaiting();
    }
}

/// <summary>The raises at the 8259 pair.</summary>
internal sealed class PicTrail
{
    private readonly IrqTrail[] _irqs;
    private readonly bool _latchesEdges;
    private readonly PicShadow _shadow;
    private readonly Mark?[] _shown = new Mark?[2];
    private int _initialised;
    // The IRQs that are in service.
    private uint _served;
    private Held _said = Held.Nothing;

    public PicTrail(PicOptions options, PicShadow shadow, Func<int, IrqTrail> make)
    {
        _shadow = shadow;
        _latchesEdges = options.Profile != Profile.Manual;
        _irqs = [.. Enumerable.Range(0, GsiMap.IsaIrqs).Select(make)];
    }

    public IrqTrail[] All => _irqs;
    /// <summary>The IRQ that caused INTR; -1 for none.</summary>
    public int Requested { get; private set; } = -1;
    public Mark RequestedSince { get; private set; }
    /// <summary>The last taken request, whose CPU is not known yet.</summary>
    public Delivery? Given { get; set; }

    /// <summary>Whether ICW1 was written to a chip: 0 for the master, 1 for the slave.</summary>
    public bool WasInitialised(int unit) => (_initialised >> unit & 1) != 0;

    public bool IsLevel(int irq) => _shadow.IsLevel(irq);

    public void Fall(int irq, Mark at) => _irqs[irq].Fall(at, _latchesEdges && !IsLevel(irq));

    public void ChangeMask(ushort mask, Mark at)
    {
        foreach (IrqTrail irq in _irqs)
            irq.Mask((mask >> irq.Irq & 1) != 0, at);
    }

    /// <summary>A line shows the mask of a chip as it was before the first line.</summary>
    public void Learn(LogPicShown shown, Mark at)
    {
        _shown[shown.Unit] = at;
        foreach (IrqTrail irq in _irqs.AsSpan(shown.Unit == 0 ? 0 : PicPair.SlaveFirst, PicPair.SlaveFirst))
            irq.Learn(masked: (shown.Mask >> irq.Irq % PicPair.SlaveFirst & 1) != 0);
    }

    /// <summary>The line that shows the mask of an IRQ, while no line has written it.</summary>
    private Mark? ShownOf(int irq) => _irqs[irq].MaskSince.IsStart ? _shown[irq / PicPair.SlaveFirst] : null;

    /// <summary>The pair gives an IRQ to a CPU.</summary>
    public Delivery Take(IrqTrail irq, byte vector, bool level, Mark at)
    {
        Delivery given = irq.Take(vector, level, at);
        NoteServed(irq);
        return given;
    }

    /// <summary>The master's cascade input goes into service together with the slave's IRQ.</summary>
    public void HoldCascade(Delivery delivery)
    {
        _irqs[GsiMap.CascadeIrq].Hold(delivery);
        NoteServed(_irqs[GsiMap.CascadeIrq]);
    }

    /// <summary>The in-service bit of an IRQ is cleared.</summary>
    public void End(IrqTrail irq, Mark at)
    {
        irq.End(at);
        NoteServed(irq);
    }

    private void NoteServed(IrqTrail irq)
    {
        uint bit = 1u << irq.Irq;
        _served = irq.InService is null ? _served & ~bit : _served | bit;
    }

    public void Request(int irq, Mark at) => (Requested, RequestedSince) = (irq, at);

    public void DropRequest() => Requested = -1;

    public void Initialise(int unit, Mark at)
    {
        _initialised |= unit == 0 ? 1 : 2;
        foreach (IrqTrail irq in _irqs.AsSpan(unit == 0 ? 0 : PicPair.SlaveFirst, PicPair.SlaveFirst))
            irq.Initialise(IsLevel(irq.Irq), at);
    }

    /// <summary>What prevents an IRQ from causing INTR; none if nothing does.</summary>
    public Held GateOf(int irq)
    {
        IrqTrail shadow = _irqs[irq];
        if (shadow.Masked)
            return Say(Gate.PicMasked, shadow.MaskSince, irq, ShownOf(irq));
        if (irq >= PicPair.SlaveFirst && _irqs[GsiMap.CascadeIrq].Masked)
            return Say(Gate.CascadeMasked, _irqs[GsiMap.CascadeIrq].MaskSince, irq, ShownOf(GsiMap.CascadeIrq));
        if (Requested == irq)
            return Held.Nothing;
        // Fully nested mode: the IRQ in service with the highest priority blocks, unless this one has a higher
        // priority.
        IrqTrail? serving = null;
        for (uint served = _served; served != 0; served &= served - 1)
        {
            IrqTrail other = _irqs[BitOperations.TrailingZeroCount(served)];
            if (serving is null || Rank(other.Irq) < Rank(serving.Irq))
                serving = other;
        }
        if (serving?.Irq == GsiMap.CascadeIrq)
            serving = Array.Find(_irqs, static other => other is { Irq: >= PicPair.SlaveFirst, InService: not null }) ?? serving;
        if (serving is not null && (Rank(serving.Irq) <= Rank(irq) || Requested < 0))
            return Say(Gate.PicInService, serving.InService!.Taken ?? default, serving.Irq);
        return Requested >= 0 ? Say(Gate.PicBehind, RequestedSince, Requested) : Held.Nothing;
    }

    /// <summary>The same answer is the same object: it is asked for at each raise, and seldom changes.</summary>
    private Held Say(Gate gate, Mark since, int number, Mark? shown = null)
    {
        if (_said.Gate != gate || _said.Number != number || _said.Since != since || _said.Shown != shown)
            _said = new(gate, since, Number: number) { Shown = shown };
        return _said;
    }

    /// <summary>The priority order of the pair after initialisation: the slave's IRQs have the priority of the
    /// cascade.</summary>
    private static int Rank(int irq) => irq switch
    {
        <= GsiMap.CascadeIrq => irq,
        >= PicPair.SlaveFirst => irq - PicPair.SlaveFirst + GsiMap.CascadeIrq,
        _ => irq + PicPair.SlaveFirst,
    };
}
