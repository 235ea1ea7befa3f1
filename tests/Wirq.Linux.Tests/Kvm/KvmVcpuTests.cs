using Wirq.Routing;

namespace Wirq.Linux.Tests.Kvm;

public class KvmVcpuTests
{
    [Fact]
    public void A_local_APIC_comes_back_as_it_was_set() => KvmHost.RunSplit((_, vcpu) =>
    {
        vcpu.GetLapic(out LapicState state);
        Assert.True(state.SpuriousVector.Enabled);
        state.SpuriousVector = new SpuriousVector(0x1EF);
        state[ApicRegister.TaskPriority] = 0x30;
        state.Set(ApicRegister.InService, 0x41, true);
        state.Set(ApicRegister.Request, 0xFE, true);
        state.Set(ApicRegister.Request, 0x20, true);
        state.Set(ApicRegister.Request, 0x20, false);
        vcpu.SetLapic(state);
        vcpu.GetLapic(out LapicState again);
        Assert.Equal([0x41], again.VectorsIn(ApicRegister.InService));
        Assert.Equal([0xFE], again.VectorsIn(ApicRegister.Request));
        Assert.Equal(0x30u, again[ApicRegister.TaskPriority]);
        Assert.Equal(0x1EFu, again.SpuriousVector.Bits);
        // KVM computes PPR when it pleases.
        again[ApicRegister.ProcessorPriority] = 0x40;
        Assert.Equal("SVR 0xef enabled, TPR 0x30, PPR 0x40, IRR [0xfe], ISR [0x41], TMR []", again.ToString());
    });

    [Fact]
    public void All_but_the_first_wait_for_INIT() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        KvmVcpu first = vm.CreateVcpu(0), second = vm.CreateVcpu(1);
        Assert.Equal(KvmMpState.Runnable, first.MpState);
        Assert.Equal(KvmMpState.Uninitialized, second.MpState);
        second.MpState = KvmMpState.Halted;
        Assert.Equal(KvmMpState.Halted, second.MpState);
    });

    [Fact]
    public void Registers_come_back_as_they_were_set() => KvmHost.RunSplit((_, vcpu) =>
    {
        KvmRegisters registers = vcpu.Registers;
        Assert.Equal(0xFFF0ul, registers.Rip);
        registers.R15 = 0x1234;
        vcpu.Registers = registers;
        Assert.Equal(0x1234ul, vcpu.Registers.R15);
        KvmSystemRegisters system = vcpu.SystemRegisters;
        // Enabled, and the bootstrap processor.
        Assert.Equal(0xFEE00900ul, system.ApicBase);
        system.Cr8 = 5;
        vcpu.SystemRegisters = system;
        Assert.Equal(0x50u, vcpu.ReadLapic(ApicRegister.TaskPriority));
        Assert.Equal(5ul, vcpu.SystemRegisters.Cr8);
    });

    [Fact]
    public void With_a_split_irqchip_one_vector_of_the_8259_waits_at_a_time() => KvmHost.RunSplit((_, vcpu) =>
    {
        vcpu.Interrupt(0x20);
        KernelException error = Assert.Throws<KernelException>(() => vcpu.Interrupt(0x21));
        Assert.Equal(("KVM_INTERRUPT", 17), (error.Call, error.Errno));
        Assert.Contains("vCPU 0", error.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void With_a_full_irqchip_the_8259_is_the_kernels() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateIrqChip();
        KernelException error = Assert.Throws<KernelException>(() => vm.CreateVcpu(0).Interrupt(0x20));
        Assert.Equal(("KVM_INTERRUPT", 6), (error.Call, error.Errno));
    });

    [Fact]
    public void Its_run_page_can_be_read_until_it_is_disposed() => KvmHost.RunSplit((_, vcpu) =>
    {
        Assert.Equal(0, vcpu.ReadRunHeader().ImmediateExit);
        Assert.InRange(vcpu.RunPage.Length, (nuint)4096, (nuint)65536);
        vcpu.Dispose();
        Assert.Throws<ObjectDisposedException>(() => vcpu.ReadRunHeader());
        Assert.Throws<ObjectDisposedException>(vcpu.Nmi);
    });
}
