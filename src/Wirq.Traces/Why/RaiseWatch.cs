namespace Wirq.Traces.Why;

/// <summary>Tells whether anything has happened to raises that wait: for a delivery each, or at the 8259. If nothing has, they need not be
/// judged again.</summary>
internal sealed class RaiseWatch
{
    /// <summary>Whether something has.</summary>
    public bool Changed { get; set; }

    /// <summary>A raise that waits at the 8259; null if none does. What holds it there holds all of the source, and is not watched.</summary>
    public Raise? Request { get; private set; }

    /// <summary>Begins anew.</summary>
    public void Clear() => (Changed, Request) = (false, null);

    /// <summary>Watches a raise.</summary>
    /// <param name="raise">The raise.</param>
    /// <param name="awaited">What it waits for.</param>
    /// <returns>False if not all of it can be watched.</returns>
    public bool TryWatch(Raise raise, Awaited awaited)
    {
        bool can = awaited is { Delivery: null, Nothing: false } ? TryRequest(raise)
            // One that joined another ends with that; and the answer to a message may be a refusal.
            : raise is { Into: null, Last.Answered: not null } && (awaited.Delivery is not { } delivery || delivery.TryWatch(this));
        if (can)
            raise.Watch = this;
        return can;
    }

    /// <summary>Whether a raise waits at the 8259 like those before it, itself or in the request of another.</summary>
    private bool TryRequest(Raise raise)
    {
        Raise request = raise.Into ?? raise;
        if (raise is not { Last: null, IsDropped: false, Lost: false, Joined: false } || request is not { Into: null, WaitsAt: not null }
            || request.WaitsAt != (Request ?? request).WaitsAt)
            return false;
        Request ??= request;
        request.Watch = this;
        return true;
    }
}
