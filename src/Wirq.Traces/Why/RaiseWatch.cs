namespace Wirq.Traces.Why;

/// <summary>Tells whether anything has happened to raises that wait for a delivery each. If nothing has, they need not be judged
/// again.</summary>
internal sealed class RaiseWatch
{
    /// <summary>Whether something has.</summary>
    public bool Changed { get; set; }

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
}
