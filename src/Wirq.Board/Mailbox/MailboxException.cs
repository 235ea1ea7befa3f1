using Wirq.Lab.Worlds;

namespace Wirq.Board.Mailbox;

/// <summary>A mailbox guest did not execute its order, or not as a CPU does.</summary>
/// <param name="cpu">The CPU.</param>
/// <param name="order">The order.</param>
/// <param name="what">What happened.</param>
internal sealed class MailboxException(int cpu, string order, string what)
    : WorldException($"cpu{cpu}, told to {order}, {what}")
{
    /// <summary>Which CPU.</summary>
    public int Cpu { get; } = cpu;

    /// <summary>The order.</summary>
    public string Order { get; } = order;
}

/// <summary>The host cannot carry out what a scenario needs.</summary>
/// <param name="what">What it lacks.</param>
internal sealed class HostLacksException(string what) : Exception($"the host lacks {what}")
{
    /// <summary>What it lacks.</summary>
    public string What { get; } = what;
}
