using Wirq.Board.Historic;
using Wirq.Board.Xen;
using Wirq.Events;
using Wirq.Linux.Probes;

namespace Wirq.Board.Machine;

/// <summary>How a board is built.</summary>
public sealed record BoardOptions
{
    /// <summary>The highest number of CPUs: their ids must fit xAPIC mode.</summary>
    public const int MaxCpus = 255;

    /// <summary>The number of CPUs, 1 to <see cref="MaxCpus"/>.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Where the interrupt controllers are.</summary>
    public DeliveryConfiguration Configuration { get; init; }

    /// <summary>Whether CPUs have x2APIC mode.</summary>
    public bool X2Apic { get; init; }

    /// <summary>Whether there is a VT-d unit that remaps interrupts, at its usual address. The kernel's I/OAPIC would send past
    /// it, so the configuration cannot be <see cref="DeliveryConfiguration.Kernel"/>.</summary>
    public bool Vtd { get; init; }

    /// <summary>The work-arounds that this host needs, as its probes found.</summary>
    public IReadOnlyList<HostWorkaround> Workarounds { get; init; } = [];

    /// <summary>A historic defect that the board has on purpose; <see cref="BoardDesign.None"/> for none.</summary>
    public BoardDesign Design { get; init; }

    /// <summary>What the board offers of Xen's interface for HVM guests; null for nothing. It needs the configuration <see
    /// cref="DeliveryConfiguration.User"/>: a callback needs the fabric's local APICs.</summary>
    public XenGuestOptions? Xen { get; init; }

    /// <summary>Makes an observer of every event of the interrupt system, from the first on. It is called once with the
    /// fabric, which it may only read. It returns a callback that is called for each event, one at a time, on the
    /// thread that carries it out. Null for none.</summary>
    public Func<Fabric, Action<Event>>? Observe { get; init; }

    /// <summary>Throws if no board can be built with these options.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate()
    {
        OptionCheck check = OptionCheck.Whole;
        check.Range(Cpus, 1, MaxCpus);
        check.Defined(Configuration);
        check.Defined(Design);
        check.That(Design != BoardDesign.ServiceBeforeRoute || Configuration == DeliveryConfiguration.Split, $"{Configuration}",
            $"{DeliveryConfiguration.Split}, whose pins have routes in a kernel, for {BoardDesign.ServiceBeforeRoute}", nameof(Configuration));
        check.That(Design != BoardDesign.AckAtEoi || Configuration != DeliveryConfiguration.Kernel, $"{Configuration}",
            $"{DeliveryConfiguration.User} or {DeliveryConfiguration.Split}, whose I/OAPIC is Wirq's, for {BoardDesign.AckAtEoi}", nameof(Configuration));
        check.Present(Workarounds);
        check.That(!Vtd || Configuration != DeliveryConfiguration.Kernel, $"{Configuration}", $"{DeliveryConfiguration.User} or "
            + $"{DeliveryConfiguration.Split}, with a VT-d unit", nameof(Configuration));
        if (Xen is not null)
        {
            check.That(Configuration == DeliveryConfiguration.User, $"{Configuration}", $"{DeliveryConfiguration.User}, which Xen's interface needs", nameof(Configuration));
            check.Of(nameof(Xen)).Defined(Xen.Callback);
        }
    }
}
