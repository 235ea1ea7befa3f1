using Wirq.Lab.Worlds;

namespace Wirq.Board.Mailbox;

/// <summary>A mailbox guest did not do what it was told, or what a CPU does.</summary>
/// <param name="cpu">Which CPU.</param>
/// <param name="order">What it was told.</param>
/// <param name="what">What came of it.</param>
internal sealed class MailboxException(int cpu, string order, string what)
    : WorldException($"cpu{cpu}, told to {order}, {what}")
{
    /// <summary>Which CPU.</summary>
    public int Cpu { get; } = cpu;

    /// <summary>What it was told.</summary>
    public string Order { get; } = order;
}

/// <summary>The host cannot carry out what a scenario asks for, whatever it does.</summary>
/// <param name="what">What it lacks.</param>
internal sealed class HostLacksException(string what) : Exception($"the host lacks {what}")
{
    /// <summary>What it lacks.</summary>
    public string What { get; } = what;
}
