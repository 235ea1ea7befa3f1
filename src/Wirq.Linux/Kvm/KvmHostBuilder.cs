using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>Adds KVM to a machine that is being built.</summary>
public static class KvmHostBuilder
{
    /// <summary>Uses a KVM machine with a split irqchip as the kernel, and an <see cref="EpollLoop"/> that polls
    /// eventfds on its own thread. Both are created by <see cref="FabricHostBuilder.Build"/> and disposed of with the
    /// machine.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="prepare">Called with the KVM machine, which has its irqchip, before any other code uses it. It
    /// chooses the x2APIC interface, creates vCPUs and maps memory.</param>
    /// <param name="loop">How the poll works. It is always edge-triggered. If <see cref="EpollOptions.HandlerFailed"/>
    /// is null, an exception of a handler ends the loop and is thrown when the machine is disposed.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already, or there are eventfds.</exception>
    /// <remarks><see cref="FabricHostBuilder.Build"/> throws <see cref="KernelException"/> if there is no KVM, or if
    /// this user may not use it.</remarks>
    public static FabricHostBuilder UseKvm(this FabricHostBuilder builder, Action<KvmVm>? prepare = null, EpollOptions? loop = null) =>
        builder.Use(parts => parts.Own(parts.Own(KvmSystem.Open()).CreateVm()), prepare, loop);

    /// <summary>As <see cref="UseKvm"/>, with a KVM machine that the caller owns. The caller disposes of it after the
    /// machine that is built. If it has no irqchip, it gets a split one, so it must not have a vCPU yet.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="vm">The KVM machine.</param>
    /// <param name="loop">How the poll works.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already, or there are eventfds.</exception>
    public static FabricHostBuilder UseKvmVm(this FabricHostBuilder builder, KvmVm vm, EpollOptions? loop = null)
    {
        ArgumentNullException.ThrowIfNull(vm);
        return builder.Use(_ => vm, prepare: null, loop);
    }

    private static FabricHostBuilder Use(this FabricHostBuilder builder, Func<HostParts, KvmVm> machine, Action<KvmVm>? prepare,
        EpollOptions? loop)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder
            .UseKernel(parts =>
            {
                KvmVm vm = machine(parts);
                if (vm.IrqChip == KvmIrqChip.None)
                    vm.CreateSplitIrqChip(parts.ReservedGsis);
                prepare?.Invoke(vm);
                return parts.Own(new KvmKernelPort(vm));
            })
            .UseEventFds(parts => parts.Own(new EpollLoop(parts.EventArrived, (loop ?? new()) with { EdgeTriggered = true })),
                edgeTriggered: true, create: parts => parts.Own(EventFdHandle.Create()).EventFd);
    }
}
