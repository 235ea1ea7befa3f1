namespace Wirq.Board.Machine;

/// <summary>How a guest's run ended.</summary>
public enum GuestEndKind : byte
{
    /// <summary>The guest said so, with a code.</summary>
    Exit,
    /// <summary>The guest requested a reset.</summary>
    Reset,
    /// <summary>A triple fault.</summary>
    TripleFault,
    /// <summary>The guest runs where there is no memory.</summary>
    NoCode,
    /// <summary>The host's KVM cannot go on with it.</summary>
    HostCannot,
    /// <summary>Its time was up.</summary>
    Timeout,
    /// <summary>It was stopped from outside.</summary>
    Stopped,
}

/// <summary>How a guest's run ended, and what there is to say of it.</summary>
/// <param name="Kind">In a word.</param>
/// <param name="Code">At <see cref="GuestEndKind.Exit"/>: the guest's code; at <see cref="GuestEndKind.Stopped"/>: as who stopped
/// it likes.</param>
/// <param name="Detail">For a person; empty where there is nothing to say.</param>
public sealed record GuestEnd(GuestEndKind Kind, long Code = 0, string Detail = "");
