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

    /// <summary>Gets each byte that the guest writes to COM1, on a vCPU's thread; null for none.</summary>
    public Action<byte>? Console { get; init; }
}
