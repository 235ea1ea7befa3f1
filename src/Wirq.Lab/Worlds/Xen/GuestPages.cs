using Wirq.Lab.Scenarios;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Lab.Worlds;

/// <summary>The pages that the domains of a world share with their hypervisor: of each domain the shared-info page, then
/// its frames. They are copied on write.</summary>
internal sealed class GuestPages : IXenPages
{
    private readonly Dictionary<ushort, (int First, int Frames)> _places = [];

    internal GuestPages(IReadOnlyList<XenDomainSpec> domains, StateArena arena)
    {
        int pages = 0;
        foreach (XenDomainSpec domain in domains)
        {
            _places[domain.Options.Id] = (pages, domain.Frames);
            pages += 1 + domain.Frames;
        }
        Memory = new GuestMemory(arena, pages * IXenPages.PageSize);
    }

    internal GuestMemory Memory { get; }

    public Span<byte> SharedInfo(ushort domain) => Memory.PageToChange(_places[domain].First);

    public Span<byte> Page(ushort domain, ulong frame) =>
        _places[domain] is var place && frame < (ulong)place.Frames ? Memory.PageToChange(place.First + 1 + (int)frame) : [];
}
