using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>Puts KVM under a machine that is being built.</summary>
public static class KvmHostBuilder
{
    /// <summary>A machine of KVM with a split irqchip is the kernel, and a thread polls eventfds (an <see
    /// cref="EpollLoop"/>). All of it goes with the machine that is built.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="prepare">Given the machine of KVM, with its irqchip, before anything else has it: chooses the x2APIC interface,
    /// makes vCPUs, maps memory.</param>
    /// <param name="loop">How the poll works; edge-triggered in any case. An exception of a handler ends the loop where nothing
    /// else is said here, and is thrown when the machine is disposed.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already, or there are eventfds.</exception>
    /// <remarks><see cref="FabricHostBuilder.Build"/> throws <see cref="KernelException"/> where there is no KVM, or this user
    /// may not use it.</remarks>
    public static FabricHostBuilder UseKvm(this FabricHostBuilder builder, Action<KvmVm>? prepare = null, EpollOptions? loop = null) =>
        builder.Use(parts => parts.Own(parts.Own(KvmSystem.Open()).CreateVm()), prepare, loop);

    /// <summary>As <see cref="UseKvm"/>, on a machine of KVM that stays its
    /// owner's, who disposes of it after the machine that is built. Where it has no irqchip, it gets a split one, so it has no vCPU
    /// then.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="vm">The machine of KVM.</param>
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
