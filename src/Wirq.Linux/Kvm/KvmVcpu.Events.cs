using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <content>Pending events, and debugging from outside the guest.</content>
public sealed partial class KvmVcpu
{
    /// <summary>The events that are pending or being delivered (KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS).</summary>
    /// <exception cref="KernelException">EINVAL: the events contradict each other.</exception>
    public KvmVcpuEvents Events
    {
        get
        {
            KvmVcpuEvents events = default;
            KvmCalls.GetVcpuEvents.Invoke(Descriptor, ref events);
            return events;
        }
        set => KvmCalls.SetVcpuEvents.Invoke(Descriptor, ref value,
            advice: "flags name fields that this kernel does not take, or an exception's vector is above 31");
    }

    /// <summary>Debugs the guest from outside (KVM_SET_GUEST_DEBUG).</summary>
    /// <param name="flags">The features; any other flag implies <see cref="KvmGuestDebug.Enable"/>.</param>
    /// <remarks>First finish the instruction that exited (<see cref="Complete"/>): the call reads and writes RFLAGS.
    /// Measured on a KVM that emulates: there is no step after IRET, and TF is visible to PUSHF and in the frames of
    /// interrupts.</remarks>
    /// <exception cref="KernelException">EINVAL: this kernel does not support one of the flags.</exception>
    public void SetGuestDebug(KvmGuestDebug flags)
    {
        var request = new GuestDebugRequest { Control = flags == 0 ? 0 : flags | KvmGuestDebug.Enable };
        KvmCalls.SetGuestDebug.Invoke(Descriptor, ref request,
            advice: $"check {nameof(KvmCapability.SetGuestDebug)} with CheckExtension ({flags} requested)");
    }
}
