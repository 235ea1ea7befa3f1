namespace Wirq.Linux.VfioUser;

/// <summary>Limits of the vfio-user protocol, and those that are offered here.</summary>
internal static class VfioUserLimits
{
    /// <summary>The version of the protocol. A lower minor version is answered with itself.</summary>
    internal const ushort Major = 0, Minor = 1;
    /// <summary>The most descriptors in one message. QEMU takes a server that offers more as malformed.</summary>
    internal const int Descriptors = 16;
    /// <summary>What a side that names no number of descriptors can receive.</summary>
    internal const int DefaultDescriptors = 1;
    /// <summary>The most that a client may say that it receives.</summary>
    internal const int MostDescriptors = 1024;
    /// <summary>The most bytes of one access to a region.</summary>
    internal const int Transfer = 1 << 16;
    /// <summary>What a side that names no size can transfer.</summary>
    internal const int DefaultTransfer = 1 << 20;
    /// <summary>The most windows of DMA at a time.</summary>
    internal const int DmaMaps = 4096;
    /// <summary>The pages of these windows.</summary>
    internal const int PageSize = 4096;
    /// <summary>The longest JSON of capabilities, in bytes.</summary>
    internal const int Capabilities = 1 << 14;
    /// <summary>The most regions, and the most IRQ indexes, that a server may have. A client that is offered more leaves.</summary>
    internal const int Regions = 100, IrqIndexes = 50;
    /// <summary>The longest message, in bytes: a write of a region.</summary>
    internal const int Message = VfioUserHeader.Size + RegionAccess.Size + Transfer;
}
