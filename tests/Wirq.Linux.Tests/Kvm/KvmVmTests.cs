using Wirq.Routing;

namespace Wirq.Linux.Tests.Kvm;

public class KvmVmTests
{
    private const int NoDevice = 6, Exists = 17, Invalid = 22;

    [Fact]
    public void A_message_waits_in_the_IRR_of_the_vCPU_that_it_names() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        KvmVcpu first = KvmHost.Enabled(vm, 0), second = KvmHost.Enabled(vm, 1);
        Assert.True(vm.SignalMsi(Message(0x41, 1)));
        Assert.Empty(first.Irr());
        Assert.Equal([0x41], second.Irr());
        Assert.Equal([first, second], vm.Vcpus);
    });

    [Fact]
    public void A_level_message_shows_in_TMR() => KvmHost.RunSplit((vm, vcpu) =>
    {
        Assert.True(vm.SignalMsi(Message(0x41, 0, level: true)));
        Assert.True(vm.SignalMsi(Message(0x81, 0)));
        vcpu.GetLapic(out LapicState state);
        Assert.Equal([0x41, 0x81], state.VectorsIn(ApicRegister.Request));
        Assert.Equal([0x41], state.VectorsIn(ApicRegister.TriggerMode));
        Assert.Equal(1u << 1, state.Word(ApicRegister.Request, 2));
        Assert.True(state.Has(ApicRegister.Request, 0x81));
        Assert.False(state.Has(ApicRegister.InService, 0x81));
    });

    [Fact]
    public void A_message_that_nobody_takes_is_told_to_be_so() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        KvmVcpu vcpu = vm.CreateVcpu(0);
        Assert.False(vm.SignalMsi(Message(0x41, 0)), "it is software-disabled");
        vcpu.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        Assert.True(vm.SignalMsi(Message(0x41, 0)));
        Assert.False(vm.SignalMsi(Message(0x41, 9)), "nobody has id 9");
        Assert.False(vm.SignalMsi(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0x80, logical: true))));
        Assert.False(vm.SignalMsi(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.LowestPriority, 9))));
    });

    [Fact]
    public void An_irqfd_injects_the_route_of_its_GSI() => KvmHost.RunSplit((vm, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        vm.SetGsiRouting([new KvmRoutingEntry(30, Message(0x51, 0))]);
        vm.AssignIrqfd(30, trigger, EventFd.None);
        trigger.Write();
        Assert.Equal([0x51], vcpu.Irr());
        vm.DeassignIrqfd(30, trigger);
        trigger.Write();
        Assert.True(trigger.IsReadable);
        Assert.Equal([0x51], vcpu.Irr());
    });

    [Fact]
    public void A_line_of_a_split_machine_sends_its_message_at_the_rise() => KvmHost.RunSplit((vm, vcpu) =>
    {
        vm.SetGsiRouting([new KvmRoutingEntry(5, Message(0x52, 0))]);
        vm.SetIrqLine(5, false);
        Assert.Empty(vcpu.Irr());
        vm.SetIrqLine(5, true);
        Assert.Equal([0x52], vcpu.Irr());
        vcpu.ClearIrr();
        Assert.Equal(1, vm.SetIrqLineStatus(5, true));
        Assert.Equal([0x52], vcpu.Irr());
    });

    [Fact]
    public void Ids_of_32_bits_reach_a_vCPU_beyond_255() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        Assert.Equal(MsiFormat.Compatibility, vm.MsiFormat);
        vm.EnableX2ApicApi(X2ApicApi.Use32BitIds | X2ApicApi.DisableBroadcastQuirk);
        Assert.Equal(MsiFormat.KvmHighAddress, vm.MsiFormat);
        KvmVcpu far = vm.CreateVcpu(300);
        far.SetCpuid(system.GetSupportedCpuid());
        KvmSystemRegisters registers = far.SystemRegisters;
        // x2APIC mode, Intel SDM vol. 3, 11.12.1.
        registers.ApicBase |= 0xC00;
        far.SystemRegisters = registers;
        far.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        Assert.Equal(300u, far.ReadLapic(ApicRegister.Id));
        Assert.True(vm.SignalMsi(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 300), vm.MsiFormat)));
        Assert.Equal([0x41], far.Irr());
        Assert.False(vm.SignalMsi(Msi.Encode(InterruptMessage.Create(0x42, DeliveryMode.Fixed, 0xFF), vm.MsiFormat)));
    });

    [Fact]
    public void The_chips_of_a_full_machine_are_read_and_set() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateIrqChip();
        KvmVcpu vcpu = KvmHost.Enabled(vm, 0);

        KvmIoApicState ioApic = vm.GetIoApic();
        Assert.Equal(0xFEC00000ul, ioApic.BaseAddress);
        Assert.True(ioApic.Entries[20].Masked);
        ioApic.Entries[20] = RedirectionEntry.Create(0x61, 0, level: true);
        vm.SetIoApic(ioApic);
        vm.SetIrqLine(20, true);
        Assert.Equal([0x61], vcpu.Irr());
        Assert.True(vm.GetIoApic().Entries[20].RemoteIrr);
        Assert.True(vm.GetIoApic().HasRequest(20));

        KvmPicState pic = vm.GetPic(slave: true);
        pic.VectorBase = 0x28;
        pic.Mask = 0xFE;
        vm.SetPic(pic, slave: true);
        vm.SetIrqLine(8, true);
        Assert.Equal((0x28, 0xFE, 1), (vm.GetPic(slave: true).VectorBase, vm.GetPic(slave: true).Mask, vm.GetPic(slave: true).Requests));
        Assert.Equal(0xF8, vm.GetPic().ElcrMask);
    });

    [Fact]
    public void A_resample_irqfd_exists_only_in_a_full_machine() => KvmHost.Run(system =>
    {
        using EventFdHandle trigger = EventFdHandle.Create(), resample = EventFdHandle.Create();
        using KvmVm split = system.CreateVm();
        split.CreateSplitIrqChip();
        KernelException error = Assert.Throws<KernelException>(() => split.AssignIrqfd(10, trigger, resample));
        AssertError(error, "KVM_IRQFD", Invalid, 10, "KVM_EXIT_IOAPIC_EOI");

        using KvmVm full = system.CreateVm();
        full.CreateIrqChip();
        KvmVcpu vcpu = KvmHost.Enabled(full, 0);
        KvmIoApicState ioApic = full.GetIoApic();
        ioApic.Entries[10] = RedirectionEntry.Create(0x61, 0, level: true);
        full.SetIoApic(ioApic);
        full.AssignIrqfd(10, trigger, resample);
        trigger.Write();
        Assert.True(KvmHost.Soon(() => vcpu.Irr().Length > 0), "KVM raises a pin a little later");
        Assert.Equal([0x61], vcpu.Irr());
        full.DeassignIrqfd(10, trigger);
    });

    [Fact]
    public void Without_an_irqchip_the_calls_say_that_there_is_none() => KvmHost.Run(system =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        using KvmVm vm = system.CreateVm();
        KvmVcpu vcpu = vm.CreateVcpu(0);
        const string advice = "no in-kernel irqchip";
        AssertError(Assert.Throws<KernelException>(() => vm.SignalMsi(Message(0x41, 0))), "KVM_SIGNAL_MSI", Invalid, -1, advice);
        AssertError(Assert.Throws<KernelException>(() => vm.SetGsiRouting([])), "KVM_SET_GSI_ROUTING", Invalid, -1, advice);
        AssertError(Assert.Throws<KernelException>(() => vcpu.GetLapic(out _)), "KVM_GET_LAPIC", Invalid, -1, advice);
        AssertError(Assert.Throws<KernelException>(() => vm.SetIrqLine(3, true)), "KVM_IRQ_LINE", NoDevice, 3, advice);
        AssertError(Assert.Throws<KernelException>(() => vm.GetIoApic()), "KVM_GET_IRQCHIP", NoDevice, -1, "full irqchip");
        KernelException irqfd = Assert.Throws<KernelException>(() => vm.AssignIrqfd(3, trigger, EventFd.None));
        Assert.Equal(("KVM_IRQFD", 3), (irqfd.Call, irqfd.Gsi));
        Assert.Contains(advice, irqfd.Message, StringComparison.Ordinal);
        vcpu.Interrupt(0x41);
        vcpu.Nmi();
    });

    [Fact]
    public void The_irqchip_is_chosen_once_and_before_the_first_vCPU() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateVcpu(0);
        Assert.Equal("KVM_CREATE_IRQCHIP", Assert.Throws<KernelException>(vm.CreateIrqChip).Call);
        Assert.Equal("KVM_ENABLE_CAP", Assert.Throws<KernelException>(() => vm.CreateSplitIrqChip()).Call);
        Assert.Equal(KvmIrqChip.None, vm.IrqChip);
        using KvmVm twice = system.CreateVm();
        twice.CreateIrqChip();
        Assert.Contains("once", Assert.Throws<KernelException>(() => twice.CreateSplitIrqChip()).Message, StringComparison.Ordinal);
        AssertError(Assert.Throws<KernelException>(() => vm.CreateVcpu(0)), "KVM_CREATE_VCPU", Exists, -1, "vCPU 0");
    });

    [Fact]
    public void A_table_that_KVM_refuses_says_which_row_and_why() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        Check(4096, "highest GSI", new KvmRoutingEntry(4096, Message(0x41, 0)));
        Check(7, "full irqchip", new KvmRoutingEntry(5, Message(0x41, 0)), new KvmRoutingEntry(7, KvmChip.IoApic, 7));
        Check(-1, "two messages", new KvmRoutingEntry(5, Message(0x41, 0)), new KvmRoutingEntry(5, Message(0x42, 0)));
        Check(-1, "4097 rows", [.. Enumerable.Range(0, 4097).Select(gsi => new KvmRoutingEntry(gsi, Message(0x41, 0)))]);

        void Check(int gsi, string advice, params KvmRoutingEntry[] rows)
        {
            Assert.SkipUnless(vm.RouteLimit == 4096, "this kernel's table does not hold 4096");
            KernelException error = Assert.Throws<KernelException>(() => vm.SetGsiRouting(rows));
            Assert.Equal(("KVM_SET_GSI_ROUTING", gsi), (error.Call, error.Gsi));
            Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        }
    });

    [Fact]
    public void A_GSI_beyond_the_table_is_refused_before_KVM_takes_it() => KvmHost.RunSplit((vm, _) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        Assert.Throws<ArgumentOutOfRangeException>(() => vm.AssignIrqfd(vm.RouteLimit, trigger, EventFd.None));
        Assert.Throws<ArgumentOutOfRangeException>(() => vm.SetIrqLine(-1, true));
    });

    [Fact]
    public void Guest_memory_stays_mapped_while_a_machine_has_it() => KvmHost.Run(system =>
    {
        KvmVm vm = system.CreateVm();
        Mapping memory = Mapping.Anonymous(8192);
        vm.MapMemory(0, 0x1000, memory);
        using Mapping other = Mapping.Anonymous(4096);
        AssertError(Assert.Throws<KernelException>(() => vm.MapMemory(1, 0x2000, other)), "KVM_SET_USER_MEMORY_REGION", Exists, -1, "slot 1");
        vm.MapMemory(0, 0x4000, memory);
        vm.MapMemory(1, 0x2000, other, readOnly: true);
        vm.UnmapMemory(1);
        vm.UnmapMemory(1);
        vm.Dispose();
        vm.Dispose();
        Assert.False(memory.IsClosed);
        memory.AsSpan()[0] = 1;
        memory.Dispose();
    });

    private static Msi Message(byte vector, uint destination, bool level = false) =>
        Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, destination, level: level));

    private static void AssertError(KernelException error, string call, int errno, int gsi, string advice)
    {
        Assert.Equal((call, errno, gsi), (error.Call, error.Errno, error.Gsi));
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }
}
