using Wirq.Vfio;

namespace Wirq.Linux.VfioUser;

/// <summary>A device behind a socket, as its protocol sees it. What a client passes was checked for its form only.</summary>
internal interface IVfioUserDevice
{
    /// <summary>How many regions it has.</summary>
    int Regions { get; }

    /// <summary>How many IRQ indexes it has.</summary>
    int IrqIndexes { get; }

    /// <summary>The size of a region that exists, in bytes; 0 for none.</summary>
    ulong SizeOf(int region);

    /// <summary>Reads within a region.</summary>
    void Read(int region, ulong offset, Span<byte> bytes);

    /// <summary>Writes within a region.</summary>
    void Write(int region, ulong offset, ReadOnlySpan<byte> bytes);

    /// <returns>0, or a negative error number.</returns>
    int GetIrqInfo(uint index, out int count, out VfioIrqInfoBits flags);

    /// <param name="set">What is asked.</param>
    /// <param name="data">Bytes that follow.</param>
    /// <param name="descriptors">Descriptors that came. Those that the device keeps it replaces by -1.</param>
    /// <returns>0, or a negative error number.</returns>
    int SetIrqs(VfioIrqSet set, ReadOnlySpan<byte> data, Span<int> descriptors);

    /// <summary>A client resets it.</summary>
    void Reset();

    /// <summary>A request was refused.</summary>
    void Refused();
}
