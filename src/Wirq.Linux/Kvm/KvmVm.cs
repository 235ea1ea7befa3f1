using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>A machine of KVM: its irqchip, memory, vCPUs, routes and lines.</summary>
/// <remarks>
/// <para>It begins without an irqchip: choose one before the first vCPU, or have none. Without one KVM refuses routes,
/// irqfds and messages (EINVAL), lines and chip states (ENXIO), and the state of local APICs.</para>
/// <para>Routes, irqfds, messages and lines may be used from any thread. Building and disposing are for one.</para>
/// <para>Not here: Hyper-V, Xen and s390 routes, the in-kernel PIT, migration of guest memory.</para>
/// </remarks>
public sealed partial class KvmVm : IDisposable
{
    private const uint UsualTssAddress = 0xFFFBD000;

    private readonly FileDescriptor _descriptor;
    private readonly nuint _runBytes;
    private KvmVcpu[] _vcpus = [];

    internal KvmVm(FileDescriptor descriptor, nuint runBytes)
    {
        _descriptor = descriptor;
        _runBytes = runBytes;
        RouteLimit = CheckExtension(KvmCapability.IrqRouting);
    }

    /// <summary>Its descriptor.</summary>
    internal FileDescriptor Descriptor => _descriptor;

    /// <summary>Whether it is disposed.</summary>
    public bool IsDisposed => _descriptor.IsClosed;

    /// <summary>How many rows the route table holds, and the first number that is no GSI; 4096 in Linux.</summary>
    public int RouteLimit { get; }

    /// <summary>Its vCPUs, in the order in which they were made.</summary>
    public IReadOnlyList<KvmVcpu> Vcpus => _vcpus;

    /// <summary>Checks a capability of this machine.</summary>
    /// <returns>0 for no; else a value that depends on the capability.</returns>
    public int CheckExtension(KvmCapability capability) =>
        KvmCalls.CheckExtension.Invoke(_descriptor, (nuint)capability);

    /// <summary>Makes a vCPU.</summary>
    /// <param name="id">Its id, which its local APIC has too; below <see cref="KvmCapability.MaxVcpuId"/>.</param>
    /// <exception cref="KernelException">The id is taken or too high, or the machine has as many as it can.</exception>
    public KvmVcpu CreateVcpu(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        var descriptor = new FileDescriptor(KvmCalls.CreateVcpu.Invoke(_descriptor, (nuint)id,
            advice: $"vCPU {id} exists already, or lies beyond what KVM_CAP_MAX_VCPU_ID or KVM_CAP_MAX_VCPUS allows"));
        try
        {
            var vcpu = new KvmVcpu(this, id, descriptor, Mapping.Of(descriptor, _runBytes));
            _vcpus = [.. _vcpus, vcpu];
            return vcpu;
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Gives KVM three pages of guest-physical addresses, below 4 GiB and free of anything else, that
    /// kvm_intel needs before a vCPU without unrestricted guest mode runs (KVM_SET_TSS_ADDR).</summary>
    /// <param name="address">Of the first page; where left out, above the local APICs, where no PC has anything.</param>
    public void SetTssAddress(uint address = UsualTssAddress) => KvmCalls.SetTssAddress.Invoke(_descriptor, address);

    /// <summary>Ends the machine: its vCPUs, its irqfds, and its hold on guest memory.</summary>
    /// <remarks>No thread may be inside a vCPU.</remarks>
    public void Dispose()
    {
        foreach (KvmVcpu vcpu in _vcpus)
            vcpu.Dispose();
        _descriptor.Dispose();
        ReleaseMemory();
    }
}
