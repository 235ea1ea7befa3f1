using System.Text;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Tests.Qemu;

public class LineTests
{
    /// <summary>A line of each event, as QEMU printed it or as its format prints it.</summary>
    public static TheoryData<string, TraceEvent, ulong[]> Events => new()
    {
        { "pic_set_irq master 0 irq 5 level 0", TraceEvent.PicSetIrq, [0, 5, 0] },
        { "pic_update_irq master 1 imr 251 irr 17 padd 8", TraceEvent.PicUpdateIrq, [1, 251, 17, 8] },
        { "pic_interrupt irq 0 intno 8", TraceEvent.PicInterrupt, [0, 8] },
        { "pic_ioport_write master 1 addr 0x0 val 0x20", TraceEvent.PicPortWrite, [1, 0, 0x20] },
        { "pic_ioport_read master 1 addr 0x1 val 0xfb", TraceEvent.PicPortRead, [1, 1, 0xFB] },
        { "ioapic_set_irq vector: 21 level: 1", TraceEvent.IoApicSetIrq, [21, 1] },
        { "ioapic_set_remote_irr set remote irr for pin 14", TraceEvent.IoApicSetRemoteIrr, [14] },
        { "ioapic_clear_remote_irr clear remote irr for pin 14 vector 119", TraceEvent.IoApicClearRemoteIrr, [14, 119] },
        { "ioapic_eoi_broadcast EOI broadcast for vector 119", TraceEvent.IoApicEoiBroadcast, [119] },
        {
            "ioapic_eoi_delayed_reassert delayed reassert on EOI broadcast for vector 119",
            TraceEvent.IoApicDelayedReassert, [119]
        },
        {
            "ioapic_mem_read ioapic mem read addr 0x10 regsel: 0x1 size 0x4 retval 0x170020",
            TraceEvent.IoApicRead, [0x10, 1, 4, 0x170020]
        },
        {
            "ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x3a size 0x4 val 0xffe8ffdf",
            TraceEvent.IoApicWrite, [0x10, 0x3A, 4, 0xFFE8FFDF]
        },
        { "apic_local_deliver vector 3 delivery mode 7", TraceEvent.ApicLocalDeliver, [3, 7] },
        { "apic_local_deliver vector 3 delivery mode 67328", TraceEvent.ApicLocalDeliver, [3, 0x10700] },
        {
            "apic_deliver_irq dest 255 dest_mode 1 delivery_mode 3 vector 118 trigger_mode 1",
            TraceEvent.ApicDeliverIrq, [255, 1, 3, 118, 1]
        },
        { "apic_mem_readl 0xf0 = 0x000000ff", TraceEvent.ApicRead, [0xF0, 0xFF] },
        { "apic_mem_writel 0xb0 = 0x00000000", TraceEvent.ApicWrite, [0xB0, 0] },
        { "apic_mem_writel b0 = 0000001f", TraceEvent.ApicWrite, [0xB0, 0x1F] },
        { "apic_mem_readl 0x24 = 0x01000000", TraceEvent.ApicRead, [0x20, 0x01000000] },
        { "apic_register_read register 0x0f = 0xff", TraceEvent.ApicRead, [0xF0, 0xFF] },
        { "apic_register_write register 0x0b = 0x0", TraceEvent.ApicWrite, [0xB0, 0] },
        { "apic_register_write register 0x30 = 0x1000000c051", TraceEvent.ApicWrite, [0x300, 0x1000000C051] },
        { "apic_report_irq_delivered coalescing 1", TraceEvent.ReportDelivered, [1] },
        { "kvm_report_irq_delivered coalescing -1", TraceEvent.ReportDelivered, [ulong.MaxValue] },
        { "apic_reset_irq_delivered old coalescing 2", TraceEvent.ResetDelivered, [2] },
        { "kvm_reset_irq_delivered old coalescing 2", TraceEvent.ResetDelivered, [2] },
        { "apic_get_irq_delivered returning coalescing 1", TraceEvent.GetDelivered, [1] },
        { "kvm_get_irq_delivered returning coalescing 1", TraceEvent.GetDelivered, [1] },
        { "cpu_set_apic_base 0x00000000fee00900", TraceEvent.SetApicBase, [0xFEE00900] },
        { "cpu_get_apic_base 0x00000000fee00900", TraceEvent.GetApicBase, [0xFEE00900] },
        { "ioapic_service: trigger KVM IRQ 11", TraceEvent.KernelTrigger, [11] },
        { "ioapic_update_kvm_routes: update KVM route for IRQ 11: fee02000 8021", TraceEvent.KernelRoute, [11, 0xFEE02000, 0x8021] },
        { "kvm_irqchip_update_msi_route Updating MSI route virq=4", TraceEvent.KernelRouteUpdate, [4] },
        { "kvm_irqchip_add_msi_route dev virtio-blk-pci vector 1 virq 25", TraceEvent.KernelRouteAdd, [1, 25] },
        { "kvm_irqchip_add_msi_route Adding MSI route virq=25", TraceEvent.KernelRouteAdd, [0, 25] },
        { "kvm_irqchip_commit_routes ", TraceEvent.KernelRouteCommit, [] },
        { "kvm_irqchip_release_virq virq 25", TraceEvent.KernelRouteRelease, [25] },
        { "kvm_resample_fd_notify gsi 11", TraceEvent.KernelResample, [11] },
        { "kvm_x86_fixup_msi_error VT-d failed to remap interrupt for GSI 24", TraceEvent.KernelRouteFault, [24] },
        { "x86_gsi_interrupt GSI interrupt #21 level:1", TraceEvent.GsiInterrupt, [21, 1] },
        { "x86_pic_interrupt PIC interrupt #0 level:1", TraceEvent.PicInterruptLine, [0, 1] },
        {
            "x86_iommu_iec_notify Notify IEC invalidation: global=0 index=12 mask=3",
            TraceEvent.IecNotify, [0, 12, 3]
        },
        { "vtd_ir_remap_msi_req addr 0xfee00030 data 0xed", TraceEvent.RemapRequest, [0xFEE00030, 0xED] },
        {
            "vtd_ir_remap_msi (addr 0xfee00030, data 0xed) -> (addr 0xfee00004, data 0x40ed)",
            TraceEvent.RemapDone, [0xFEE00030, 0xED, 0xFEE00004, 0x40ED]
        },
        {
            "vtd_ir_remap index 1 trigger 0 vector 48 deliver 2 dest 0x100 mode 1",
            TraceEvent.RemapEntry, [1, 0, 48, 2, 0x100, 1]
        },
        { "vtd_ir_irte_get index 1 low 0x4ff00 high 0x1000030000d", TraceEvent.RemapFetch, [1, 0x1000030000D, 0x4FF00] },
        { "vtd_ir_enable enable 1", TraceEvent.RemapEnable, [1] },
        { "vtd_irq_generate addr 0xfee00000 data 0x4021", TraceEvent.GeneratedInterrupt, [0xFEE00000, 0x4021] },
        { "vtd_inv_desc_iec granularity 0x1 index 0x10 mask 0x2", TraceEvent.IecInvalidate, [1, 0x10, 2] },
        { "vtd_reg_ir_root addr 0x1057000 size 0x10000", TraceEvent.RemapRoot, [0x1057000, 0x10000] },
        { "vtd_reg_write addr 0x18 size 0x4 value 0x3000000", TraceEvent.RemapRegisterWrite, [0x18, 4, 0x3000000] },
        { "vtd_warn_ir_vector sid 0xffff index 3 vec 4 (should be: 34)", TraceEvent.RemapVectorDiffers, [0xFFFF, 3, 4, 34] },
        { "vtd_warn_ir_trigger sid 0x8 index 3 trigger 1 (should be: 0)", TraceEvent.RemapTriggerDiffers, [8, 3, 1, 0] },
        { "vtd_frr_new index 3 high 0x8000002200000008 low 0x1000", TraceEvent.FaultRecorded, [3] },
        { "Servicing hardware INT=0xec", TraceEvent.ServicingInterrupt, [0xEC] },
        {
            "   134: v=ec e=0000 i=0 cpl=0 IP=0010:ffffffffb1a17a0b pc=ffffffffb1a17a0b SP=0018:ffffd377c00abed8 "
            + "env->regs[R_EAX]=000000000001ad40",
            TraceEvent.InterruptDump, [134, 0xEC, 0]
        },
        { "1000000: v=80 e=0000 i=1 cpl=3 IP=0010:00000000 pc=00000000", TraceEvent.InterruptDump, [1000000, 0x80, 1] },
        {
            "TR =0040 fffffe0000003000 00004087 00008900 DPL=0 TSS64-avl",
            TraceEvent.TaskRegister, [0xFFFFFE0000003000, 0x40]
        },
        { "TR =0008 00f0a000 0000ffff 00008b00", TraceEvent.TaskRegister, [0xF0A000, 8] },
    };

