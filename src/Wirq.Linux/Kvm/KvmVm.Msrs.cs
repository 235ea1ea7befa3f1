using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>A range of MSRs that the filter denies.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many; at most 12288.</param>
/// <param name="Denied">The denied accesses.</param>
public readonly record struct KvmMsrRange(uint First, int Count, KvmMsrAccess Denied);

/// <content>MSRs that exit to userspace.</content>
public sealed partial class KvmVm
{
    private const int BitsOfByte = 8;

    // All bits zero: every MSR of a range is denied. KVM copies the bitmap.
    private static readonly byte[] s_denyAll = GC.AllocateArray<byte>(MsrFilterRange.BitmapBytes, pinned: true);

    /// <summary>Selects MSR accesses that exit instead of raising #GP in the guest
    /// (KVM_CAP_X86_USER_SPACE_MSR).</summary>
    /// <param name="reasons">All reasons that must exit; the last call counts.</param>
    /// <exception cref="KernelException">This kernel does not have it.</exception>
    public void EnableUserSpaceMsr(KvmMsrExits reasons) =>
        Enable(KvmCapability.UserSpaceMsr, (ulong)reasons, "needs Linux 5.10");

    /// <summary>Denies MSRs to the guest (KVM_X86_SET_MSR_FILTER). If <see cref="KvmMsrExits.Filter"/> is enabled, a
    /// denied access exits; else it raises #GP.</summary>
    /// <param name="ranges">At most 16 ranges; they replace any earlier ones. If empty, all MSRs are allowed.</param>
    /// <remarks>The x2APIC registers, 0x800 to 0x8FF, cannot be denied (api.rst, 4.97). If the kernel has no local
    /// APIC, accesses to them exit as <see cref="KvmMsrExits.Invalid"/>.</remarks>
    /// <exception cref="KernelException">This kernel does not have it.</exception>
    public unsafe void SetMsrFilter(params ReadOnlySpan<KvmMsrRange> ranges)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ranges.Length, MsrFilterRanges.Count);
        MsrFilter filter = default;
        // SAFETY: the array is pinned for its lifetime, and as long as the longest range.
        fixed (byte* bitmap = s_denyAll)
        {
            for (int index = 0; index < ranges.Length; index++)
            {
                (uint first, int count, KvmMsrAccess denied) = ranges[index];
                ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, nameof(ranges));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(count, s_denyAll.Length * BitsOfByte, nameof(ranges));
                filter.Ranges[index] = new MsrFilterRange
                {
                    First = first, Count = (uint)count, Access = denied, Bitmap = (nint)bitmap,
                };
            }
            KvmCalls.SetMsrFilter.Invoke(_descriptor, ref filter, advice: "needs Linux 5.10 (KVM_CAP_X86_MSR_FILTER)");
        }
    }
}
