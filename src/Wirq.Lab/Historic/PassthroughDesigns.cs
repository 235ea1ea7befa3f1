using Wirq.Lab.Scenarios;
using Wirq.Xen;

namespace Wirq.Lab.Historic;

/// <summary>dom0 passes devices on in another way than the one that was merged.</summary>
/// <param name="design">The way.</param>
/// <param name="name">Its name.</param>
/// <param name="about">Who had or proposed it, and what is wrong with it.</param>
internal sealed class PassedOtherwise(PassthroughDesign design, string name, string about) : Design
{
    public override string Name => name;

    public override string About => about;

    public override MachineSpec Alter(MachineSpec machine) => machine.Passthrough is { } passed
        ? machine with { Passthrough = passed with { Design = design } } : machine;

    /// <summary>The ways that were discussed.</summary>
    internal static IEnumerable<Func<Design>> All =>
    [
        Make(PassthroughDesign.UnmaskInPciback, "unmask-in-pciback", "xen-devel 2023: pciback unmasks the pin, which is set up as its entry happens to be, and dom0 alone has it"),
        Make(PassthroughDesign.MapOnAnyWrite, "map-on-any-write", "xen-devel 2023: any write of an entry maps; dom0 never writes it, and the pin is not set up"),
        Make(PassthroughDesign.MapAtBind, "map-at-bind", "xen-devel 2023: the call that binds maps; its number is a PIRQ or a GSI, and the pin is not set up"),
        Make(PassthroughDesign.SetUpWhileMasked, "set-up-while-masked", "xen-devel 2024: a pin can be set up again while it is masked; dom0 never writes the entry"),
        Make(PassthroughDesign.EnableDeviceInPciback, "enable-device-in-pciback", "xen-devel 2024: pciback enables the device; it works, and dom0 has the interrupt too"),
        Make(PassthroughDesign.DefaultLevelLow, "default-level-low", "xen-devel 2024: every GSI from 16 on is level and low; ACPI can say otherwise"),
        Make(PassthroughDesign.MapWithoutSetup, "map-without-setup", "xen-devel 2024: pciback maps and does not set up; the permission passes, and nothing arrives"),
        Make(PassthroughDesign.DeviceModelOperation, "device-model-operation", "xen-devel 2024: the device model binds by GSI; the pin is not set up, and access is given by PIRQ"),
    ];

    private static Func<Design> Make(PassthroughDesign design, string name, string about) => () => new PassedOtherwise(design, name, about);
}

/// <summary>Only the unmask of a pin of dom0's I/OAPIC sets it up.</summary>
internal sealed class MapOnlyOnUnmask : Design
{
    public override string Name => "map-only-on-unmask";

    public override string About => "Xen before 2024: only dom0's unmask sets up and maps a GSI, and dom0 never unmasks the pin of a device that it passes on";

    public override MachineSpec Alter(MachineSpec machine) => machine.Passthrough is { } passed
        ? machine with { Passthrough = passed with { Without = [PassthroughStep.Take] } } : machine;
}

/// <summary>An EOI at a masked pin of a guest ends nothing in the machine below.</summary>
internal sealed class MaskedEoiEndsNothing : Design
{
    public override string Name => "masked-eoi-ends-nothing";

    public override string About => "Xen before eb298f32fa (2021): a passed-through interrupt whose guest masks before its EOI never comes again";

    public override MachineSpec Alter(MachineSpec machine) => machine.Passthrough is { } passed
        ? machine with { Passthrough = passed with { MaskedEoiEndsNothing = true } } : machine;
}
