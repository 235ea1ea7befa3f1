namespace Wirq;

/// <summary>One difference between the manuals and a real implementation that changes state.</summary>
/// <param name="Chip">8259, I/OAPIC, local APIC or VT-d.</param>
/// <param name="Id">Name of the flag that enables it.</param>
/// <param name="Manual">What the manual says.</param>
/// <param name="Qemu">What QEMU does; null if it follows the manual.</param>
/// <param name="Kvm">What KVM does; null if it follows the manual.</param>
/// <param name="Evidence">Where this was read or measured.</param>
internal sealed record ProfileDifference(string Chip, string Id, string Manual, string? Qemu, string? Kvm, string Evidence);

/// <summary>Every difference that a profile enables, in one place. <c>docs/profiles.md</c> shows the same
/// table.</summary>
internal static class ProfileTable
{
    /// <summary>The rows, by chip.</summary>
    public static IReadOnlyList<ProfileDifference> Rows { get; } =
        [.. PicProfile.Rows, .. IoApicProfile.Rows, .. LocalApicProfile.Rows, .. Remapping.VtD.VtdProfile.Rows];
}
