using Wirq.Board.Twins;
using Wirq.Lab.Kernels;
using Wirq.Linux;
using Wirq.Linux.Tests;
using Wirq.State;

namespace Wirq.Board.Tests.Twins;

/// <summary>A difference between a chip of KVM and a simulated one is found, on any KVM: no guest runs.</summary>
public class ComparisonTests
{
    private const byte Vector = 0x51;

    [Fact]
    public void A_vector_that_only_one_local_APIC_has_is_named() => KvmHost.RunSplit((_, vcpu) =>
    {
        SimulatedKernel kernel = Make(KernelKind.Split);
        kernel.EnableApic(0);
        Assert.Null(LapicComparison.Differs(0, vcpu, kernel));
        vcpu.GetLapic(out LapicState state);
        Set(ApicRegister.Request, true);
        Assert.Equal("IRR of cpu0 has 0x51", LapicComparison.Differs(0, vcpu, kernel));
        Assert.True(kernel.SignalMsi(new Msi(MsiAddress.For(0), MsiData.For(Vector))));
        Assert.Null(LapicComparison.Differs(0, vcpu, kernel));
        // The bit of a vector that is not there has no meaning.
        state.Set(ApicRegister.TriggerMode, Vector + 1, true);
        Set(ApicRegister.TriggerMode, true);
        Assert.Equal("TMR of cpu0 has 0x51", LapicComparison.Differs(0, vcpu, kernel));
        Set(ApicRegister.TriggerMode, false);
        Assert.Equal(Vector, kernel.Take(0));
        Assert.Equal("IRR of cpu0 has 0x51", LapicComparison.Differs(0, vcpu, kernel));
        Set(ApicRegister.Request, false);
        Assert.Equal("ISR of cpu0 has no 0x51", LapicComparison.Differs(0, vcpu, kernel));
        Set(ApicRegister.InService, true);
        Assert.Null(LapicComparison.Differs(0, vcpu, kernel));

        void Set(ApicRegister bank, bool value)
        {
            state.Set(bank, Vector, value);
            vcpu.SetLapic(state);
        }
    });

    [Fact]
    public void An_entry_and_a_request_that_only_one_machine_has_are_named() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateIrqChip();
        SimulatedKernel kernel = Make(KernelKind.Full);
        Assert.Null(ChipComparison.Differs(vm, kernel));
        kernel.WriteIoApicEntry(3, RedirectionEntry.Create(Vector, 0, level: true));
        Assert.StartsWith("entry 3 is ", ChipComparison.Differs(vm, kernel), StringComparison.Ordinal);
        KvmIoApicState state = vm.GetIoApic();
        state.Entries[3] = kernel.IoApicEntry(3);
        vm.SetIoApic(state);
        Assert.Null(ChipComparison.Differs(vm, kernel));
        vm.SetIrqLine(5, true);
        Assert.Equal("the 8259s have requests 0x0020 instead of 0x0000", ChipComparison.Differs(vm, kernel));
        kernel.SetIrqLine(5, true);
        Assert.Null(ChipComparison.Differs(vm, kernel));
    });

    private static SimulatedKernel Make(KernelKind kind)
    {
        var arena = new StateArena();
        return new SimulatedKernel(new SimulatedKernelOptions { Kind = kind }, new SimulatedEventFds(1, arena), arena);
    }
}
