using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>An invalidation ends what it names, and nothing else.</summary>
/// <remarks>A translation from before an invalidation counts as old once the invalidation is done. Between the
/// beginning and the end of an invalidation, a virq that is unbound must have come from an entry in the
/// range.
/// <para>A kernel reports what it served behind everything that waits by then. So a virq that was unbound when the
/// invalidation was done, and is not bound again, was served before the unbinding. One that was still bound then is not
/// excused by an unbinding that comes later.</para></remarks>
internal sealed class InvalidateIsExact : Law
{
    private const ulong UsedOld = 1, TouchedOther = 2, NeverDone = 3;

    private readonly VirqShadow _shadow;
    private readonly Block<Kept> _virqs;
    private readonly Block<Window> _window;
    private readonly Block<AnyGone> _gone;

    internal InvalidateIsExact(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _shadow = shadow.Virqs;
        _virqs = arena.Reserve<Kept>(_shadow.Count);
        _window = arena.Reserve<Window>();
        _gone = arena.Reserve<AnyGone>();
    }

    public override string Name => nameof(InvalidateIsExact);

    public override string Says =>
        "after an invalidation completes, no delivery uses an old translation, and only entries whose cookie is in range "
        + "were touched";

    internal override void Learn(Fabric machine)
    {
        for (int slot = 0; slot < (machine.RouteCache?.Capacity ?? 0); slot++)
        {
            if (machine.RouteCache!.TryGetTranslation(slot, out RouteCookie cookie))
                _virqs[slot] = new Kept { Cookie = cookie, Known = 1 };
        }
    }

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.RemapInvalidated:
                _window.Value = Window.Of(RemapInvalidation.Of(e));
                break;
            case EventKind.RemapInvalidationDone:
                NoteJudged();
                Complete(e);
                break;
            case EventKind.Rest:
                if (_window.Value.Open != 0)
                    Fail(NeverDone, e, _window.Value.First);
                ForgetGone();
                break;
            default:
                if (e.Unit < _virqs.Count)
                    Follow(e, ref _virqs[e.Unit]);
                break;
        }
    }

    private void Follow(in Event e, ref Kept virq)
    {
        switch (e.Kind)
        {
            case EventKind.VirqTranslated:
                virq = new Kept { Cookie = VirqTranslated.Of(e).Cookie, Known = 1 };
                break;
            case EventKind.VirqRegistered:
                virq = default;
                break;
            // What the kernel served before it unbound the eventfd is reported after this.
            case EventKind.VirqDisposed:
                virq.Gone = 1;
                _gone.Value.Any = 1;
                break;
            case EventKind.VirqServed when virq.Old != 0 && (virq.BoundAtEnd != 0 || _shadow[e.Unit].IsBound) && !_shadow.MayBeFormers(e):
            case EventKind.VirqInjected when virq.Old != 0:
                Fail(UsedOld, e, virq.Cookie.Bits);
                break;
            case EventKind.VirqUnbound when _window.Value.Open != 0 && virq.Known != 0 && !_window.Value.Has(virq.Cookie):
                Fail(TouchedOther, e, virq.Cookie.Bits);
                break;
        }
    }

    private void ForgetGone()
    {
        if (_gone.Value.Any == 0)
            return;
        foreach (ref Kept virq in _virqs.Span)
        {
            if (virq.Gone != 0)
                virq = default;
        }
        _gone.Value = default;
    }

    private void Complete(in Event e)
    {
        var range = Window.Of(RemapInvalidation.Of(e));
        for (int slot = 0; slot < _virqs.Count; slot++)
        {
            ref Kept virq = ref _virqs[slot];
            if (virq.Known != 0 && range.Has(virq.Cookie))
                (virq.Old, virq.BoundAtEnd) = (1, _shadow[slot].IsBound ? (ushort)1 : virq.BoundAtEnd);
        }
        _window.Value = default;
    }

    protected override string Explain(in LawBreak first) => first.Code switch
    {
        UsedOld => $"virq {first.Event.Unit} sent what it had of {new RouteCookie(first.First)}, "
            + "which had been invalidated since",
        TouchedOther => $"virq {first.Event.Unit} was unbound by an invalidation, and it came of "
            + $"{new RouteCookie(first.First)}, which is not in range",
        _ => $"an invalidation of entries from {first.First} on never completed",
    };

    private struct Kept : IState
    {
        public RouteCookie Cookie;
        public ushort Known, Old;
        /// <summary>Whether the kernel could still serve it when the invalidation was done.</summary>
        public ushort BoundAtEnd;
        /// <summary>Whether its virq was disposed of since rest.</summary>
        public ushort Gone;
    }

    private struct AnyGone : IState
    {
        public uint Any;
    }

    private struct Window : IState
    {
        public ulong First, Last;
        public uint Unit, Open;

        public static Window Of(RemapInvalidation its) =>
            new() { Open = 1, Unit = (uint)its.Unit, First = its.First, Last = its.Last };

        public readonly bool Has(RouteCookie cookie) =>
            cookie != RouteCookie.None && cookie.Unit == Unit && (ulong)cookie.Key >= First && (ulong)cookie.Key <= Last;
    }
}
