using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>The header before the rows of MSRs (<c>struct kvm_msrs</c>).</summary>
[CName("struct kvm_msrs")]
[StructLayout(LayoutKind.Sequential)]
internal struct MsrsHeader
{
    /// <summary>Rows that follow (<c>nmsrs</c>).</summary>
    [CName("nmsrs")] public uint Count;
    /// <summary>Zero (<c>pad</c>).</summary>
    [CName("pad")] public uint Pad;
}

/// <summary>A row of MSRs (<c>struct kvm_msr_entry</c>).</summary>
[CName("struct kvm_msr_entry")]
[StructLayout(LayoutKind.Sequential)]
internal struct MsrRow
{
    /// <summary>Which (<c>index</c>).</summary>
    [CName("index")] public uint Index;
    /// <summary>Zero (<c>reserved</c>).</summary>
    [CName("reserved")] public uint Reserved;
    /// <summary>Its value (<c>data</c>).</summary>
    [CName("data")] public ulong Value;
}

/// <summary>A range of MSRs of a filter (<c>struct kvm_msr_filter_range</c>).</summary>
[CName("struct kvm_msr_filter_range")]
[StructLayout(LayoutKind.Sequential)]
internal struct MsrFilterRange
{
    /// <summary>The most bytes that a bitmap has (<c>KVM_MSR_FILTER_MAX_BITMAP_SIZE</c>).</summary>
    [CName("KVM_MSR_FILTER_MAX_BITMAP_SIZE")] internal const int BitmapBytes = 0x600;

    /// <summary>The accesses that the bitmap covers (<c>flags</c>).</summary>
    [CName("flags")] public KvmMsrAccess Access;
    /// <summary>How many MSRs (<c>nmsrs</c>).</summary>
    [CName("nmsrs")] public uint Count;
    /// <summary>The first (<c>base</c>).</summary>
    [CName("base")] public uint First;
    /// <summary>A bit for each, 1 to allow (<c>bitmap</c>).</summary>
    [CName("bitmap")] public nint Bitmap;
}

/// <summary>The ranges of a filter.</summary>
[InlineArray(Count)]
internal struct MsrFilterRanges
{
    /// <summary>How many (<c>KVM_MSR_FILTER_MAX_RANGES</c>).</summary>
    [CName("KVM_MSR_FILTER_MAX_RANGES")] internal const int Count = 16;

    private MsrFilterRange _first;
}

/// <summary>Which MSRs the guest reaches (<c>struct kvm_msr_filter</c>).</summary>
[CName("struct kvm_msr_filter")]
[StructLayout(LayoutKind.Sequential)]
internal struct MsrFilter
{
    /// <summary>Zero: MSRs in no range are allowed (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>The ranges; those with no MSR are not used (<c>ranges</c>).</summary>
    [CName("ranges")] public MsrFilterRanges Ranges;
}

/// <summary>How a vCPU is debugged (<c>struct kvm_guest_debug</c>).</summary>
[CName("struct kvm_guest_debug")]
[StructLayout(LayoutKind.Sequential)]
internal struct GuestDebugRequest
{
    /// <summary>The enabled features (<c>control</c>).</summary>
    [CName("control")] public KvmGuestDebug Control;
    /// <summary>Zero (<c>pad</c>).</summary>
    [CName("pad")] public uint Pad;
    /// <summary>DR0 to DR7 for hardware breakpoints, which are not used here (<c>arch</c>).</summary>
    [CName("arch")] public DebugRegisters Registers;
}

/// <summary>DR0 to DR7.</summary>
[InlineArray(8)]
internal struct DebugRegisters
{
    private ulong _first;
}
