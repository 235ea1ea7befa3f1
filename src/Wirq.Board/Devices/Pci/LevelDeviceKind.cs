namespace Wirq.Board.Devices.Pci;

/// <summary>How the line of a <see cref="PciLevelFunction"/> is driven.</summary>
public enum LevelDeviceKind
{
    /// <summary>There is no such function.</summary>
    None,
    /// <summary>Rise and fall of its line are visible, as those of a device in the same process.</summary>
    Wired,
    /// <summary>Only the rise is visible, as with an eventfd and a resample eventfd: an acknowledge lowers the line, and the
    /// function raises it again while it has events.</summary>
    Sampled,
}
