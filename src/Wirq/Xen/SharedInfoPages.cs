namespace Wirq.Xen;

/// <summary>A shared-info page for each domain, and no other memory: what a machine has until its owner gives it
/// guests.</summary>
internal sealed class SharedInfoPages : IXenPages
{
    private readonly Dictionary<ushort, byte[]> _pages = [];

    public Span<byte> SharedInfo(ushort domain)
    {
        if (!_pages.TryGetValue(domain, out byte[]? page))
            _pages[domain] = page = GC.AllocateArray<byte>(IXenPages.PageSize, pinned: true);
        return page;
    }

    public Span<byte> Page(ushort domain, ulong frame) => [];
}
