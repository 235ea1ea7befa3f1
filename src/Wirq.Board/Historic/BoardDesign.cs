namespace Wirq.Board.Historic;

/// <summary>A defect that other machines had, built into a board on purpose. The names are those of the laboratory's
/// designs.</summary>
public enum BoardDesign
{
    /// <summary>No defect.</summary>
    None,
    /// <summary><c>service-before-route</c>: a write of a redirection entry redelivers a pending level by the kernel's route, and
    /// updates the route after that (QEMU before 8.0, commit 54ad31fb0a). Only with the configuration <c>split</c>: without a
    /// kernel's table, a pin sends what its entry says.</summary>
    ServiceBeforeRoute,
    /// <summary><c>ack-at-eoi</c>: the holders of a level line get its acknowledge at the EOI, also where the pin is masked and the
    /// device is not served yet: <see cref="AckPolicy.Eoi"/> (KVM before fef8f2b90edb). Not with the configuration <c>kernel</c>,
    /// whose chips are KVM's.</summary>
    AckAtEoi,
}
