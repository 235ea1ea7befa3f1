using System.Runtime.InteropServices;
using Wirq.State;

namespace Wirq.Lab.Kernels;

/// <summary>A descriptor, and its eventfd.</summary>
internal struct DescriptorState : IState
{
    /// <summary>The eventfd, plus 1; 0 for a closed descriptor.</summary>
    public int FileAndOne;
    /// <summary>The token that is reported with it while it is polled.</summary>
    public int Token;
    /// <summary>1 while it is polled.</summary>
    public int Watched;
    /// <summary>1 where the poll has it on its list of those to look at: it was woken, and was not yet found
    /// empty.</summary>
    public int Ready;
}

/// <summary>An eventfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EventFdState : IState
{
    /// <summary>What a read would return.</summary>
    public ulong Count;
    /// <summary>How many descriptors stand for it; 0 for a free slot.</summary>
    public int Descriptors;
    /// <summary>1 for EFD_SEMAPHORE.</summary>
    public int Semaphore;
    /// <summary>The virq that it belongs to, as the laboratory says; -1 for none.</summary>
    public int Virq;
    /// <summary>How many irqfds of how many machines use it.</summary>
    public int Bindings;
    /// <summary>How many descriptors of it are polled.</summary>
    public int Watchers;
    public int Reserved;
}

/// <summary>What the poll remembers.</summary>
internal struct PollState : IState
{
    /// <summary>The descriptor that it looks at first: they take turns.</summary>
    public int Next;
    public int Reserved;
}
