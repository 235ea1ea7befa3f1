namespace Wirq.Events;

/// <content>Event channels in words.</content>
internal static partial class EventText
{
    private static string Xen(in Event e) => e.Kind switch
    {
        EventKind.XenUpcall => $"domain {XenUpcall.Of(e).Domain} vCPU {XenUpcall.Of(e).Vcpu} gets an upcall",
        EventKind.XenPollerWoken => $"domain {XenPollerWoken.Of(e).Domain} vCPU {XenPollerWoken.Of(e).Vcpu} wakes from its poll",
        EventKind.XenConsumerTold => $"the hypervisor gets an event at port {XenConsumerTold.Of(e).Port} of domain {XenConsumerTold.Of(e).Domain}",
        _ => Unknown(e),
    };
}
