using Wirq.State;

namespace Wirq.Laws;

/// <summary>How many of the first slots any event has named. A judge looks at no more slots at each rest, because a
/// machine has room for many more virqs and sources than it uses. There is nothing to judge in the other slots, so this
/// is not part of an identity.</summary>
internal struct SlotsSeen : IState
{
    internal int Count;

    /// <summary>An event names a slot.</summary>
    internal void See(int slot) => Count = Math.Max(Count, slot + 1);
}
