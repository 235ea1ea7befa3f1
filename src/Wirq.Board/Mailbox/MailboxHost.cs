using Wirq.Board.Workarounds;
using Wirq.Lab.Scenarios;
using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Mailbox;

/// <summary>The host's KVM, for machines with mailbox guests.</summary>
public sealed class MailboxHost : IDisposable
{
    private const uint AddressSizes = 0x80000008;
    private const int UsualAddressBits = 36, AddressBitsMask = 0xFF;

    private readonly IReadOnlyList<HostWorkaround> _workarounds;

    /// <summary>Takes the host's KVM over.</summary>
    /// <param name="system">KVM; disposed with this.</param>
    /// <param name="workarounds">What its probes switch on (<see cref="HostReport.Workarounds"/>).</param>
    public MailboxHost(KvmSystem system, IReadOnlyList<HostWorkaround> workarounds)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(workarounds);
        System = system;
        _workarounds = workarounds;
        Cpuid = system.GetSupportedCpuid();
        PhysicalAddressBits = Cpuid.Where(leaf => leaf.Leaf == AddressSizes)
            .Select(leaf => (int)(leaf.Eax & AddressBitsMask)).DefaultIfEmpty(UsualAddressBits).First();
    }

    internal KvmSystem System { get; }
    internal KvmCpuidLeaf[] Cpuid { get; }
    /// <summary>How wide physical addresses of a guest are.</summary>
    internal int PhysicalAddressBits { get; }

    internal WorkaroundSet Workarounds() => WorkaroundSet.For(_workarounds);

    /// <summary>Makes the CPUs of a world (<see cref="Wirq.Lab.Worlds.WorldOptions.Cpus"/>).</summary>
    /// <param name="fabric">Its interrupt system.</param>
    /// <param name="machine">The machine.</param>
    public MailboxCpus CreateCpus(Fabric fabric, MachineSpec machine) => CreateCpus(fabric, machine, MailboxMode.Long);

    /// <param name="fabric">Its interrupt system.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="mode">In which mode the guest runs. In real mode it has no CR8, no accesses of 8 bytes, 4 GiB of
    /// addresses and 16 CPUs.</param>
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
