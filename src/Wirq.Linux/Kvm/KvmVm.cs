using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>A KVM machine: its irqchip, memory, vCPUs, routes and lines.</summary>
/// <remarks>
/// <para>It is created without an irqchip. If it needs one, create it before the first vCPU. Without an irqchip, KVM
/// refuses routes, irqfds and messages (EINVAL), lines and chip states (ENXIO), and the state of local APICs.</para>
/// <para>Routes, irqfds, messages and lines may be used from any thread. Build and dispose of the machine on one
/// thread.</para>
/// <para>Not supported: Hyper-V, Xen and s390 routes, the in-kernel PIT, migration of guest memory.</para>
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

    /// <summary>The number of rows that the route table can have. GSIs are below it. 4096 in Linux.</summary>
    public int RouteLimit { get; }

    /// <summary>Its vCPUs, in the order of their creation.</summary>
    public IReadOnlyList<KvmVcpu> Vcpus => _vcpus;

    /// <summary>Checks a capability of this machine.</summary>
    /// <returns>0 if the machine does not have it; else a value that depends on the capability.</returns>
    public int CheckExtension(KvmCapability capability) =>
        KvmCalls.CheckExtension.Invoke(_descriptor, (nuint)capability);

    /// <summary>Creates a vCPU.</summary>
    /// <param name="id">Its id, which is also the id of its local APIC; below
    /// <see cref="KvmCapability.MaxVcpuId"/>.</param>
    /// <exception cref="KernelException">The id is in use or too high, or the machine has the highest number of
    /// vCPUs.</exception>
    public KvmVcpu CreateVcpu(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        var descriptor = new FileDescriptor(KvmCalls.CreateVcpu.Invoke(_descriptor, (nuint)id,
            advice: $"vCPU {id} exists already, or exceeds KVM_CAP_MAX_VCPU_ID or KVM_CAP_MAX_VCPUS"));
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

    /// <summary>Reserves three pages of guest-physical addresses for KVM, below 4 GiB and otherwise unused. kvm_intel
    /// needs them before it runs a vCPU without unrestricted guest mode (KVM_SET_TSS_ADDR).</summary>
    /// <param name="address">Address of the first page. If omitted, it is above the local APICs, where a PC has no
    /// devices.</param>
    public void SetTssAddress(uint address = UsualTssAddress) => KvmCalls.SetTssAddress.Invoke(_descriptor, address);

    /// <summary>Closes the machine, with its vCPUs and irqfds, and releases guest memory.</summary>
    /// <remarks>No thread may be inside a vCPU.</remarks>
    public void Dispose()
    {
        foreach (KvmVcpu vcpu in _vcpus)
            vcpu.Dispose();
        _descriptor.Dispose();
        ReleaseMemory();
    }
}
