namespace Wirq.Traces.Qemu;

/// <summary>All known lines: the event, its name, its text.</summary>
/// <remarks>
/// In a text, <c>{A}</c> is a decimal number that goes to <see cref="TraceLine.A"/>, <c>{A:x}</c> a hexadecimal one,
/// <c>{_}</c> one that is not needed; <c>&lt;8</c> limits it, so that a damaged line is not accepted as an unusual one.
/// Other kinds after the colon are those of <see cref="FieldKind"/>. A text that ends in <c>...</c> may continue. A
/// name may occur twice: the first text that matches counts.
/// </remarks>
internal static class TraceFormats
{
    /// <summary>The first line of a register dump starts with its number, not with a name.</summary>
    internal static readonly TraceFormat Dump =
        new(TraceEvent.InterruptDump, "", "{A}: v={B:x<256} e={_:x} i={C<2} cpl=...");

    internal static readonly TraceFormat[] ByName =
    [
        new(TraceEvent.PicSetIrq, "pic_set_irq", "master {A<2} irq {B<8} level {C:level}"),
        new(TraceEvent.PicUpdateIrq, "pic_update_irq", "master {A<2} imr {B<256} irr {C<256} padd {D<9}"),
        new(TraceEvent.PicInterrupt, "pic_interrupt", "irq {A<16} intno {B<256}"),
        new(TraceEvent.PicPortWrite, "pic_ioport_write", "master {A<2} addr {B:x<2} val {C:x<256}"),
        new(TraceEvent.PicPortRead, "pic_ioport_read", "master {A<2} addr {B:x<2} val {C:x<256}"),

        new(TraceEvent.IoApicSetIrq, "ioapic_set_irq", "vector: {A<256} level: {B:level}"),
        new(TraceEvent.IoApicSetRemoteIrr, "ioapic_set_remote_irr", "set remote irr for pin {A<256}"),
        new(TraceEvent.IoApicClearRemoteIrr, "ioapic_clear_remote_irr", "clear remote irr for pin {A<256} vector {B<256}"),
        new(TraceEvent.IoApicEoiBroadcast, "ioapic_eoi_broadcast", "EOI broadcast for vector {A<256}"),
        new(TraceEvent.IoApicDelayedReassert, "ioapic_eoi_delayed_reassert",
            "delayed reassert on EOI broadcast for vector {A<256}"),
        new(TraceEvent.IoApicRead, "ioapic_mem_read",
            "ioapic mem read addr {A:x<256} regsel: {B:x<256} size {C:x<9} retval {D:x<4294967296}"),
        new(TraceEvent.IoApicWrite, "ioapic_mem_write",
            "ioapic mem write addr {A:x<256} regsel: {B:x<256} size {C:x<9} val {D:x<4294967296}"),

        new(TraceEvent.ApicLocalDeliver, "apic_local_deliver", "vector {A<6} delivery mode {B<4294967296}"),
        new(TraceEvent.ApicDeliverIrq, "apic_deliver_irq",
            "dest {A<4294967296} dest_mode {B<2} delivery_mode {C<8} vector {D<256} trigger_mode {E<2}"),
        new(TraceEvent.ApicRead, "apic_mem_readl", "{A:offset} = {B:x}"),
        new(TraceEvent.ApicWrite, "apic_mem_writel", "{A:offset} = {B:x}"),
        new(TraceEvent.ApicRead, "apic_register_read", "register {A:register<256} = {B:x}"),
        new(TraceEvent.ApicWrite, "apic_register_write", "register {A:register<256} = {B:x}"),
        new(TraceEvent.ReportDelivered, "apic_report_irq_delivered", "coalescing {A}"),
        new(TraceEvent.ReportDelivered, "kvm_report_irq_delivered", "coalescing {A}"),
        new(TraceEvent.ResetDelivered, "apic_reset_irq_delivered", "old coalescing {A}"),
        new(TraceEvent.ResetDelivered, "kvm_reset_irq_delivered", "old coalescing {A}"),
        new(TraceEvent.GetDelivered, "apic_get_irq_delivered", "returning coalescing {A}"),
        new(TraceEvent.GetDelivered, "kvm_get_irq_delivered", "returning coalescing {A}"),
        new(TraceEvent.SetApicBase, "cpu_set_apic_base", "{A:x}"),
        new(TraceEvent.GetApicBase, "cpu_get_apic_base", "{A:x}"),

        new(TraceEvent.GsiInterrupt, "x86_gsi_interrupt", "GSI interrupt #{A<65536} level:{B:level}"),
        new(TraceEvent.PicInterruptLine, "x86_pic_interrupt", "PIC interrupt #{A<65536} level:{B:level}"),

        new(TraceEvent.IecNotify, "x86_iommu_iec_notify",
            "Notify IEC invalidation: global={A<2} index={B<4294967296} mask={C<4294967296}"),
        new(TraceEvent.RemapRequest, "vtd_ir_remap_msi_req", "addr {A:x} data {B:x}"),
        new(TraceEvent.RemapDone, "vtd_ir_remap_msi", "(addr {A:x}, data {B:x}) -> (addr {C:x}, data {D:x})"),
        new(TraceEvent.RemapEntry, "vtd_ir_remap",
            "index {A<65536} trigger {B<2} vector {C<256} deliver {D<8} dest {E:x<4294967296} mode {F<2}"),
        // QEMU passes the halves to its own format in the wrong order: the printed low half is bits 127:64.
        new(TraceEvent.RemapFetch, "vtd_ir_irte_get", "index {A<65536} low {C:x} high {B:x}"),
        new(TraceEvent.RemapEnable, "vtd_ir_enable", "enable {A<2}"),
        new(TraceEvent.GeneratedInterrupt, "vtd_irq_generate", "addr {A:x} data {B:x}"),
        new(TraceEvent.IecInvalidate, "vtd_inv_desc_iec",
            "granularity {A:x<2} index {B:x<4294967296} mask {C:x<4294967296}"),
        new(TraceEvent.RemapRoot, "vtd_reg_ir_root", "addr {A:x} size {B:x<4294967296}"),
        new(TraceEvent.RemapRegisterWrite, "vtd_reg_write", "addr {A:x<4096} size {B:x<9} value {C:x}"),
        new(TraceEvent.RemapVectorDiffers, "vtd_warn_ir_vector",
            "sid {A:x<65536} index {B<65536} vec {C<256} (should be: {D<256})"),
        new(TraceEvent.RemapTriggerDiffers, "vtd_warn_ir_trigger",
            "sid {A:x<65536} index {B<65536} trigger {C<2} (should be: {D<2})"),
        new(TraceEvent.FaultRecorded, "vtd_frr_new", "index {A<65536} high {_:x} low {_:x}"),

        new(TraceEvent.ServicingInterrupt, "Servicing", "hardware INT={A:x<256}"),
        // The hypervisor of a nested guest injects this interrupt: no chip of this machine is acknowledged.
        new(TraceEvent.Other, "Servicing", "virtual hardware INT={_:x<256}"),
        new(TraceEvent.KernelTrigger, "ioapic_service:", "trigger KVM IRQ {A<256}"),
        new(TraceEvent.KernelRoute, "ioapic_update_kvm_routes:", "update KVM route for IRQ {A<256}: {B:x} {C:x<4294967296}"),
        new(TraceEvent.KernelRouteUpdate, "kvm_irqchip_update_msi_route", "Updating MSI route virq={A<65536}"),
        // Before QEMU 2.9 the line had the virq alone.
        new(TraceEvent.KernelRouteAdd, "kvm_irqchip_add_msi_route", "dev {_:word} vector {A<65536} virq {B<65536}"),
        new(TraceEvent.KernelRouteAdd, "kvm_irqchip_add_msi_route", "Adding MSI route virq={B<65536}"),
        new(TraceEvent.KernelRouteCommit, "kvm_irqchip_commit_routes", ""),
        new(TraceEvent.KernelRouteRelease, "kvm_irqchip_release_virq", "virq {A<65536}"),
        new(TraceEvent.KernelResample, "kvm_resample_fd_notify", "gsi {A<65536}"),
        new(TraceEvent.KernelRouteFault, "kvm_x86_fixup_msi_error", "VT-d failed to remap interrupt for GSI {A<65536}"),
        new(TraceEvent.TaskRegister, "TR", "={B:x<65536} {A:x} ..."),
    ];
}
