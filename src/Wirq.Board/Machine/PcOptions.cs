namespace Wirq.Board.Machine;

/// <summary>How a PC is built around a board.</summary>
public sealed record PcOptions
{
    /// <summary>The board.</summary>
    public BoardOptions Board { get; init; } = new();

    /// <summary>Bytes of memory; see <see cref="Memory.BoardMemory"/> for what is allowed.</summary>
    public ulong MemoryBytes { get; init; } = 256ul << 20;

    /// <summary>The time that its clock shows as it begins, UTC; null for the host's.</summary>
    public DateTime? Start { get; init; }

    /// <summary>Receives what the guest writes to COM1, a byte at a time, on a vCPU's thread; null for none.</summary>
    public Action<byte>? Console { get; init; }
}
