using Wirq.State;

namespace Wirq.Laws;

/// <summary>What all laws of a set know of the machine: how it was built, and what the events told so far. A law sees
/// the shadows as they are after the event at hand.</summary>
internal sealed class Shadows(FabricOptions options, GsiMap gsis, StateArena arena)
{
    private const int IsaPinZero = 0, IsaPinTwo = 2;

    internal FabricOptions Options { get; } = options;
    internal GsiMap Gsis { get; } = gsis;
    internal PinShadow Pins { get; } = new(options, arena);
    internal LineShadow Lines { get; } = new(options, gsis, arena);

    /// <summary>Learns what a machine is.</summary>
    internal void Learn(Fabric machine)
    {
        Pins.Learn(machine);
        Lines.Learn();
    }

    /// <summary>How many virqs there can be, at least 1.</summary>
    internal int VirqCount => Options.Routing?.Virqs ?? 1;

    /// <summary>The I/OAPIC pin that a line drives, the profile considered.</summary>
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
