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
    /// <summary>1 if it is on the poll's list: it was woken, and was not found empty since.</summary>
    public int Ready;
}

/// <summary>An eventfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EventFdState : IState
{
    /// <summary>The count.</summary>
    public ulong Count;
    /// <summary>The number of its descriptors; 0 for a free slot.</summary>
    public int Descriptors;
    /// <summary>1 for EFD_SEMAPHORE.</summary>
    public int Semaphore;
    /// <summary>The virq that it belongs to, as the laboratory set it; -1 for none.</summary>
    public int Virq;
    /// <summary>The number of irqfds, of all machines, that use it.</summary>
    public int Bindings;
    /// <summary>The number of its descriptors that are polled.</summary>
    public int Watchers;
    public int Reserved;
}

/// <summary>The state of the poll.</summary>
internal struct PollState : IState
{
    /// <summary>The descriptor that it checks first, so that descriptors take turns.</summary>
    public int Next;
    public int Reserved;
}
