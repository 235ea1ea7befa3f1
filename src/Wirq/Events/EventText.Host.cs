using Wirq.HostIrq;
using Wirq.Vfio;

namespace Wirq.Events;

/// <content>A host's interrupts in words.</content>
internal static partial class EventText
{
    private static string Host(in Event e) => e.Kind switch
    {
        EventKind.HostInterrupt => $"host line {e.Index} interrupts host CPU {e.Cpu}",
        EventKind.HostLineDepth => $"host line {e.Index} is {(HostLineDepth.Of(e).Depth == 0 ? "enabled" : $"disabled, {HostLineDepth.Of(e).Depth} deep")}",
        EventKind.HostHandlerAnswered => $"the hard handler of action {e.Unit} of host line {e.Index} answers {HostHandlerAnswered.Of(e).Answer}",
        EventKind.HostThreadEnded => $"the thread of action {e.Unit} of host line {e.Index} ends",
        EventKind.HostNobodyCared => $"nobody handles host line {e.Index}, which is disabled",
        EventKind.HostChipCall => HostChip(HostChipCall.Of(e)),
        EventKind.HostHardHandler => $"the hard handler of action {e.Unit} of host line {e.Index} runs on host CPU {HostHardHandler.Of(e).Cpu}",
        EventKind.HostThreadWoken => $"the thread of action {e.Unit} of host line {e.Index} wakes",
        EventKind.HostResend => $"host line {e.Index} is sent again",
        EventKind.VfioIrqsSet => VfioSet(VfioIrqsSet.Of(e)),
        EventKind.VfioMasked => $"VFIO {(VfioMasked.Of(e).Masked ? "masks" : "unmasks")} device {e.Unit} on host line {e.Index}",
        EventKind.VfioForwardEnded => $"device {e.Unit} on host line {e.Index}: {VfioEnd(VfioForwardEnded.Of(e).How)}",
        EventKind.VfioStormBraked => $"the storm brake holds device {e.Unit} on host line {e.Index} until {VfioStormBraked.Of(e).Deadline} ns",
        EventKind.VfioStormReleased => $"the storm brake lets device {e.Unit} on host line {e.Index} go",
        EventKind.VfioSignalled => $"VFIO signals eventfd {VfioSignalled.Of(e).EventFd} for {VfioSignalled.Of(e).Irq} {VfioSignalled.Of(e).Vector} of device {e.Unit}",
        EventKind.VfioWork => $"the deferred work of device {e.Unit} runs",
        _ => Unknown(e),
    };

    private static string HostChip(HostChipCall its) => its.Call switch
    {
        ChipCall.Mask => $"the chip masks host line {its.Line}",
        ChipCall.Unmask => $"the chip unmasks host line {its.Line}",
        ChipCall.Ack => $"the chip acks host line {its.Line}",
        ChipCall.MaskAck => $"the chip masks and acks host line {its.Line}",
        ChipCall.Eoi => $"the chip ends an interrupt of host line {its.Line}",
        ChipCall.Disable => $"the chip disables host line {its.Line}",
        ChipCall.Enable => $"the chip enables host line {its.Line}",
        ChipCall.Retrigger => $"the chip raises host line {its.Line} again",
        _ => $"the chip moves host line {its.Line} to host CPU {its.Cpu}",
    };

    private static string VfioSet(VfioIrqsSet its) =>
        $"VFIO_DEVICE_SET_IRQS of device {its.Device}: {its.Irq} {its.Start}+{its.Count} flags 0x{its.Flags:x} gives {its.Answer}";

    private static string VfioEnd(ForwardEnd how) => how switch
    {
        ForwardEnd.Guest => "the guest has finished",
        ForwardEnd.GuestReset => "the guest was reset",
        ForwardEnd.Closed => "the interrupt was taken from the guest",
        ForwardEnd.Masked => "it was masked while the guest had it",
        ForwardEnd.Timeout => "the guest took too long",
        _ => "the process was replaced while the guest had it",
    };
}
