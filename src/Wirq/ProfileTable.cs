namespace Wirq;

/// <summary>One difference between the manuals and a real implementation that changes state.</summary>
/// <param name="Chip">8259, I/OAPIC, local APIC or VT-d.</param>
/// <param name="Id">Name of the flag that switches it on.</param>
/// <param name="Manual">What the manual says.</param>
/// <param name="Qemu">What QEMU does; null where it follows the manual.</param>
/// <param name="Kvm">What KVM does; null where it follows the manual.</param>
/// <param name="Evidence">Where that was read or measured.</param>
internal sealed record ProfileDifference(string Chip, string Id, string Manual, string? Qemu, string? Kvm, string Evidence);

/// <summary>Every difference that a profile switches on, in one place. <c>docs/profiles.md</c> shows the same
/// table.</summary>
internal static class ProfileTable
{
    /// <summary>The rows, by chip.</summary>
    public static IReadOnlyList<ProfileDifference> Rows { get; } =
        [.. PicProfile.Rows, .. IoApicProfile.Rows, .. LocalApicProfile.Rows, .. Remapping.VtD.VtdProfile.Rows];
}
