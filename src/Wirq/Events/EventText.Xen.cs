namespace Wirq.Events;

/// <content>Event channels in words.</content>
internal static partial class EventText
{
    private static string Xen(in Event e) => e.Kind switch
    {
        EventKind.XenUpcall => $"domain {XenUpcall.Of(e).Domain} vCPU {XenUpcall.Of(e).Vcpu} gets an upcall",
        EventKind.XenPollerWoken => $"domain {XenPollerWoken.Of(e).Domain} vCPU {XenPollerWoken.Of(e).Vcpu} wakes from its poll",
        EventKind.XenConsumerTold => $"the hypervisor gets an event at port {XenConsumerTold.Of(e).Port} of domain {XenConsumerTold.Of(e).Domain}",
        EventKind.XenCallbackMoved => $"the callback of domain {e.Unit} comes {XenCallbackMoved.Of(e).Via}",
        EventKind.XenFlagSeen => XenFlag(XenFlagSeen.Of(e)),
        _ => Unknown(e),
    };

    private static string XenFlag(XenFlagSeen seen) => $"{Looks(seen.Why)}, evtchn_upcall_pending of domain {seen.Domain} vCPU 0 is {(seen.IsSet ? "set" : "clear")}";

    private static string Looks(XenLook why) => why switch
    {
        XenLook.Upcall => "at an upcall",
        XenLook.Entry => "at an entry",
        XenLook.Acknowledge => "at an acknowledge",
        _ => "with another way",
    };
}
