using System.Runtime.ExceptionServices;
using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux.Tests;

/// <summary>The requirements of the tests on the host; without them, tests are skipped with the reason.</summary>
internal static class KvmHost
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(60);

    /// <summary>Skips where descriptors and calls are not those of Linux on x86-64.</summary>
    internal static void RequireLinux() =>
        Assert.SkipUnless(HostPlatform.IsSupported, "needs Linux on x86-64: eventfd and epoll are called");

    /// <summary>Opens the host's KVM, or skips.</summary>
    internal static KvmSystem Require()
    {
        RequireLinux();
        KvmSystem? system = null;
        try
        {
            system = KvmSystem.Open();
        }
        catch (KernelException absent)
        {
            Assert.Skip($"needs KVM: {absent.Message}");
        }
        return system!;
    }

    /// <summary>Runs a test on KVM, for a minute at most: a test that takes a second on a quiet machine takes twenty on
    /// a busy one.</summary>
    internal static void Run(Action<KvmSystem> test)
    {
        using KvmSystem system = Require();
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                test(system);
            }
            catch (Exception thrown)
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
            }
        })
        { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(s_bound), $"KVM did not answer within {s_bound.TotalSeconds} s");
        failure?.Throw();
    }

    /// <summary>Runs a test on a machine with a split irqchip and one enabled vCPU.</summary>
    internal static void RunSplit(Action<KvmVm, KvmVcpu> test) => Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        test(vm, Enabled(vm, 0));
    });

    /// <summary>Makes a vCPU whose local APIC takes interrupts.</summary>
    internal static KvmVcpu Enabled(KvmVm vm, int id)
    {
        KvmVcpu vcpu = vm.CreateVcpu(id);
        vcpu.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        return vcpu;
    }

    /// <summary>The vectors that wait in the IRR of a vCPU.</summary>
    internal static int[] Irr(this KvmVcpu vcpu)
    {
        vcpu.GetLapic(out LapicState state);
        return state.VectorsIn(ApicRegister.Request);
    }

    /// <summary>Empties IRR and TMR, as if the guest had taken and ended everything.</summary>
    internal static void ClearIrr(this KvmVcpu vcpu)
    {
        vcpu.GetLapic(out LapicState state);
        for (int vector = 0; vector < 256; vector++)
        {
            state.Set(ApicRegister.Request, (byte)vector, false);
            state.Set(ApicRegister.TriggerMode, (byte)vector, false);
        }
        vcpu.SetLapic(state);
    }

    /// <summary>Waits, for five seconds at most, for what KVM does a little later.</summary>
    internal static bool Soon(Func<bool> condition) => SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(5));

    /// <summary>The number of descriptors of this process of the kinds that tests create: eventfds, epolls, timers,
    /// machines, vCPUs. Descriptors of assemblies and pipes are not counted, because their number varies. Objects that
    /// earlier tests did not close are finalized first, so that they are not closed between two counts.</summary>
    internal static int OpenDescriptors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return CountDescriptors();
    }

    private static int CountDescriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Count(entry => new FileInfo(entry).LinkTarget is { } target && (target.StartsWith("anon_inode:", StringComparison.Ordinal) || target == "/dev/kvm"));
}
