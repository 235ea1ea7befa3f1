using Wirq.Lab.Scenarios;
using Wirq.Vfio;

namespace Wirq.Lab.Historic;

/// <summary>A device that needs ONESHOT is forwarded as if it were any level.</summary>
/// <param name="name">The name.</param>
/// <param name="about">What is wrong with it.</param>
/// <param name="mode">How it is forwarded.</param>
/// <param name="isLazy">Whether its line is disabled lazily.</param>
internal sealed class ForwardedAsLevel(string name, string about, ForwardMode mode, bool isLazy) : Design
{
    public override string Name => name;

    public override string About => about;

    public override MachineSpec Alter(MachineSpec machine) => machine.Host is not { } host ? machine : machine with
    {
        Host = host with { Unlazy = isLazy ? [] : [.. Enumerable.Range(0, host.Irqs.Lines.Count)] },
        Devices = [.. machine.Devices.Select(device => device.Vfio is not { Options.EffectiveMode: ForwardMode.Oneshot } vfio ? device
            : device with { Vfio = vfio with { Options = vfio.Options with { Mode = mode, DisablesUnlazily = !isLazy } } })],
    };

    /// <summary>The ways without ONESHOT.</summary>
    internal static IEnumerable<Func<Design>> All =>
    [
        () => new ForwardedAsLevel("lazy-level-for-oneshot", "VFIO has no ONESHOT: a line that is disabled lazily from within the handler interrupts the host once more, unmasked",
            ForwardMode.Automask, isLazy: true),
        () => new ForwardedAsLevel("unlazy-level-for-oneshot", "VFIO has no ONESHOT: a line that is masked from within the handler is open while that begins",
            ForwardMode.Automask, isLazy: false),
        () => new ForwardedAsLevel("masked-level-for-oneshot", "the line is masked while the guest works, without a thread: it is open while the hard handler begins",
            ForwardMode.MaskedLevel, isLazy: true),
    ];
}
