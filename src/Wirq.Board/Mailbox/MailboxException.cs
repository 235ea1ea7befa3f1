using Wirq.Lab.Worlds;

namespace Wirq.Board.Mailbox;

/// <summary>A mailbox guest did not execute its order, or did not execute it correctly.</summary>
/// <param name="cpu">The CPU.</param>
/// <param name="order">The order.</param>
/// <param name="what">What happened.</param>
internal sealed class MailboxException(int cpu, string order, string what)
    : WorldException($"cpu{cpu}, told to {order}, {what}")
{
    /// <summary>The CPU.</summary>
    public int Cpu { get; } = cpu;

    /// <summary>The order.</summary>
    public string Order { get; } = order;
}

/// <summary>The host cannot carry out what a scenario needs.</summary>
/// <param name="what">The missing feature.</param>
internal sealed class HostLacksException(string what) : Exception($"the host lacks {what}")
{
    /// <summary>The missing feature.</summary>
    public string What { get; } = what;
}
