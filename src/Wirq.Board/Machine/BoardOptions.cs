using Wirq.Events;
using Wirq.Linux.Probes;

namespace Wirq.Board.Machine;

/// <summary>How a board is built.</summary>
public sealed record BoardOptions
{
    /// <summary>The most CPUs: their ids must fit xAPIC mode.</summary>
    public const int MaxCpus = 255;

    /// <summary>How many CPUs, 1 to <see cref="MaxCpus"/>.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Who has which interrupt controllers.</summary>
    public DeliveryConfiguration Configuration { get; init; }

    /// <summary>Whether CPUs have x2APIC mode.</summary>
    public bool X2Apic { get; init; }

    /// <summary>What this host needs, as its probes found.</summary>
    public IReadOnlyList<HostWorkaround> Workarounds { get; init; } = [];

    /// <summary>Makes an observer of every event of the interrupt system, from the first on. It is called once with the
    /// fabric, which it may only read. It returns a callback that is called for each event, one at a time, on the
    /// thread that carries it out. Null for none.</summary>
    public Func<Fabric, Action<Event>>? Observe { get; init; }

    /// <summary>Throws where no board can be built so.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate()
    {
        OptionCheck check = OptionCheck.Whole;
        check.Range(Cpus, 1, MaxCpus);
        check.Defined(Configuration);
        check.Present(Workarounds);
    }
}
