namespace Wirq.Linux.Tests.Differential;

/// <summary>Differences of KVM before Linux 6.18, as described in docs/profiles.md. A comparison detects them on the
/// host, and leaves out the behaviour that differs from profile <c>kvm</c>.</summary>
internal static class OlderKvm
{
    private const byte Vector = 0x41, LogicalId = 1;
    private const ushort Commands = 0x20;
    private const byte Poll = 0x0C, Request = 0x80;

    /// <summary>Whether each logical id is in the table, even if it is not one distinct bit. Of two local APICs with
    /// one id only the last is found.</summary>
    internal static bool ListsEveryLogicalId(KvmSystem system)
    {
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        KvmVcpu[] vcpus = [KvmHost.Enabled(vm, 0), KvmHost.Enabled(vm, 1)];
        foreach (KvmVcpu vcpu in vcpus)
            vcpu.WriteLapic(ApicRegister.LogicalDestination, (uint)LogicalId << 24);
        vm.SignalMsi(Msi.Encode(InterruptMessage.Create(Vector, DeliveryMode.Fixed, LogicalId, logical: true)));
        return vcpus.Any(vcpu => vcpu.Irr().Length == 0);
    }

    /// <summary>Whether a poll of an 8259 that finds a request reads only its number, without bit 7.</summary>
    internal static bool PollsWithoutBit7(AccessGuest guest)
    {
        guest.Vm.SetIrqLine(0, true);
        guest.WritePort(Commands, Poll);
        byte read = guest.ReadPort(Commands);
        guest.Vm.SetIrqLine(0, false);
        return (read & Request) == 0;
    }
}
