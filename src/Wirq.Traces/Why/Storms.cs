using System.Globalization;

namespace Wirq.Traces.Why;

/// <summary>Levels that were delivered again and again while their line never fell: nothing serves the device.</summary>
internal sealed class Storms(WhyEngine engine)
{
    /// <summary>From this many deliveries of one raise on, it is a storm: a shared line is delivered a few times before its last
    /// device is served.</summary>
    internal const int Fewest = 100;

    private const int Most = 16;
    private readonly List<Raise> _over = [];

    /// <summary>The line of a raise fell.</summary>
    internal void Fall(Raise? raise)
    {
        if (raise is not null && IsStorm(raise) && _over.Count < Most)
            _over.Add(raise);
    }

    /// <summary>The storms so far, in order.</summary>
    internal StormAnswer[] Find()
    {
        IEnumerable<Raise?> current = [.. engine.Pins.Select(pin => pin.Current), .. (engine.PicTrail?.All ?? []).Select(irq => irq.Current)];
        return [.. _over.Concat(current.OfType<Raise>().Where(IsStorm))
            .DistinctBy(raise => (raise.Source, raise.At.Event)).OrderBy(raise => raise.At.Event).Take(Most).Select(Answer)];
    }

    private static bool IsStorm(Raise raise) => raise is { Level: true, Fell: null, Attempts: >= Fewest };

    private StormAnswer Answer(Raise raise)
    {
        (Mark first, Mark last) = (raise.First!.Sent, raise.Last!.Sent);
        string fell = raise.Fell is { } at ? $" It fell at {engine.Stamps.At(at)}." : "";
        return new(raise.Source, raise.Attempts, PerSecond(raise), first, last,
            [$"{raise.Source} storms: its line rose at {engine.Stamps.At(raise.At)} and was delivered {Phrase.Times(raise.Attempts)} without falling, "
                + $"from {engine.Stamps.At(first)} to {engine.Stamps.At(last)}{Rate(raise)}. No handler made its device lower the line.{fell}"],
            [new("first sent", first), new("last sent", last)]);
    }

    private string Rate(Raise raise) => PerSecond(raise) is { } rate
        ? $", {rate.ToString("N0", CultureInfo.InvariantCulture)} a second" : engine.Stamps.Style == StampStyle.Virtual ? ", in no virtual time" : "";

    /// <summary>Deliveries per second; null without times.</summary>
    private long? PerSecond(Raise raise)
    {
        long span = raise.Last!.Sent.Time - raise.First!.Sent.Time;
        return engine.Stamps.HasTime && span > 0 ? (long)((raise.Attempts - 1) * 1e9 / span) : null;
    }
}
