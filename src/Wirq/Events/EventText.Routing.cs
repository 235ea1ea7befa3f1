using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Events;

/// <content>Remapping, virqs and routes in words.</content>
internal static partial class EventText
{
    private static string Remap(in Event e) => e.Kind switch
    {
        EventKind.RemapTranslated => $"{Unit(e)} gives {Requester(e)} {e.Message} by entry {RemapTranslated.Of(e).Key}",
        EventKind.RemapFaulted => Faulted(RemapFaulted.Of(e)),
        EventKind.RemapInvalidated => $"{Unit(e)} is to forget {Range(RemapInvalidation.Of(e))}",
        EventKind.RemapInvalidationDone => $"{Unit(e)} has forgotten {Range(RemapInvalidation.Of(e))}; "
            + $"{Phrase.Count(RemapInvalidation.Of(e).Touched, "route")} touched",
        EventKind.RemapSwitched => $"{Unit(e)} is switched {(RemapSwitched.Of(e).On ? "on" : "off")}",
        EventKind.UnitMessage => $"{Unit(e)} sends {e.Msi} of its own",
        _ => Unknown(e),
    };

    private static string Faulted(RemapFaulted its) =>
        $"remapping unit {its.Unit} blocks {Origin.Device(its.Requester)} at entry {its.Entry}, reason 0x{its.Reason:x2}"
        + (its.Suppressed ? ", unrecorded (FPD)" : "") + (its.Lost ? ", not recorded" : "");

    private static string Virq(in Event e) => e.Kind switch
    {
        EventKind.VirqRegistered => $"virq {e.Unit} is registered",
        EventKind.VirqDisposed => $"virq {e.Unit} is gone",
        EventKind.VirqMessageSet => $"virq {e.Unit} of {Requester(e)} shall send {e.Msi}",
        EventKind.VirqMasked => $"virq {e.Unit} is masked",
        EventKind.VirqUnmasked => $"virq {e.Unit} is unmasked",
        EventKind.VirqTriggered => $"virq {e.Unit} is triggered {(VirqTriggered.Of(e).ByEventFd ? "by its eventfd" : "by hand")}",
        EventKind.VirqStateChanged => $"virq {e.Unit} was {InWords(VirqStateChanged.Of(e).Before)}, is {InWords(VirqStateChanged.Of(e).State)}",
        EventKind.VirqTranslated => $"virq {e.Unit} keeps {e.Message} of {VirqTranslated.Of(e).Cookie}",
        EventKind.VirqDiscarded => $"virq {e.Unit} throws away a translation that was invalidated in between",
        EventKind.VirqSignalled => $"the device of virq {e.Unit} writes its eventfd",
        EventKind.VirqServed => $"the kernel serves virq {e.Unit} by GSI {e.Index}: {e.Message}",
        EventKind.VirqAnswered => e.Reason == RefusalReason.None
            ? $"virq {e.Unit} hears that {e.Message} was accepted"
            : $"virq {e.Unit} hears that its interrupt was refused: {InWords(e.Reason)}",
        EventKind.VirqReclaimed => $"virq {e.Unit} gives GSI {e.Index} back",
        EventKind.VirqResampleSet => $"source {e.Index} {(VirqResampleSet.Of(e).Exists ? "has" : "loses")} the resample eventfd of virq {e.Unit}",
        EventKind.VirqResampled => $"the resample eventfd of virq {e.Unit} tells source {e.Index} of the acknowledge",
        _ => Unknown(e),
    };

    private static string RoutingEffect(in Event e) => e.Kind switch
    {
        EventKind.VirqUnbound => $"the kernel lets go of virq {e.Unit} at GSI {e.Index}",
        EventKind.RoutesCommitted => $"the kernel gets {e.Index} routes",
        EventKind.VirqBound => $"the kernel takes virq {e.Unit} at GSI {e.Index}",
        EventKind.VirqWatched => $"userspace polls virq {e.Unit}",
        EventKind.VirqUnwatched => $"userspace leaves virq {e.Unit} alone",
        EventKind.VirqRead => $"userspace reads virq {e.Unit}",
        EventKind.VirqWritten => $"an interrupt stays pending in virq {e.Unit}",
        EventKind.VirqInjected => $"virq {e.Unit} sends {e.Message}",
        _ => Unknown(e),
    };

    private static string Unit(in Event e) => $"remapping unit {e.Unit}";
    private static string Requester(in Event e) => Origin.Device((ushort)e.Index).ToString();

    private static string Range(RemapInvalidation its) => its is { First: 0, Last: RouteCookie.MaxKey } ? "all entries"
        : its.First == its.Last ? $"entry {its.First}" : $"entries {its.First} to {its.Last}";

    private static string InWords(VirqState state) => state switch
    {
        VirqState.Free => "free",
        VirqState.Cold => "cold",
        VirqState.Warm => "warm",
        VirqState.Waiting => "waiting",
        VirqState.Hot => "hot",
        VirqState.Stale => "stale",
        VirqState.Faulted => "faulted",
        VirqState.Masked => "masked",
        VirqState.Parked => "parked",
        _ => $"state {(int)state}",
    };
}
