namespace Wirq.Traces.Why;

/// <summary>Tells whether anything has happened to raises that wait: for a delivery each, or all in one request of the 8259. If nothing has,
/// they need not be judged again.</summary>
internal sealed class RaiseWatch
{
    /// <summary>Whether something has.</summary>
    public bool Changed { get; set; }

    /// <summary>The request of the 8259 in which the raises without a delivery wait, by its first raise; null if none does.</summary>
    public Raise? Request { get; private set; }

    /// <summary>Begins anew.</summary>
    public void Clear() => (Changed, Request) = (false, null);

    /// <summary>Watches a raise.</summary>
    /// <param name="raise">The raise.</param>
    /// <param name="awaited">The delivery that it waits for.</param>
    /// <returns>False if not all of it can be watched: it joined another raise, its message has no answer yet, or the delivery is watched for
    /// another source.</returns>
    public bool TryWatch(Raise raise, Delivery awaited)
    {
        if (raise.Into is not null || raise.Last is not { Answered: not null } || !awaited.TryWatch(this))
            return false;
        raise.Watch = this;
        return true;
    }

    /// <summary>Watches a raise that waits at the 8259. The request itself is not watched: see <see cref="Request"/>.</summary>
    /// <returns>False if it does not wait there, or in another request than the raises before it.</returns>
    public bool TryWatch(Raise raise)
    {
        Raise request = raise.Into ?? raise;
        if (raise is not { Last: null, IsDropped: false, Lost: false, Joined: false } || request is not { Into: null, WaitsAt: not null }
            || (Request ?? request) != request)
            return false;
        (Request, raise.Watch) = (request, this);
        return true;
    }
}
