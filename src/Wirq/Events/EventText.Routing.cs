using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Events;

/// <content>Remapping, virqs and routes in words.</content>
public static partial class EventText
{
    internal const ulong ProcessingDisabled = 1 << 16, RecordLost = 1 << 17;

    private static string Remap(in Event e) => e.Kind switch
    {
        EventKind.RemapTranslated => $"{Unit(e)} gives {Requester(e)} {e.Message} by entry {e.B}",
        EventKind.RemapFaulted => $"{Unit(e)} blocks {Requester(e)} at entry {(ushort)e.B}, reason 0x{e.A:x2}"
            + ((e.B & ProcessingDisabled) != 0 ? ", unrecorded (FPD)" : "")
            + ((e.B & RecordLost) != 0 ? ", not recorded" : ""),
        EventKind.RemapInvalidated => $"{Unit(e)} is to forget {Range(e)}",
        EventKind.RemapInvalidationDone => $"{Unit(e)} has forgotten {Range(e)}; "
            + $"{Phrase.Count(e.Index, "route")} touched",
        EventKind.RemapSwitched => $"{Unit(e)} is switched {(e.A != 0 ? "on" : "off")}",
        _ => Unknown(e),
    };

    private static string Virq(in Event e) => e.Kind switch
    {
        EventKind.VirqRegistered => $"virq {e.Unit} is registered",
        EventKind.VirqDisposed => $"virq {e.Unit} is gone",
        EventKind.VirqMessageSet => $"virq {e.Unit} of {Requester(e)} shall send {e.Msi}",
        EventKind.VirqMasked => $"virq {e.Unit} is masked",
        EventKind.VirqUnmasked => $"virq {e.Unit} is unmasked",
        EventKind.VirqTriggered => $"virq {e.Unit} is triggered {(e.Index == 1 ? "by its eventfd" : "by hand")}",
        EventKind.VirqStateChanged => $"virq {e.Unit} was {InWords((VirqState)e.A)}, is {InWords((VirqState)e.Index)}",
        EventKind.VirqTranslated => $"virq {e.Unit} keeps {e.Message} of {new RouteCookie(e.B)}",
        EventKind.VirqDiscarded => $"virq {e.Unit} throws away a translation that was invalidated in between",
        EventKind.VirqSignalled => $"the device of virq {e.Unit} writes its eventfd",
        EventKind.VirqServed => $"the kernel serves virq {e.Unit} by GSI {e.Index}: {e.Message}",
        EventKind.VirqAnswered => e.Reason == RefusalReason.None
            ? $"virq {e.Unit} hears that {e.Message} was accepted"
            : $"virq {e.Unit} hears that its interrupt was refused: {InWords(e.Reason)}",
        EventKind.VirqReclaimed => $"virq {e.Unit} gives GSI {e.Index} back",
        EventKind.VirqResampleSet => $"source {e.Index} {(e.A != 0 ? "has" : "loses")} the resample eventfd of virq {e.Unit}",
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
        EventKind.PinInjected => $"{Pin(e)} sends {e.Message} to the kernel",
        EventKind.KernelLine => $"GSI {e.Index} of the kernel {(e.A != 0 ? "rises" : "falls")}",
        EventKind.MessageInjected => $"{e.Origin} sends {e.Message} to the kernel",
        EventKind.UnitMessage => $"{Unit(e)} sends {e.Msi} of its own",
        _ => Unknown(e),
    };

    private static string Unit(in Event e) => $"remapping unit {e.Unit}";
    private static string Requester(in Event e) => Origin.Device((ushort)e.Index).ToString();

    private static string Range(in Event e) =>
        e.A == 0 && e.B == RouteCookie.MaxKey ? "all entries" : e.A == e.B ? $"entry {e.A}" : $"entries {e.A} to {e.B}";

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
