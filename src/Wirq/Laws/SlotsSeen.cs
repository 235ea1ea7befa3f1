using Wirq.State;

namespace Wirq.Laws;

/// <summary>How many of the first slots were ever spoken of: a judge at each rest looks at no more, for a machine has room
/// for many more virqs and sources than it has. Behind them there is nothing to judge, so it is no part of an
/// identity.</summary>
internal struct SlotsSeen : IState
{
    internal int Count;

    /// <summary>A slot is spoken of.</summary>
    internal void See(int slot) => Count = Math.Max(Count, slot + 1);
}
