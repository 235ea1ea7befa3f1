using Wirq.Board.Bus;

namespace Wirq.Board.Devices.Pci;

/// <summary>BAR0 of a function: memory that the guest maps, moves and switches off. Its function calls it under a lock.</summary>
/// <param name="bus">The bus on which it is mapped.</param>
/// <param name="device">What answers there.</param>
/// <param name="bytes">Its size, a power of 2.</param>
internal sealed class PciBar(DeviceBus bus, IMemoryDevice device, uint bytes)
{
    private ulong? _mappedAt;

    /// <summary>Maps it where the guest has put it, if the guest has switched memory on (PCI Local Bus 3.0, 6.2.2, bit 1).</summary>
    internal void Follow(ConfigurationSpace space)
    {
        ulong? wanted = space.CommandStatus.HasMemory ? space[PciHeader.BaseAddress0] : null;
        if (wanted == _mappedAt)
            return;
        Unmap();
        if (wanted is { } address)
            bus.MapMemory(address, bytes, device);
        _mappedAt = wanted;
    }

    /// <summary>Leaves the bus, at the end.</summary>
    internal void Unmap() => bus.Unmap(device);
}
