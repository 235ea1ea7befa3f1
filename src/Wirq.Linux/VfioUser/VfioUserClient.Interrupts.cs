using System.Runtime.CompilerServices;
using Wirq.Routing;
using Wirq.Vfio;

namespace Wirq.Linux.VfioUser;

/// <content>Interrupts.</content>
public sealed partial class VfioUserClient
{
    /// <summary>What an IRQ index can do.</summary>
    /// <returns>How many vectors it has, and what it can.</returns>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public (int Count, VfioIrqInfoBits Flags) GetIrqInfo(VfioIrqIndex index)
    {
        Interop.VfioIrqInfo info = Read<Interop.VfioIrqInfo>(Call(VfioUserCommand.GetIrqInfo,
            Bytes(new Interop.VfioIrqInfo { ArgumentSize = (uint)Unsafe.SizeOf<Interop.VfioIrqInfo>(), Index = (uint)index })), "an interrupt");
        return ((int)Math.Min(info.Count, int.MaxValue), (VfioIrqInfoBits)info.Flags);
    }

    /// <summary>Sets what vectors signal. The first that are set enable the index.</summary>
    /// <param name="index">The index.</param>
    /// <param name="start">The first vector.</param>
    /// <param name="eventFds">One for each vector; <see cref="EventFd.None"/> for none. They stay the caller's, and may be
    /// closed at once.</param>
    /// <exception cref="VfioUserException">The server refuses, or is gone. Vectors before the one that was refused are set.</exception>
    public void SetTriggers(VfioIrqIndex index, int start, params ReadOnlySpan<EventFd> eventFds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        // A message has a descriptor for each of its vectors, or none at all.
        for (int at = 0; at < eventFds.Length;)
        {
            bool none = eventFds[at] == EventFd.None;
            int count = 1;
            while (at + count < eventFds.Length && (none || count < MostDescriptors) && eventFds[at + count] == EventFd.None == none)
                count++;
            var numbers = new int[none ? 0 : count];
            for (int i = 0; i < numbers.Length; i++)
                numbers[i] = eventFds[at + i].Number;
            Set(VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionTrigger, index, start + at, count, numbers);
            at += count;
        }
    }

    /// <summary>Sets the eventfd that unmasks INTx.</summary>
    /// <exception cref="VfioUserException">The server refuses, as one does that has no such eventfd, or is gone.</exception>
    public void SetUnmask(EventFd eventFd) =>
        Set(VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionUnmask, VfioIrqIndex.Intx, 0, 1, eventFd == EventFd.None ? [] : [eventFd.Number]);

    /// <summary>Masks INTx.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void Mask() => Set(VfioIrqSetBits.DataNone | VfioIrqSetBits.ActionMask, VfioIrqIndex.Intx, 0, 1);

    /// <summary>Unmasks INTx.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void Unmask() => Set(VfioIrqSetBits.DataNone | VfioIrqSetBits.ActionUnmask, VfioIrqIndex.Intx, 0, 1);

    /// <summary>Lets the server signal a vector, as if the function had.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void Trigger(VfioIrqIndex index, int vector) => Set(VfioIrqSetBits.DataNone | VfioIrqSetBits.ActionTrigger, index, vector, 1);

    /// <summary>Disables all vectors of an index.</summary>
    /// <exception cref="VfioUserException">The server refuses, as VFIO does where nothing is enabled, or is gone.</exception>
    public void Disable(VfioIrqIndex index) => Set(VfioIrqSetBits.DataNone | VfioIrqSetBits.ActionTrigger, index, 0, 0);

    private void Set(VfioIrqSetBits flags, VfioIrqIndex index, int start, int count, ReadOnlySpan<int> descriptors = default) =>
        Call(VfioUserCommand.SetIrqs, Bytes(new VfioIrqSet(VfioIrqSet.Size, flags, (uint)index, (uint)start, (uint)count)), descriptors);
}
