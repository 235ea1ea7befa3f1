using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>Something that holds in every history of an interrupt system. A law sees nothing but the events, in the
/// order of the queue, so it judges a recording or a foreign log as it judges a running machine.</summary>
/// <remarks>An observation stands in the queue where its chip changed, and so does an effect: where it was appended, not
/// where its consequences are. So a law that keeps up with the events knows, at a <see cref="EventKind.Deliver"/>, the
/// chip as it was when it decided to send. What a carried-out effect changes is told behind all that was waiting by
/// then.</remarks>
public abstract class Law
{
    private readonly Block<LawBreak> _break;

    /// <summary>Reserves the room for the first break.</summary>
    /// <param name="arena">Where the state of the law goes.</param>
    protected Law(StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        _break = arena.Reserve<LawBreak>(1, (ref LawBreak state, long _) =>
        {
            state = state.Canonical;
            if (NamesSource(state.Code))
                state = state with { First = 0 };
        });
    }

    /// <summary>Its name, by which scenarios and reports call it.</summary>
    public abstract string Name { get; }

    /// <summary>What it says.</summary>
    public abstract string Says { get; }

    /// <summary>Its first break; null while it holds.</summary>
    public LawBreak? Break => _break.Value.Code == 0 ? null : _break.Value;

    /// <summary>The first break in a plain sentence.</summary>
    public string Describe() => Break is { } first ? Explain(first) : $"{Name} holds";

    /// <summary>Whether <see cref="LawBreak.First"/> of a break is the slot of a source: which of a line's it was, is no part of
    /// an identity.</summary>
    private protected virtual bool NamesSource(ulong code) => false;

    /// <summary>Learns what a machine is, as nobody has told of it; the shadows know it already, and what can be told by an
    /// event comes by one.</summary>
    internal virtual void Learn(Fabric machine) { }

    /// <summary>Takes in the next event. Allocates nothing.</summary>
    protected internal abstract void Observe(in Event e);

    /// <summary>Puts a break in words.</summary>
    protected abstract string Explain(in LawBreak first);

    /// <summary>Notes a break; all but the first are dropped.</summary>
    /// <param name="code">In which way the law is broken, 1 upwards.</param>
    /// <param name="e">Where it showed.</param>
    /// <param name="first">For <see cref="Explain"/>.</param>
    /// <param name="second">For <see cref="Explain"/>.</param>
    protected void Fail(ulong code, in Event e, ulong first = 0, ulong second = 0)
    {
        if (_break.Value.Code == 0)
            _break.Value = new LawBreak(code, e, first, second);
    }
}
