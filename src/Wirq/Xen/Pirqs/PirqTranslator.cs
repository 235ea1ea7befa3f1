using Wirq.Events;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Xen;

/// <summary>Why a message that names a PIRQ goes nowhere. Xen drops it without a trace.</summary>
public enum PirqFault : byte
{
    /// <summary>The domain does not have that PIRQ.</summary>
    NoSuchPirq = 1,
    /// <summary>The PIRQ is a GSI's, or an interrupt's of the machine.</summary>
    NotOfMessages = 2,
    /// <summary>The PIRQ has no event channel.</summary>
    NoPort = 3,
    /// <summary>The machine is no domain of a hypervisor with PIRQs.</summary>
    NoHypervisor = 4,
}

/// <summary>How the translator of PIRQ messages is built: a remapping unit without registers. A message with another vector
/// than 0 passes unchanged.</summary>
public sealed record PirqTranslatorOptions : IRemapperOptions
{
    /// <summary>The requesters whose messages it reads. The usual ones are all but those at the top, which are I/OAPICs: an
    /// entry of theirs with the vector 0 is no PIRQ.</summary>
    public IReadOnlyList<RequesterRange>? Scope { get; init; } = [new RequesterRange(0, 0xFEFF)];

    IReadOnlyList<RegisterPages> IRemapperOptions.Registers => [];

    MsiFormat IRemapperOptions.OwnFormat => MsiFormat.Compatibility;

    /// <inheritdoc/>
    public void Validate() { }

    IRemapper IRemapperOptions.Build(StateArena arena, int unit) => new PirqTranslator(unit);
}

/// <summary>Translates messages that name a PIRQ into events of its port. A cached translation names the port, and its
/// cookie is the PIRQ; it ends when the PIRQ gets or loses a port, or is unmapped.</summary>
/// <remarks>It has no state of its own: what a PIRQ is stands in <see cref="Pirqs"/>.</remarks>
internal sealed class PirqTranslator(int unit) : IRemapper, ISnapshotFields
{
    private Pirqs? _pirqs;
    private PirqDomain? _domain;
    private Fabric? _fabric;

    /// <summary>Tells it whose messages these are.</summary>
    internal void Connect(Pirqs pirqs, PirqDomain domain, Fabric fabric) => (_pirqs, _domain, _fabric) = (pirqs, domain, fabric);

    /// <summary>What was translated for a PIRQ no longer holds.</summary>
    internal void End(int pirq)
    {
        var cookie = new RouteCookie(unit, pirq);
        _fabric!.EndTranslations(unit, new CookieRange(cookie, cookie));
    }

    public void Reset(EventBuffer events) { }

    public bool Passes(Msi message) => !PirqMessage.IsOne(message);

    public RefusalReason Translate(Msi message, ushort requester, bool delivering, IGuestMemory memory, EventBuffer events,
        out InterruptMessage translated, out RouteCookie cookie)
    {
        uint pirq = PirqMessage.PirqOf(message);
        (translated, cookie) = (default, RouteCookie.None);
        if (Look(pirq, requester, delivering, out uint port) is { } fault)
        {
            if (delivering && events.Observing)
                events.Observe(new RemapFaulted(unit, requester, (ulong)fault, (ushort)pirq, Suppressed: false, Lost: false).ToEvent());
            return RefusalReason.RemappingFault;
        }
        translated = InterruptMessage.ForPort(port);
        cookie = new RouteCookie(unit, pirq);
        return RefusalReason.None;
    }

    private PirqFault? Look(uint pirq, ushort requester, bool delivering, out uint port)
    {
        port = 0;
        if (_domain is null)
            return PirqFault.NoHypervisor;
        if (pirq == 0 || pirq >= (uint)_domain.Count)
            return PirqFault.NoSuchPirq;
        if (!_pirqs!.TakesMessages(_domain, (int)pirq, requester, delivering))
            return PirqFault.NotOfMessages;
        port = _domain.PortOf((int)pirq);
        return port == 0 ? PirqFault.NoPort : null;
    }

    void ISnapshotFields.Move(Fields f) { }
}
