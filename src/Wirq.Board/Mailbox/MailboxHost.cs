using Wirq.Board.Machine;
using Wirq.Board.Workarounds;
using Wirq.Lab.Scenarios;
using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Mailbox;

/// <summary>The host's KVM, for machines with mailbox guests.</summary>
internal sealed class MailboxHost : IDisposable
{
    private readonly IReadOnlyList<HostWorkaround> _workarounds;
    private readonly KvmCpuidLeaf[] _supported;

    /// <summary>Takes over the host's KVM.</summary>
    /// <param name="system">KVM; disposed of with this object.</param>
    /// <param name="workarounds">The work-arounds that its probes enable
    /// (<see cref="HostReport.Workarounds"/>).</param>
    public MailboxHost(KvmSystem system, IReadOnlyList<HostWorkaround> workarounds)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(workarounds);
        System = system;
        _workarounds = workarounds;
        _supported = system.GetSupportedCpuid();
        PhysicalAddressBits = GuestCpuid.AddressBitsOf(_supported);
    }

    internal KvmSystem System { get; }
    /// <summary>The number of physical address bits of a guest.</summary>
    internal int PhysicalAddressBits { get; }

    /// <summary>The CPUID of the guest. The guest never reads it, but KVM does when IA32_APIC_BASE is
    /// written.</summary>
    /// <param name="id">The APIC id of the CPU.</param>
    /// <param name="cpus">The number of CPUs.</param>
    /// <param name="kernelApic">Whether the local APIC is in KVM.</param>
    internal KvmCpuidLeaf[] CpuidOf(int id, int cpus, bool kernelApic = false) => GuestCpuid.Of(_supported, id, cpus, x2Apic: true, kernelApic);

    internal WorkaroundSet Workarounds() => WorkaroundSet.For(_workarounds);

    /// <summary>Creates the CPUs of a world (<see cref="Wirq.Lab.Worlds.WorldOptions.Cpus"/>).</summary>
    /// <param name="fabric">Its interrupt system.</param>
    /// <param name="machine">The machine.</param>
    public MailboxCpus CreateCpus(Fabric fabric, MachineSpec machine) => CreateCpus(fabric, machine, MailboxMode.Long);

    /// <param name="fabric">Its interrupt system.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="mode">The mode of the guest. In real mode it has no CR8, no accesses of 8 bytes, 4 GiB of addresses
    /// and 16 CPUs.</param>
    /// <inheritdoc cref="CreateCpus(Fabric, MachineSpec)"/>
    public MailboxCpus CreateCpus(Fabric fabric, MachineSpec machine, MailboxMode mode)
    {
        ArgumentNullException.ThrowIfNull(fabric);
        ArgumentNullException.ThrowIfNull(machine);
        return new MailboxCpus(this, fabric, machine, mode);
    }

    /// <inheritdoc/>
    public void Dispose() => System.Dispose();
}