    [Theory]
    [MemberData(nameof(Events))]
    public void An_event_is_read(string text, TraceEvent happened, ulong[] data)
    {
        ArgumentNullException.ThrowIfNull(data);
        Assert.Equal(Expected(happened, 1, 0, -1, data), Assert.Single(ReadAll(text + "\n").Lines));
    }

    [Fact]
    public void Every_event_has_a_line_here() =>
        Assert.Equal(
            Enum.GetValues<TraceEvent>().Where(e => e != TraceEvent.Other),
            Events.Select(row => row.Data.Item2).Distinct().Order());

    internal static TraceLine Expected(TraceEvent happened, long number, long thread, long time, ulong[] data)
    {
        var all = new ulong[6];
        data.CopyTo(all, 0);
        return new(happened, number, thread, time)
        {
            A = all[0],
            B = all[1],
            C = all[2],
            D = all[3],
            E = all[4],
            F = all[5],
        };
    }

    internal static (List<TraceLine> Lines, QemuLogReader Reader) ReadAll(string text) => ReadAll(Encoding.Latin1.GetBytes(text));

    internal static (List<TraceLine> Lines, QemuLogReader Reader) ReadAll(byte[] text)
    {
        using var reader = new QemuLogReader(new MemoryStream(text), "guest.log");
        var lines = new List<TraceLine>();
        while (reader.TryRead(out TraceLine line))
            lines.Add(line);
        return (lines, reader);
    }
}
