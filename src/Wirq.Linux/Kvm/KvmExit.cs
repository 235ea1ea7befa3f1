using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>Why a vCPU left the guest, and what it wants to know: a view of its run page, which copies and allocates
/// nothing.</summary>
/// <remarks>
/// <para>It holds from the return of <see cref="KvmVcpu.Run"/> to the next entry, and must not outlive the
/// vCPU. What is answered is read by KVM at the next entry.</para>
/// <para>Not here: exits of Hyper-V, Xen and of other architectures. Their <see cref="Reason"/> is a bare
/// number.</para>
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

    /// <summary>Where it stands, at <see cref="KvmExitReason.Debug"/>.</summary>
    public KvmDebugExit Debug => new(_page.DebugException, _page.DebugPc, _page.DebugDr6, _page.DebugDr7);

    /// <summary>What KVM failed at, at <see cref="KvmExitReason.InternalError"/>.</summary>
    public KvmErrorExit Error => new(ref _page);

    /// <summary>What the processor said, at <see cref="KvmExitReason.Unknown"/> and
    /// <see cref="KvmExitReason.FailEntry"/>: a number of VMX or SVM.</summary>
    public ulong HardwareReason => _page.HardwareReason;

    /// <summary>Which host CPU refused, at <see cref="KvmExitReason.FailEntry"/>.</summary>
    public uint HostCpu => _page.EntryFailureCpu;

    /// <summary>Which event, at <see cref="KvmExitReason.SystemEvent"/>.</summary>
    public uint SystemEvent => _page.SystemEvent;

    /// <summary>Whether KVM has yet to finish the instruction that exited, at the next entry: until then registers do
    /// not show what came of it (api.rst, 5, note at KVM_EXIT_IO). See <see cref="KvmVcpu.Complete"/>.</summary>
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
