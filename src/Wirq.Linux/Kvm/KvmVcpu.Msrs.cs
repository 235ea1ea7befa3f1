using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <content>MSRs, read and written by the host. Filter and exits do not apply.</content>
public sealed partial class KvmVcpu
{
    private const long HzPerKiloHertz = 1000;

    private readonly CountedRows<MsrRow> _msrs = new();

    /// <summary>Reads an MSR (KVM_GET_MSRS).</summary>
    /// <param name="index">Which.</param>
    /// <param name="value">Its value.</param>
    /// <returns>False if KVM does not have it.</returns>
    public bool TryReadMsr(uint index, out ulong value)
    {
        bool read = TryMsr(KvmCalls.GetMsrs, new MsrRow { Index = index });
        value = read ? _msrs.Room(1)[0].Value : 0;
        return read;
    }

    /// <summary>Writes an MSR with the rights of the host, so read-only MSRs too (KVM_SET_MSRS).</summary>
    /// <param name="index">Which.</param>
    /// <param name="value">Its value.</param>
    /// <returns>False if KVM does not have it, or refuses the value.</returns>
    public bool TryWriteMsr(uint index, ulong value) => TryMsr(KvmCalls.SetMsrs, new MsrRow { Index = index, Value = value });

    /// <summary>Frequency of the guest's TSC, in Hz, a multiple of 1000 (KVM_GET_TSC_KHZ).</summary>
    /// <exception cref="KernelException">EIO: the host's TSC is unstable.</exception>
    public long TscHz => KvmCalls.GetTscFrequency.Invoke(Descriptor, advice: "the host's TSC is unstable") * HzPerKiloHertz;

    /// <summary>Reads an MSR.</summary>
    /// <exception cref="KernelException">KVM does not have it.</exception>
    public ulong ReadMsr(uint index) => TryReadMsr(index, out ulong value) ? value : throw NoMsr(KvmCalls.GetMsrs, index);

    /// <summary>Writes an MSR.</summary>
    /// <exception cref="KernelException">KVM does not have it, or refuses the value.</exception>
    public void WriteMsr(uint index, ulong value)
    {
        if (!TryWriteMsr(index, value))
            throw NoMsr(KvmCalls.SetMsrs, index);
    }

    private bool TryMsr(KvmCall call, MsrRow row)
    {
        _msrs.Room(1)[0] = row;
        int count = 1;
        int done = _msrs.TryInvoke(call, Descriptor, ref count);
        // It returns the number of MSRs that it read or wrote (api.rst, 4.18).
        return done >= 0 ? done == 1 : throw HostError.Of(call.Name, -done);
    }

    private static KernelException NoMsr(KvmCall call, uint index) =>
        HostError.Of(call.Name, Errno.Invalid, advice: $"KVM does not have MSR 0x{index:x}, or refuses the value");
}
