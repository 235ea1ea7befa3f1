namespace Wirq.Linux.Probes;

/// <summary>Does a bound irqfd take its eventfd's count before a poll of userspace sees it?</summary>
internal sealed class ConsumesFirstProbe() : HostProbe("irqfd-first",
    "is a bound eventfd consumed by the kernel before userspace sees it?",
    "then a hot virq wakes nobody in userspace")
{
    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        if (system.CheckExtension(KvmCapability.SplitIrqChip) == 0)
            return Lacks(KvmCapability.SplitIrqChip);
        if (system.CheckExtension(KvmCapability.Irqfd) == 0)
            return Lacks(KvmCapability.Irqfd);
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        using var port = new KvmKernelPort(vm);
        return port.Limits.ConsumesFirst ? Faithful("yes")
            : Deviates("no, userspace is woken too (Linux before 5.11): a bound eventfd must leave the poll");
    }
}
