using Wirq.Board.Devices;
using Wirq.Board.Devices.Pci;

namespace Wirq.Board.Machine;

/// <summary>How a PC is built.</summary>
public sealed record PcOptions
{
    /// <summary>The board.</summary>
    public BoardOptions Board { get; init; } = new();

    /// <summary>Bytes of memory; for the allowed values see <see cref="Memory.BoardMemory"/>.</summary>
    public ulong MemoryBytes { get; init; } = 256ul << 20;

    /// <summary>The time that its clock shows at the start, UTC; null for the host's time.</summary>
    public DateTime? Start { get; init; }

    /// <summary>Gets each byte that the guest writes to COM1, or to Xen's console if it has none of its own, on a vCPU's
    /// thread; null for none.</summary>
    public Action<byte>? Console { get; init; }

    /// <summary>What lies between COM1 and its interrupt line.</summary>
    public SerialWiring SerialWiring { get; init; }

    /// <summary>The content of a virtio disk; empty for no disk. What the guest writes to it stays in memory.</summary>
    public ReadOnlyMemory<byte> Disk { get; init; }

    /// <summary>Whether there is a virtio source of random bytes.</summary>
    public bool Entropy { get; init; }

    /// <summary>The level device: a PCI function that raises INTA# for events of its own, as many as its driver orders; <see
    /// cref="LevelDeviceKind.None"/> for none.</summary>
    public LevelDeviceKind LevelDevice { get; init; }

    /// <summary>Called when the guest writes the port that marks its counts (0xF8), with the low byte that it wrote, on a vCPU's
    /// thread; null for none.</summary>
    public Action<byte>? Marked { get; init; }

    /// <summary>Called before a virtio device writes the eventfd of a vector, with its bus, device and function, and the vector;
    /// on the thread of the device; null for none.</summary>
    public Action<ushort, int>? Sending { get; init; }

    /// <summary>Whether the prefix by which images of Xen's test framework ask to have an instruction emulated (UD2, then
    /// "xen") is accepted. It is replaced by a no-op when the image is loaded: the CPU executes the instruction.</summary>
    public bool ForcedEmulation { get; init; }
}
