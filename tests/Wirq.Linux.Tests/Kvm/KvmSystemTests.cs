using Wirq.Routing;

namespace Wirq.Linux.Tests.Kvm;

public class KvmSystemTests
{
    [Fact]
    public void A_host_without_the_device_says_what_to_do()
    {
        KvmHost.RequireLinux();
        KernelException error = Assert.Throws<KernelException>(() => KvmSystem.Open("/nonexistent/kvm"));
        Assert.Equal(("open /nonexistent/kvm", 2), (error.Call, error.Errno));
        Assert.Contains("load kvm_intel or kvm_amd", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_not_KVM_is_refused()
    {
        KvmHost.RequireLinux();
        KernelException error = Assert.Throws<KernelException>(() => KvmSystem.Open("/dev/null"));
        Assert.Equal(("KVM_GET_API_VERSION", 25), (error.Call, error.Errno));
        Assert.Contains("not KVM's device", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_its_version_and_what_it_can_do() => KvmHost.Run(system =>
    {
        Assert.Equal(12, system.ApiVersion);
        Assert.Equal(1, system.CheckExtension(KvmCapability.IrqChip));
        Assert.InRange(system.CheckExtension(KvmCapability.IrqRouting), 1024, 1 << 20);
        Assert.Equal(0, system.CheckExtension((KvmCapability)0xFFFF));
        Assert.NotEmpty(system.GetSupportedCpuid());
    });

    [Fact]
    public void A_hundred_machines_leave_no_descriptor() => KvmHost.Run(system =>
    {
        Round(system);
        int before = KvmHost.OpenDescriptors();
        for (int i = 0; i < 100; i++)
            Round(system);
        Assert.Equal(before, KvmHost.OpenDescriptors());
        // A machine that is left open shows, with its vCPU.
        using KvmVm open = system.CreateVm();
        open.CreateVcpu(0);
        Assert.Equal(before + 2, KvmHost.OpenDescriptors());

        static void Round(KvmSystem system)
        {
            using Mapping memory = Mapping.Anonymous(4096);
            using EventFdHandle trigger = EventFdHandle.Create();
            using KvmVm vm = system.CreateVm();
            vm.CreateSplitIrqChip();
            vm.MapMemory(0, 0, memory);
            KvmHost.Enabled(vm, 0);
            using var port = new KvmKernelPort(vm);
            port.Bind(24, trigger, EventFd.None);
        }
    });
}
