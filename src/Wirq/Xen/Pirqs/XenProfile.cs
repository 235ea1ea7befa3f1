namespace Wirq.Xen;

/// <summary>Whose hypervisor it is.</summary>
public enum XenProfile : byte
{
    /// <summary>Xen itself.</summary>
    Xen,
    /// <summary>QEMU, which runs Xen's guests on KVM.</summary>
    Qemu,
}

/// <summary>The version of a hypervisor, where its answers depend on it.</summary>
public enum XenVersion : byte
{
    /// <summary>Xen of 2026, whose PVH dom0 can pass interrupts on.</summary>
    Current,
    /// <summary>Xen 4.17 of 2022: a PVH dom0 has no <c>setup_gsi</c>, <c>map_pirq</c> and <c>unmap_pirq</c>, and there is
    /// no <c>gsi_permission</c>.</summary>
    Xen417,
}

/// <summary>One difference between the two hypervisors.</summary>
/// <param name="Id">The member that asks for it.</param>
/// <param name="Xen">What Xen does.</param>
/// <param name="Qemu">What QEMU does.</param>
/// <param name="Evidence">Where this was read.</param>
internal sealed record XenDifference(string Id, string Xen, string Qemu, string Evidence);

/// <summary>Every difference of <see cref="XenProfile"/>. <c>docs/xen.md</c> shows the same table.</summary>
public static class XenProfiles
{
    internal static IReadOnlyList<XenDifference> Rows { get; } =
    [
        new("RoutesCallbackGsi",
            "a PIRQ may own the GSI of a callback by INTx, and then takes what the callback raises",
            "no PIRQ ever takes the GSI of the callback",
            "Xen hvm/irq.c, hvm_set_callback_irq_level: the INTx type goes through __hvm_pci_intx_assert and assert_gsi; QEMU "
            + "xen_evtchn.c, xen_evtchn_set_gsi"),
        new("MapsBesideLine",
            "a domain maps PIRQs for itself only if its callback is the global vector; else EINVAL",
            "it may have any callback",
            "Xen physdev.c, physdev_map_pirq; QEMU xen_evtchn.c, xen_physdev_map_pirq"),
        new("LooksAtEntryOf",
            "while the callback asserts its line, the flag is looked at on every entry of every vCPU",
            "it is looked at on exits of vCPU 0",
            "Xen hvm/irq.c, hvm_maybe_deassert_evtchn_irq; QEMU xen-emu.c, kvm_xen_set_callback_asserted marks vCPU 0"),
    ];

    extension(XenProfile profile)
    {
        /// <summary>Whether a PIRQ may take the GSI of a callback that comes by INTx. One that comes by GSI never calls back
        /// into itself.</summary>
        public bool RoutesCallbackGsi => profile == XenProfile.Xen;

        /// <summary>Whether a domain whose callback is a line may map PIRQs for itself.</summary>
        public bool MapsBesideLine => profile == XenProfile.Qemu;

        /// <summary>Whether the flag is looked at when a vCPU enters or leaves its guest, while the callback asserts its
        /// line.</summary>
        /// <param name="vcpu">The vCPU.</param>
        public bool LooksAtEntryOf(int vcpu) => profile == XenProfile.Xen || vcpu == 0;
    }
}
