namespace Wirq.Xen;

/// <summary>Where the words of the 2-level ABI are, and how wide.</summary>
internal interface ISharedInfoLayout
{
    /// <summary>Bits of a word.</summary>
    static abstract int WordBits { get; }

    /// <summary>Offset of the pending bits in the shared-info page.</summary>
    static abstract int Pending { get; }

    /// <summary>Offset of the mask bits in the shared-info page.</summary>
    static abstract int Mask { get; }

    /// <summary>Offset of the selector in a vcpu_info: a bit for each word of pending bits.</summary>
    static abstract int Selector { get; }
}

/// <summary>The layout of a guest whose words have 32 bits.</summary>
internal readonly struct Layout32 : ISharedInfoLayout
{
    public static int WordBits => 32;
    public static int Pending => VcpuInfo.LegacyCount * VcpuInfo.Size;
    public static int Mask => Pending + TwoLevel.BytesOf(WordBits);
    public static int Selector => 4;
}

/// <summary>The layout of a guest whose words have 64 bits.</summary>
internal readonly struct Layout64 : ISharedInfoLayout
{
    public static int WordBits => 64;
    public static int Pending => VcpuInfo.LegacyCount * VcpuInfo.Size;
    public static int Mask => Pending + TwoLevel.BytesOf(WordBits);
    public static int Selector => 8;
}

/// <summary>What both layouts of a vcpu_info share.</summary>
internal static class VcpuInfo
{
    /// <summary>Its bytes.</summary>
    internal const int Size = 64;
    /// <summary>How many the shared-info page has.</summary>
    internal const int LegacyCount = 32;
    /// <summary>Offset of <c>evtchn_upcall_pending</c>, a byte.</summary>
    internal const int UpcallPending = 0;
    /// <summary>Offset of <c>evtchn_upcall_mask</c>, a byte. It means nothing to an HVM domain.</summary>
    internal const int UpcallMask = 1;
}
