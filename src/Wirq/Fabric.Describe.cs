using Wirq.Events;
using Wirq.Routing;

namespace Wirq;

/// <content>What a machine is at one moment, and why an interrupt is held. Neither changes anything.</content>
public sealed partial class Fabric
{
    /// <summary>Describes the whole machine.</summary>
    public FabricDescription Describe() => new(Now, Pic?.Describe(), [.. _ioApics.Select(chip => chip.Describe())], LocalApics?.Describe(),
        [.. Enumerable.Range(0, Gsis.Count).Where(gsi => Lines.SourcesOf(gsi).Any()).Select(DescribeLine)],
        RouteCache?.Explain() ?? [], RouteCache is { HasRoutes: true } virqs ? (virqs.Used, virqs.Budget) : null,
        [.. Remappers.Select((unit, number) => new RemapperDescription(number, unit.Describe()))], DescribeQueue());

    /// <summary>Describes a line.</summary>
    /// <param name="gsi">The line, 0 up to the number of GSIs.</param>
    public LineDescription DescribeLine(int gsi)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)gsi, (uint)Gsis.Count, nameof(gsi));
        return new(gsi, Gsis[gsi], Lines.IsAsserted(gsi), KernelOwns(gsi), [.. Lines.SourcesOf(gsi).Select(slot =>
            new SourceDescription(slot, Lines.Label(slot), Lines.KindOf(slot), Lines.IsAsserting(slot), Lines.VirqOf(slot)))]);
    }

    /// <summary>Says why a line's interrupt is not delivered now: which gate holds it on each of its roads.</summary>
    /// <param name="gsi">The line, 0 up to the number of GSIs.</param>
    public Explanation Explain(int gsi)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)gsi, (uint)Gsis.Count, nameof(gsi));
        return new DeliveryJudge(this).OfLine(gsi);
    }

    /// <summary>Says why a virq's interrupt is not delivered now.</summary>
    /// <exception cref="ArgumentException">The virq is gone.</exception>
    public Explanation Explain(VirqHandle virq) => RouteCache is { } virqs && virqs.IsCurrent(virq)
        ? new DeliveryJudge(this).OfVirq(virqs, virq) : throw new ArgumentException($"virq {virq.Slot} is gone", nameof(virq));

    /// <summary>Says what a message of a device would meet now.</summary>
    /// <param name="message">Address and data.</param>
    /// <param name="requester">Bus, device and function of the sender.</param>
    public Explanation Explain(Msi message, ushort requester = 0) => new DeliveryJudge(this).OfMessage(message, requester);

    /// <summary>Translates a message without sending it: no fault is recorded, and no event tells of it.</summary>
    internal RefusalReason Foresee(Msi message, ushort requester, out InterruptMessage translated)
    {
        bool observing = Events.Observing;
        Events.Observing = false;
        try
        {
            RefusalReason reason = Translate(message, requester, delivering: false, out translated, out _);
            // As Send does.
            return !_remaps && PassesUnchecked(reason) ? RefusalReason.None : reason;
        }
        finally
        {
            Events.Observing = observing;
        }
    }

    private QueueDescription DescribeQueue() => new(Events.Count,
        [.. Enumerable.Range(0, Math.Min(Events.Count, QueueDescription.Most)).Select(Events.Peek)], HasCallInFlight ? Carrier.Call.Effect : null);
}
