using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>A machine reconstructed from its options and its events so far. Each fact is computed here once, for the
/// laws and for <c>why</c>. If a stream does not begin with a reset, what no event has reported is unknown, and a user
/// has to check for that (<see cref="Fact.Unknown"/>, <see cref="LineFact.IsKnown"/>,
/// <see cref="PicShadow.KnowsPins"/>). Laws that are built for a live machine learn it from the machine.</summary>
/// <remarks>The CPUs are not in it: <see cref="CpuShadow"/> is built by who asks for them.</remarks>
internal sealed class MachineShadow(FabricOptions options, GsiMap gsis, StateArena arena)
{
    private const int IsaPinZero = 0, IsaPinTwo = 2;

    internal FabricOptions Options { get; } = options;
    internal GsiMap Gsis { get; } = gsis;
    internal PinShadow Pins { get; } = new(options, arena);
    internal LineShadow Lines { get; } = new(options, gsis, arena);
    internal PicShadow Pic { get; } = new(arena);
    internal PirqShadow Pirqs { get; } = new(options, gsis.Count, arena);
    internal VirqShadow Virqs { get; } = new(options, arena);

    /// <summary>Learns the state of a machine that no event reports.</summary>
    internal void Learn(Fabric machine)
    {
        Pins.Learn(machine);
        Lines.Learn();
        Pic.Learn(machine);
        Pirqs.Learn(machine);
        Virqs.Learn(machine);
    }

    /// <summary>The chips were reset, or were replaced: nothing is known about them. Their lines are as they
    /// were.</summary>
    internal void ForgetChips()
    {
        Pins.Forget();
        Pic.Forget();
    }

    /// <summary>Processes the next event. Allocates nothing.</summary>
    internal void Observe(in Event e)
    {
        switch (e.Subsystem)
        {
            case Subsystem.Machine when e.Kind == EventKind.MachineReset:
                Pins.Observe(e);
                Pic.Observe(e);
                break;
            case Subsystem.Machine when e.Kind is EventKind.MachineSuspended or EventKind.MachineResumed:
                Virqs.Suspend(e.Kind == EventKind.MachineSuspended);
                break;
            case Subsystem.IoApic:
            case Subsystem.Log when e.Kind == EventKind.LogEntryShown:
                Pins.Observe(e);
                break;
            case Subsystem.Lines:
                Lines.Observe(e);
                Pirqs.Observe(e);
                break;
            case Subsystem.Xen:
                Pirqs.Observe(e);
                break;
            case Subsystem.Pic:
            case Subsystem.Log when e.Kind == EventKind.LogPicShown:
                Pic.Observe(e);
                break;
            case Subsystem.Routing:
                Virqs.Observe(e);
                break;
            case Subsystem.Machine when e.Kind == EventKind.Rest:
                Virqs.Rest();
                break;
        }
    }

    /// <summary>The I/OAPIC pin that a line drives, with respect to the profile.</summary>
    internal GsiTarget TargetOf(int gsi)
    {
        GsiTarget target = Gsis[gsi];
        bool moved = target.IoApic >= 0 && target.Pin == IsaPinZero && MovesPinZero(target.IoApic);
        return moved ? target with { Pin = IsaPinTwo } : target;
    }

    /// <summary>The lines that drive a pin: one, and where a profile moves pin 0 to pin 2, two or none; -1 for
    /// none.</summary>
    internal (int First, int Second) LinesOf(int chip, int pin)
    {
        if (!MovesPinZero(chip) || pin is not (IsaPinZero or IsaPinTwo))
            return (Gsis.OfPin(chip, pin), -1);
        return pin == IsaPinZero ? (-1, -1) : (Gsis.OfPin(chip, IsaPinTwo), Gsis.OfPin(chip, IsaPinZero));
    }

    private bool MovesPinZero(int chip) => Pins.Profile(chip).PinZeroIsTwo && Pins.Options(chip).Pins > IsaPinTwo;
}
