using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>MSRs that the filter denies the guest.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many; at most 12288.</param>
/// <param name="Denied">Which accesses.</param>
public readonly record struct KvmMsrRange(uint First, int Count, KvmMsrAccess Denied);

/// <content>MSRs that exit to userspace.</content>
public sealed partial class KvmVm
{
    private const int BitsOfByte = 8;

    // All bits zero: every MSR of a range is denied. KVM copies it.
    private static readonly byte[] s_denyAll = GC.AllocateArray<byte>(MsrFilterRange.BitmapBytes, pinned: true);

    /// <summary>Says which accesses to MSRs, that would give the guest #GP, exit instead
    /// (KVM_CAP_X86_USER_SPACE_MSR).</summary>
    /// <param name="reasons">Which; all at once, the last call counts.</param>
    /// <exception cref="KernelException">This kernel does not have it.</exception>
    public void EnableUserSpaceMsr(KvmMsrExits reasons) =>
        Enable(KvmCapability.UserSpaceMsr, (ulong)reasons, "needs Linux 5.10");

    /// <summary>Denies the guest MSRs (KVM_X86_SET_MSR_FILTER). With <see cref="KvmMsrExits.Filter"/> enabled an access
    /// exits; else it gives #GP.</summary>
    /// <param name="ranges">Which, at most 16; in place of any before. None: all are allowed.</param>
    /// <remarks>Of x2APIC registers, 0x800 to 0x8FF, none can be denied (api.rst, 4.97): where the kernel has no local
    /// APIC their accesses exit as <see cref="KvmMsrExits.Invalid"/>.</remarks>
    /// <exception cref="KernelException">This kernel does not have it.</exception>
    public unsafe void SetMsrFilter(params ReadOnlySpan<KvmMsrRange> ranges)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ranges.Length, MsrFilterRanges.Count);
        MsrFilter filter = default;
        // SAFETY: the array is pinned for its life, and as long as the longest range.
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
