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
        EventKind.XenGsiSetUp => XenSetUp(XenGsiSetUp.Of(e)),
        EventKind.XenAccessChanged => XenAccess(XenAccessChanged.Of(e)),
        EventKind.XenPirqMapped => XenPirq("maps", "to", XenPirqMapped.Of(e).Call),
        EventKind.XenPirqUnmapped => XenPirq("unmaps", "from", XenPirqUnmapped.Of(e).Call),
        EventKind.XenPirqBound => XenPirq("binds", "of", XenPirqBound.Of(e).Call),
        EventKind.XenPirqUnbound => XenPirq("unbinds", "of", XenPirqUnbound.Of(e).Call),
        EventKind.XenIrqEnded => $"interrupt {e.Index} of the machine ends",
        EventKind.XenGuestIntx => $"device {XenGuestIntx.Of(e).Device} of domain {e.Unit} {(XenGuestIntx.Of(e).Asserted ? "raises" : "lowers")} INT{XenGuestIntx.Of(e).Pin}",
        EventKind.XenGuestGsi => $"GSI {e.Gsi} of domain {e.Unit} {(XenGuestGsi.Of(e).Asserted ? "rises" : "falls")}",
        EventKind.XenGuestMessage => $"domain {e.Unit} gets {e.Message}",
        _ => Unknown(e),
    };

    private static string XenSetUp(XenGsiSetUp its) =>
        $"domain {its.Caller} sets up GSI {its.Gsi} as {(its.Level ? "level" : "edge")} and {(its.ActiveLow ? "low" : "high")}{Answered(its.Answer)}";

    private static string XenAccess(XenAccessChanged its) =>
        $"domain {its.Caller} {(its.Granted ? "gives" : "takes")} domain {its.Domain} access to interrupt {its.Irq}{(its.ByMapping ? " by mapping" : "")}{Answered(its.Answer)}";

    private static string XenIrq(XenPirqCall its) => !its.Emulated ? $"interrupt {its.Irq}"
        : its.Irq == XenPirqCall.Messages ? "messages of its own devices" : $"its own GSI {its.Irq}";

    private static string XenPirq(string does, string where, XenPirqCall its) =>
        $"domain {its.Caller} {does} PIRQ {its.Pirq} of domain {its.Domain} {where} {XenIrq(its)}{Answered(its.Answer)}";

    private static string Answered(Wirq.Xen.XenError answer) => answer == Wirq.Xen.XenError.None ? "" : $", and gets {answer}";

    private static string XenFlag(XenFlagSeen seen) => $"{Looks(seen.Why)}, evtchn_upcall_pending of domain {seen.Domain} vCPU 0 is {(seen.IsSet ? "set" : "clear")}";

    private static string Looks(XenLook why) => why switch
    {
        XenLook.Upcall => "at an upcall",
        XenLook.Entry => "at an entry",
        XenLook.Acknowledge => "at an acknowledge",
        _ => "with another way",
    };
}
