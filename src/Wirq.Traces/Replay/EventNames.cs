using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The names of a log's events in reports: QEMU's names, the older one if there are two.</summary>
internal static class EventNames
{
    private static readonly string[] Names = BuildNames();

    internal static string Of(TraceEvent happened) => Names[(int)happened];

    /// <summary>The event of a name that <see cref="Of"/> returns.</summary>
    internal static TraceEvent Find(string name) => (TraceEvent)Array.IndexOf(Names, name);

    /// <summary>The name of an event by its number in a recording; null if there is none.</summary>
    internal static string? OfNumber(uint number) => number > 0 && number < Names.Length ? Names[number] : null;

    private static string[] BuildNames()
    {
        var names = new string[Enum.GetValues<TraceEvent>().Length];
        foreach (TraceEvent happened in Enum.GetValues<TraceEvent>())
            names[(int)happened] = Name(happened);
        return names;
    }

    private static string Name(TraceEvent happened) => happened switch
    {
        TraceEvent.PicSetIrq => "pic_set_irq",
        TraceEvent.PicUpdateIrq => "pic_update_irq",
        TraceEvent.PicInterrupt => "pic_interrupt",
        TraceEvent.PicPortWrite => "pic_ioport_write",
        TraceEvent.PicPortRead => "pic_ioport_read",
        TraceEvent.IoApicSetIrq => "ioapic_set_irq",
        TraceEvent.IoApicSetRemoteIrr => "ioapic_set_remote_irr",
        TraceEvent.IoApicClearRemoteIrr => "ioapic_clear_remote_irr",
        TraceEvent.IoApicEoiBroadcast => "ioapic_eoi_broadcast",
        TraceEvent.IoApicDelayedReassert => "ioapic_eoi_delayed_reassert",
        TraceEvent.IoApicRead => "ioapic_mem_read",
        TraceEvent.IoApicWrite => "ioapic_mem_write",
        TraceEvent.ApicLocalDeliver => "apic_local_deliver",
        TraceEvent.ApicDeliverIrq => "apic_deliver_irq",
        TraceEvent.ApicRead => "apic_mem_readl",
        TraceEvent.ApicWrite => "apic_mem_writel",
        TraceEvent.ReportDelivered => "apic_report_irq_delivered",
        TraceEvent.ResetDelivered => "apic_reset_irq_delivered",
        TraceEvent.GetDelivered => "apic_get_irq_delivered",
        TraceEvent.SetApicBase => "cpu_set_apic_base",
        TraceEvent.GetApicBase => "cpu_get_apic_base",
        TraceEvent.GsiInterrupt => "x86_gsi_interrupt",
        TraceEvent.PicInterruptLine => "x86_pic_interrupt",
        TraceEvent.IecNotify => "x86_iommu_iec_notify",
        TraceEvent.RemapRequest => "vtd_ir_remap_msi_req",
        TraceEvent.RemapDone => "vtd_ir_remap_msi",
        TraceEvent.RemapEntry => "vtd_ir_remap",
        TraceEvent.RemapFetch => "vtd_ir_irte_get",
        TraceEvent.RemapEnable => "vtd_ir_enable",
        TraceEvent.GeneratedInterrupt => "vtd_irq_generate",
        TraceEvent.IecInvalidate => "vtd_inv_desc_iec",
        TraceEvent.RemapRoot => "vtd_reg_ir_root",
        TraceEvent.RemapRegisterWrite => "vtd_reg_write",
        TraceEvent.RemapVectorDiffers => "vtd_warn_ir_vector",
        TraceEvent.RemapTriggerDiffers => "vtd_warn_ir_trigger",
        TraceEvent.FaultRecorded => "vtd_frr_new",
        TraceEvent.ServicingInterrupt => "Servicing hardware INT",
        TraceEvent.InterruptDump => "interrupt dump",
        TraceEvent.TaskRegister => "TR",
        TraceEvent.KernelTrigger => "ioapic_service",
        TraceEvent.KernelRoute => "ioapic_update_kvm_routes",
        TraceEvent.KernelRouteUpdate => "kvm_irqchip_update_msi_route",
        TraceEvent.KernelRouteAdd => "kvm_irqchip_add_msi_route",
        TraceEvent.KernelRouteCommit => "kvm_irqchip_commit_routes",
        TraceEvent.KernelRouteRelease => "kvm_irqchip_release_virq",
        TraceEvent.KernelResample => "kvm_resample_fd_notify",
        TraceEvent.KernelRouteFault => "kvm_x86_fixup_msi_error",
        _ => "other",
    };
}
