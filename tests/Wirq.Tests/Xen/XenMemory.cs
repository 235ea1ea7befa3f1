using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>A shared-info page and a few pages for each domain.</summary>
internal sealed class XenMemory : IXenPages
{
    internal const int Frames = 64;
    private readonly byte[][] _pages;

    /// <summary>A frame that no domain has; -1 for none.</summary>
    internal int Missing { get; set; } = -1;

    internal XenMemory(int domains)
    {
        // Pinned, so that it is aligned to 8 bytes for good.
        _pages = [.. Enumerable.Range(0, domains).Select(_ => GC.AllocateArray<byte>((Frames + 1) * IXenPages.PageSize, pinned: true))];
    }

    internal byte[][] Pages => _pages;

    public Span<byte> SharedInfo(ushort domain) => _pages[domain].AsSpan(Frames * IXenPages.PageSize, IXenPages.PageSize);

    public Span<byte> Page(ushort domain, ulong frame) =>
        frame < Frames && (int)frame != Missing ? _pages[domain].AsSpan((int)frame * IXenPages.PageSize, IXenPages.PageSize) : [];

    /// <summary>All pages of a domain but its shared-info page.</summary>
    internal Span<byte> AllPages(ushort domain) => _pages[domain].AsSpan(0, Frames * IXenPages.PageSize);
}
