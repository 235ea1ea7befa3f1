namespace Wirq.Remapping.VtD;

/// <summary>How a profile's VT-d unit differs from the VT-d specification.</summary>
/// <param name="FaultsUntold">A blocked request leaves no fault record, no status and no message.</param>
/// <param name="CompatibilityPasses">A request in compatibility format is never blocked.</param>
/// <param name="AnonymousPasses">No entry verifies a request without a requester id (0xFFFF), which is what the I/OAPIC
/// sends.</param>
/// <param name="ReservedPasses">Posted format, reserved delivery modes, and destination bits outside the eight bits
/// without extended mode do not block.</param>
/// <param name="BusesReversed">An entry that verifies by bus has the last bus in bits 15:8, and the first in bits
/// 7:0.</param>
internal readonly record struct VtdProfile(
    bool FaultsUntold, bool CompatibilityPasses, bool AnonymousPasses, bool ReservedPasses, bool BusesReversed)
{
    /// <summary>The requester id that means none.</summary>
    internal const ushort Anonymous = 0xFFFF;

    private const string Chip = "VT-d";

    internal static readonly ProfileDifference[] Rows =
    [
        new(Chip, nameof(FaultsUntold), "a blocked request is recorded, unless FPD suppresses that (VT-d specification, 5.1.4.1)",
            "it is dropped: FSTS and the records read 0, and no fault event is sent", null,
            "QEMU 7.2 by qtest: remapping faults never reach FSTS or FRCD"),
        new(Chip, nameof(CompatibilityPasses), "compatibility format is blocked unless CFIS is set and EIME clear (5.1.4)",
            "it always passes", null, "QEMU 7.2 by qtest: not blocked with CFIS clear; intel_iommu.c, vtd_interrupt_remap_msi"),
        new(Chip, nameof(AnonymousPasses), "an entry verifies every requester by its SVT field, the I/OAPIC too (5.1.3)",
            "the I/OAPIC sends without an id, as 0xFFFF, and no entry verifies such a request", null,
            "QEMU 7.2 by qtest: an entry for source 0x1234 passes a pin's message; trace: vtd_warn_ir_vector sid 0xffff"),
        new(Chip, nameof(ReservedPasses), "IM, delivery modes 011 and 110 and, without EIME, all bits of the destination except "
            + "its eight bits are reserved: if set, the request is blocked (9, IRTE)",
            "they are not checked", null, "QEMU 7.2 by qtest: each passes; intel_iommu.c, vtd_irte_get"),
        new(Chip, nameof(BusesReversed), "verification by bus: from SID bits 15:8 to SID bits 7:0 (9, IRTE)",
            "from bits 7:0 to bits 15:8", null, "QEMU 7.2 by qtest: SID 0x0200 passes bus 0, 0x0002 does not; intel_iommu.c, vtd_irte_get"),
    ];

    internal static VtdProfile Of(Profile profile) => profile switch
    {
        Profile.Qemu => new(FaultsUntold: true, CompatibilityPasses: true, AnonymousPasses: true, ReservedPasses: true, BusesReversed: true),
        _ => default,
    };
}
