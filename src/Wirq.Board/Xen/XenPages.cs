using Wirq.Board.Memory;
using Wirq.Linux;
using Wirq.Xen;

namespace Wirq.Board.Xen;

/// <summary>The pages that the guest of a board shares with its hypervisor: its RAM, and the shared-info page.</summary>
/// <remarks>Until the guest maps the shared-info page, it is a page of the host's. From then on it is the page of RAM
/// that the guest chose. In Xen the page that was there before is gone; here it becomes the shared-info page. If the
/// guest maps it again, the former place keeps its bytes.</remarks>
internal sealed class XenPages(BoardMemory memory) : IXenPages, IDisposable
{
    private readonly Mapping _unmapped = Mapping.Anonymous(IXenPages.PageSize);
    private ulong? _sharedInfo;

    public Span<byte> SharedInfo(ushort domain) => _sharedInfo is { } frame ? Page(domain, frame) : _unmapped.AsSpan();

    public Span<byte> Page(ushort domain, ulong frame) =>
        // A frame whose address does not fit is beyond memory.
        frame <= ulong.MaxValue / IXenPages.PageSize && memory.TryAsSpan(frame * IXenPages.PageSize, IXenPages.PageSize, out Span<byte> page)
            ? page : [];

    /// <summary>The guest maps its shared-info page.</summary>
    /// <param name="domain">The guest.</param>
    /// <param name="frame">Where; a page of RAM.</param>
    internal void MoveSharedInfo(ushort domain, ulong frame)
    {
        SharedInfo(domain).CopyTo(Page(domain, frame));
        _sharedInfo = frame;
    }

    public void Dispose() => _unmapped.Dispose();
}
