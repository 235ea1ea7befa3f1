namespace Wirq.Linux.VfioUser;

/// <summary>The registers of a function, in a BAR. Accesses come from the thread that serves the socket; what the client
/// passes stays within the BAR, and may be anything otherwise.</summary>
public interface IPciRegisters
{
    /// <summary>Bytes of the BAR: a power of two, 4096 or more.</summary>
    uint Size { get; }

    /// <summary>Reads from an offset on. The bytes are zero before.</summary>
    void Read(uint offset, Span<byte> bytes);

    /// <summary>Writes from an offset on.</summary>
    void Write(uint offset, ReadOnlySpan<byte> bytes);

    /// <summary>The function is reset.</summary>
    void Reset();
}
