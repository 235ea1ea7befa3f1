using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <content>Guest memory.</content>
public sealed partial class KvmVm
{
    private const int Page = 4096;

    private readonly Dictionary<int, Mapping> _memory = [];

    /// <summary>Maps memory into the guest (KVM_SET_USER_MEMORY_REGION). The machine keeps the mapping alive until it
    /// is unmapped here, or the machine is disposed.</summary>
    /// <param name="slot">The number of the range; a range that exists is replaced.</param>
    /// <param name="guestAddress">Guest-physical address; a multiple of 4096.</param>
    /// <param name="memory">The memory.</param>
    /// <param name="readOnly">Whether the guest's writes exit instead of changing the memory.</param>
    /// <exception cref="KernelException">The range overlaps another, or the slot is too high.</exception>
    public void MapMemory(int slot, ulong guestAddress, Mapping memory, bool readOnly = false)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        UnmapMemory(slot);
        bool held = false;
        memory.DangerousAddRef(ref held);
        try
        {
            var region = new MemoryRegion
            {
                Slot = slot,
                Flags = readOnly ? MemoryRegion.ReadOnly : 0,
                GuestAddress = guestAddress,
                Length = memory.Length,
                HostAddress = (ulong)memory.Address,
            };
            KvmCalls.SetUserMemoryRegion.Invoke(_descriptor, ref region, advice:
                $"slot {slot} is too high, or 0x{guestAddress:x} and {memory.Length} bytes overlap another slot or are no "
                + $"multiples of {Page}");
            _memory.Add(slot, memory);
        }
        catch
        {
            memory.DangerousRelease();
            throw;
        }
    }

    /// <summary>Removes a range. If there is none, the call has no effect.</summary>
    /// <param name="slot">The number of the range.</param>
    public void UnmapMemory(int slot)
    {
        if (!_memory.Remove(slot, out Mapping? memory))
            return;
        var region = new MemoryRegion { Slot = slot };
        KvmCalls.SetUserMemoryRegion.Invoke(_descriptor, ref region);
        memory.DangerousRelease();
    }

    private void ReleaseMemory()
    {
        foreach (Mapping memory in _memory.Values)
            memory.DangerousRelease();
        _memory.Clear();
    }
}
