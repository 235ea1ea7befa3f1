using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>Why a vCPU left the guest, and the request that it makes. This is a view of its run page: it copies and
/// allocates nothing.</summary>
/// <remarks>
/// <para>It is valid from the return of <see cref="KvmVcpu.Run"/> to the next entry, and must not outlive the vCPU. KVM
/// reads the answers at the next entry.</para>
/// <para>Not supported: exits of Hyper-V, Xen and of other architectures. Their <see cref="Reason"/> is a number
/// without a name.</para>
/// </remarks>
public readonly ref struct KvmExit
{
    private readonly ref RunPage _page;
    private readonly Span<byte> _bytes;

    internal KvmExit(ref RunPage page, Span<byte> bytes)
    {
        _page = ref page;
        _bytes = bytes;
    }

    /// <summary>The reason. It determines which of the members below may be used.</summary>
    public KvmExitReason Reason => _page.ExitReason;

    /// <summary>The access, at <see cref="KvmExitReason.Port"/>.</summary>
    public KvmPortExit Port => new(ref _page, _bytes);

    /// <summary>The access, at <see cref="KvmExitReason.Memory"/>.</summary>
    public KvmMemoryExit Memory => new(ref _page);

    /// <summary>The access, at <see cref="KvmExitReason.ReadMsr"/> and <see cref="KvmExitReason.WriteMsr"/>.</summary>
    public KvmMsrExit Msr => new(ref _page);

    /// <summary>The vector, at <see cref="KvmExitReason.IoApicEoi"/>.</summary>
    public byte EoiVector => _page.EoiVector;

    /// <summary>The position of the guest, at <see cref="KvmExitReason.Debug"/>.</summary>
    public KvmDebugExit Debug => new(_page.DebugException, _page.DebugPc, _page.DebugDr6, _page.DebugDr7);

    /// <summary>The failure of KVM, at <see cref="KvmExitReason.InternalError"/>.</summary>
    public KvmErrorExit Error => new(ref _page);

    /// <summary>The reason that the processor reported, at <see cref="KvmExitReason.Unknown"/> and
    /// <see cref="KvmExitReason.FailEntry"/>: a number of VMX or SVM.</summary>
    public ulong HardwareReason => _page.HardwareReason;

    /// <summary>The host CPU that refused the entry, at <see cref="KvmExitReason.FailEntry"/>.</summary>
    public uint HostCpu => _page.EntryFailureCpu;

    /// <summary>The kind of event, at <see cref="KvmExitReason.SystemEvent"/>.</summary>
    public uint SystemEvent => _page.SystemEvent;

    /// <summary>Whether KVM will finish the instruction that exited at the next entry. Until then registers do not show
    /// its result (api.rst, 5, note at KVM_EXIT_IO). See <see cref="KvmVcpu.Complete"/>.</summary>
    public bool IsUnfinished => Reason is KvmExitReason.Port or KvmExitReason.Memory or KvmExitReason.Hypercall
        or KvmExitReason.ReadMsr or KvmExitReason.WriteMsr;

    /// <inheritdoc/>
    public override string ToString() => Reason switch
    {
        KvmExitReason.Port => Port.ToString(),
        KvmExitReason.Memory => Memory.ToString(),
        KvmExitReason.ReadMsr or KvmExitReason.WriteMsr => Msr.ToString(),
        KvmExitReason.IoApicEoi => $"EOI of vector 0x{EoiVector:x2}",
        KvmExitReason.Debug => Debug.ToString(),
        KvmExitReason.InternalError => Error.ToString(),
        KvmExitReason.FailEntry => $"CPU {HostCpu} refused the entry, reason 0x{HardwareReason:x}",
        KvmExitReason.Unknown => $"unknown exit 0x{HardwareReason:x} of the processor",
        KvmExitReason.Shutdown => "triple fault",
        KvmExitReason.SystemEvent => $"system event {SystemEvent}",
        KvmExitReason.Halt => "halt",
        KvmExitReason.InterruptWindow => "interrupt window",
        KvmExitReason.Interrupted => "interrupted",
        _ => $"exit {(uint)Reason}",
    };
}
