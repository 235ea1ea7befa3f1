namespace Wirq.Xen;

/// <summary>How a PVH dom0 and its hypervisor bring the GSI of a device to another domain: the way that was merged, and those
/// that were discussed before it (xen-devel, 2023 and 2024).</summary>
public enum PassthroughDesign
{
    /// <summary>The way that was merged: who takes the device for dom0 sets up its GSI as ACPI says, without mapping it. The
    /// device model maps and binds, and the toolstack gives access by the number of the GSI.</summary>
    SetUpInPciback,
    /// <summary>Who takes the device unmasks its pin. The pin is set up as its entry happens to be, and is bound to
    /// dom0; as an edge it can then be bound to nobody else.</summary>
    UnmaskInPciback,
    /// <summary>Any write of an entry of dom0's I/OAPIC maps the GSI for dom0. dom0 never writes entries of pins that it does
    /// not use, and the pin is not set up.</summary>
    MapOnAnyWrite,
    /// <summary>The call that binds maps what is not mapped. Its number is a PIRQ or a GSI, depending on what is mapped, and
    /// the pin is not set up.</summary>
    MapAtBind,
    /// <summary>A pin can be set up again while nobody has it, by each write of an entry. dom0 never writes entries of pins
    /// that it does not use, and what it writes while they are masked means nothing.</summary>
    SetUpWhileMasked,
    /// <summary>Who takes the device enables it as a driver would (<c>pcibios_enable_device</c>). This works, and dom0 has
    /// the interrupt too: each one waits for it.</summary>
    EnableDeviceInPciback,
    /// <summary>A GSI from 16 on that nobody set up is level and low. ACPI can say otherwise.</summary>
    DefaultLevelLow,
    /// <summary>Who takes the device maps its GSI for dom0. The permission passes, and the pin is not set up.</summary>
    MapWithoutSetup,
    /// <summary>The device model maps and binds in one call that takes a GSI. The pin is not set up, and who may give access
    /// is still asked by PIRQ.</summary>
    DeviceModelOperation,
}

/// <summary>A step of the way of a device to its guest.</summary>
public enum PassthroughStep
{
    /// <summary>pciback takes the device.</summary>
    Take,
    /// <summary>The device model asks for the GSI of the device.</summary>
    AskGsi,
    /// <summary>The device model maps the GSI for the guest.</summary>
    Map,
    /// <summary>The device model binds it to the pin of the guest's device.</summary>
    Bind,
    /// <summary>The toolstack maps it again.</summary>
    MapAgain,
    /// <summary>The toolstack gives the guest access.</summary>
    Permit,
    /// <summary>The toolstack gives the device to the guest.</summary>
    Assign,
}
