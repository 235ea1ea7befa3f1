namespace Wirq.Board.Machine;

/// <summary>How a guest's run ended.</summary>
public enum GuestEndKind : byte
{
    /// <summary>The guest ended itself, with a code.</summary>
    Exit,
    /// <summary>The guest requested a reset.</summary>
    Reset,
    /// <summary>A triple fault.</summary>
    TripleFault,
    /// <summary>The guest executes at an address without memory.</summary>
    NoCode,
    /// <summary>The host's KVM cannot continue the guest.</summary>
    HostCannot,
    /// <summary>Its time limit has passed.</summary>
    Timeout,
    /// <summary>It was stopped from outside.</summary>
    Stopped,
    /// <summary>The guest shut itself down in order: by ACPI's S5, or by Xen's SHUTDOWN_poweroff.</summary>
    PowerOff,
    /// <summary>The guest says that it has crashed (Xen's SHUTDOWN_crash).</summary>
    Crash,
    /// <summary>The guest wrote the text with which its run is over.</summary>
    Text,
}

/// <summary>How a guest's run ended.</summary>
/// <param name="Kind">The kind of end.</param>
/// <param name="Code">At <see cref="GuestEndKind.Exit"/>, the guest's code. At <see cref="GuestEndKind.Stopped"/>, a
/// code that the caller of the stop chose.</param>
/// <param name="Detail">Text for a person; empty if there is none. At <see cref="GuestEndKind.Text"/>, the text.</param>
public sealed record GuestEnd(GuestEndKind Kind, long Code = 0, string Detail = "");
