using Wirq.Events;
using Wirq.State;

namespace Wirq.Xen;

/// <summary>The event channels of a Xen hypervisor: the ports of all its domains, what connects them, and how their
/// vCPUs hear of events.</summary>
/// <remarks>
/// Pure and synchronous: it has no thread, clock or callback. An input changes state and guest words, and appends effects
/// to <see cref="Events"/>: <see cref="XenUpcall"/>, <see cref="XenPollerWoken"/>, <see cref="XenConsumerTold"/>. Its
/// owner takes them, in order. Not thread-safe; guests may run and change their pages meanwhile.
/// <para>All state lies in a <see cref="StateArena"/>, apart from guest words, which are the guest's memory. What a
/// guest passes may be anything: it gets Xen's answer, never an exception.</para>
/// </remarks>
public sealed partial class EventChannels
{
    private readonly XenDomain[] _domains;
    // Places in the list of domains, by id; -1 for none.
    private readonly short[] _places;
    private readonly Block<VirqHandler> _handlers;
    private readonly (int Start, int Count) _region;

    /// <summary>Makes domains without ports.</summary>
    /// <param name="options">The domains.</param>
    /// <param name="pages">Their memory.</param>
    /// <param name="arena">Where the state goes; null for an arena of its own.</param>
    /// <exception cref="OptionException">The options are invalid. Nothing was built.</exception>
    public EventChannels(EventChannelOptions options, IXenPages pages, StateArena? arena = null)
        : this(options, pages, arena, new EventBuffer())
    {
    }

    /// <summary>As the other, with the queue of a machine.</summary>
    internal EventChannels(EventChannelOptions options, IXenPages pages, StateArena? arena, EventBuffer events)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(pages);
        options.Validate();
        Options = options;
        (Pages, Events) = (pages, events);
        Arena = arena ?? new StateArena();
        int start = Arena.Count;
        _domains = [.. options.Domains.Select((domain, index) => new XenDomain(index, domain, pages, Events, Arena))];
        _places = new short[options.Domains.Max(domain => domain.Id) + 1];
        Array.Fill(_places, (short)-1);
        foreach (XenDomain domain in _domains)
            _places[domain.Id] = (short)domain.Index;
        _handlers = Arena.Reserve<VirqHandler>(VirtualInterrupt.Count);
        // Xen gives the global ones to its hardware domain, which is domain 0.
        foreach (ref VirqHandler handler in _handlers.Span)
            handler.Domain = _places[0];
        _region = (start, Arena.Count - start);
    }

    /// <summary>How it was built.</summary>
    public EventChannelOptions Options { get; }
    /// <summary>The memory of its domains.</summary>
    public IXenPages Pages { get; }
    /// <summary>Where its state lies.</summary>
    public StateArena Arena { get; }
    /// <summary>The effects that its owner has to carry out; the queue of the machine, if they are part of one.</summary>
    public EventBuffer Events { get; }

    /// <summary>Takes over the state of event channels that were built from equal options. Guest words are the
    /// owner's.</summary>
    /// <exception cref="ArgumentException">The other ones were built from other options. Nothing was taken over.</exception>
    public void CopyFrom(EventChannels other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other._region.Count != _region.Count)
            throw new ArgumentException($"a state of {other._region.Count} blocks does not fit one of {_region.Count}", nameof(other));
        Arena.CopyFrom(other.Arena, other._region.Start, _region.Start, _region.Count);
        Events.CopyFrom(other.Events);
    }

    /// <summary>A hash of the state in the arena and of the effects that wait, without guest words.</summary>
    public UInt128 Identity() => Events.HashAfter(Arena.Identity(Events.Now), this, static (waiting, _) => waiting with { Time = 0 });

    /// <summary>What hears of the event channels of PIRQs; null for nothing.</summary>
    internal IPirqPorts? PirqPorts { get; set; }

    /// <summary>The domain of an id; null if there is none.</summary>
    internal XenDomain? Find(uint id) => id < (uint)_places.Length && _places[id] is var place and >= 0 ? _domains[place] : null;

    /// <summary>The domain that a guest names.</summary>
    private XenDomain? Find(XenDomain caller, ushort id) => id == XenDomainOptions.SelfId ? caller : Find(id);

    /// <summary>A domain that the owner names.</summary>
    internal XenDomain The(ushort domain) =>
        Find(domain) ?? throw new ArgumentOutOfRangeException(nameof(domain), domain, "no domain has this id");

    /// <summary>The domain of an id, for the laboratory.</summary>
    internal XenDomain DomainOf(ushort domain) => The(domain);

    private static XenDomain WithVcpu(XenDomain domain, int vcpu)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)vcpu, (uint)domain.Options.Vcpus, nameof(vcpu));
        return domain;
    }

    /// <summary>Whether a domain may act for another.</summary>
    private static bool MayActFor(XenDomain caller, XenDomain other) => caller == other || caller.Options.IsPrivileged;
}
