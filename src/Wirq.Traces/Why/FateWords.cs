namespace Wirq.Traces.Why;

/// <summary>The words for a fate after a count.</summary>
internal static class FateWords
{
    /// <summary>The words for a number of raises with this fate.</summary>
    public static string Of(Fate fate) => fate switch
    {
        Fate.Ended => "delivered, taken and ended",
        Fate.Signalled => "delivered",
        Fate.Merged => "merged into a pending one",
        Fate.Joined => "came to an asserted line",
        Fate.Withdrawn => "withdrawn before delivery",
        Fate.Lost => "lost",
        Fate.Refused => "refused",
        Fate.Dropped => "lost in a reset",
        Fate.Sent => "sent, and what became of them not told",
        Fate.Held => "held",
        Fate.NotKnown => "raised, and what became of them not known",
        Fate.Pending => "accepted and not taken",
        _ => "in service",
    };
}
