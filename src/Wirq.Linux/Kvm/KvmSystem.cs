using System.Runtime.InteropServices;
using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>The host's KVM.</summary>
public sealed class KvmSystem : IDisposable
{
    /// <summary>The supported version of the KVM interface. It is the only version since Linux 2.6.22.</summary>
    public const int SupportedApiVersion = 12;

    private const string DefaultDevice = "/dev/kvm";
    private const int MostLeaves = 4096;

    private readonly FileDescriptor _descriptor;

    private KvmSystem(FileDescriptor descriptor)
    {
        _descriptor = descriptor;
        ApiVersion = KvmCalls.GetApiVersion.Invoke(descriptor, advice: "the file is not KVM's device");
        if (ApiVersion != SupportedApiVersion)
            throw new NotSupportedException($"KVM_GET_API_VERSION says {ApiVersion}, and only {SupportedApiVersion} is known");
        RunBytes = (nuint)KvmCalls.GetVcpuMmapSize.Invoke(descriptor);
    }

    /// <summary>The version of the interface of this KVM: 12.</summary>
    public int ApiVersion { get; }

    /// <summary>Bytes of the page that KVM shares with the process that runs a vCPU.</summary>
    internal nuint RunBytes { get; }

    /// <summary>Opens the host's KVM.</summary>
    /// <param name="device">The device file.</param>
    /// <exception cref="KernelException">There is no KVM, or this user may not open it; the message says
    /// which.</exception>
    /// <exception cref="PlatformNotSupportedException">The host is not Linux on x86-64.</exception>
    public static KvmSystem Open(string device = DefaultDevice)
    {
        HostPlatform.Require();
        int number = Libc.Open(device, OpenFlags.ReadWrite | OpenFlags.CloseOnExec);
        if (number < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw HostError.Of($"open {device}", errno, advice: Advice(errno));
        }
        var descriptor = new FileDescriptor(number);
        try
        {
            return new KvmSystem(descriptor);
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Checks a capability of the host. A machine may have less: see
    /// <see cref="KvmVm.CheckExtension"/>.</summary>
    /// <returns>0 if the host does not have it; else a value that depends on the capability.</returns>
    public int CheckExtension(KvmCapability capability) =>
        KvmCalls.CheckExtension.Invoke(_descriptor, (nuint)capability);

    /// <summary>Creates a machine with no memory, no vCPU and no irqchip.</summary>
    /// <exception cref="KernelException">The host refuses.</exception>
    public KvmVm CreateVm() => new(new FileDescriptor(KvmCalls.CreateVm.Invoke(_descriptor)), RunBytes);

    /// <summary>The CPUID leaves that this host supports, for <see cref="KvmVcpu.SetCpuid"/>.</summary>
    /// <exception cref="KernelException">The host refuses.</exception>
    public KvmCpuidLeaf[] GetSupportedCpuid()
    {
        var rows = new CountedRows<KvmCpuidLeaf>();
        for (int room = 128; ; room *= 2)
        {
            int count = room;
            rows.Room(room).Clear();
            int result = rows.TryInvoke(KvmCalls.GetSupportedCpuid, _descriptor, ref count);
            if (result >= 0)
                return rows.Room(count).ToArray();
            if (result != -Errno.TooBig || room >= MostLeaves)
                throw HostError.Of(KvmCalls.GetSupportedCpuid.Name, -result);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();

    private static string? Advice(int errno) => errno switch
    {
        Errno.NoEntry => "this host has no KVM: load kvm_intel or kvm_amd, turn on virtualization in the firmware, or, in a "
            + "virtual machine, nested virtualization",
        Errno.Denied or Errno.NotPermitted => "this user may not use KVM: join the group that owns the device",
        Errno.NoSuchDevice or Errno.NoDevice => "the device exists, but no module serves it: load kvm_intel or kvm_amd",
        _ => null,
    };
}
