using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>A sentence that holds in every history of an interrupt system. A law sees only the events, in the order of
/// the queue, so it judges a recording or a foreign log in the same way as a running machine.</summary>
/// <remarks>An observation is in the queue at the point where its chip changed. An effect is at the point where it was
/// appended, not where its consequences are. So at a <see cref="EventKind.Deliver"/>, a law knows the chip as it was
/// when the chip decided to send. The changes of a carried-out effect are reported after everything that was waiting by
/// then.</remarks>
public abstract class Law
{
    private readonly Block<LawBreak> _break;

    /// <summary>Reserves the room for the first break.</summary>
    /// <param name="arena">Where the state of the law goes.</param>
    protected Law(StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        _break = arena.Reserve<LawBreak>(1, (copy, _) =>
        {
            // Mostly no law is broken.
            if (!MemoryMarshal.AsBytes(copy).ContainsAnyExcept((byte)0))
                return;
            ref LawBreak state = ref copy[0];
            state = state.Canonical;
            if (NamesSource(state.Code))
                state = state with { First = 0 };
        });
    }

    /// <summary>Its name in scenarios and reports.</summary>
    public abstract string Name { get; }

    /// <summary>Its sentence.</summary>
    public abstract string Says { get; }

    /// <summary>Its first break; null while it holds.</summary>
    public LawBreak? Break => _break.Value.Code == 0 ? null : _break.Value;

    internal bool IsBroken => _break.Value.Code != 0;

    /// <summary>How often it judged something that it could have found broken. A law that never did proves nothing by holding.
    /// This is not part of the state: a fork counts from 0.</summary>
    public long Judgements { get; private set; }

    /// <summary>The first break in a plain sentence.</summary>
    public string Describe() => Break is { } first ? Explain(first) : $"{Name} holds";

    /// <summary>Whether <see cref="LawBreak.First"/> of a break is the slot of a source. Which of a line's sources it
    /// was is not part of an identity.</summary>
    private protected virtual bool NamesSource(ulong code) => false;

    /// <summary>Learns the state of a machine for which there were no events. The shadows have learned it already, and
    /// what an event can report comes as an event.</summary>
    internal virtual void Learn(Fabric machine) { }

    /// <summary>Processes the next event. Allocates nothing.</summary>
    protected internal abstract void Observe(in Event e);

    /// <summary>Describes a break.</summary>
    protected abstract string Explain(in LawBreak first);

    /// <summary>Counts that it judged what its sentence is about.</summary>
    protected void NoteJudged() => Judgements++;

    /// <summary>Records a break; all but the first are dropped.</summary>
    /// <param name="code">The way in which the law is broken, from 1.</param>
    /// <param name="e">The event where it showed.</param>
    /// <param name="first">For <see cref="Explain"/>.</param>
    /// <param name="second">For <see cref="Explain"/>.</param>
    protected void Fail(ulong code, in Event e, ulong first = 0, ulong second = 0)
    {
        if (_break.Value.Code == 0)
            _break.Value = new LawBreak(code, e, first, second);
    }
}
