using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <content>Guest memory.</content>
public sealed partial class KvmVm
{
    private const int Page = 4096;

    private readonly Dictionary<int, Mapping> _memory = [];

    /// <summary>Lets the guest see a mapping as memory (KVM_SET_USER_MEMORY_REGION). The machine keeps it mapped until
    /// it is unmapped here, or the machine is disposed.</summary>
    /// <param name="slot">Which of the machine's ranges; one that is in use is replaced.</param>
    /// <param name="guestAddress">Where the guest sees it; a multiple of 4096.</param>
    /// <param name="memory">The memory.</param>
    /// <param name="readOnly">Whether the guest's writes exit instead.</param>
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

    /// <summary>Takes a range away; nothing happens where there is none.</summary>
    /// <param name="slot">Which.</param>
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
