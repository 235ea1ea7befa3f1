using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Vfio;
using Wirq.Routing;

namespace Wirq.Traces.Recordings;

/// <summary>The ranges of the data of each kind of event. A view would truncate larger data, and it would then mean
/// something else: MSR 0x1_0000_080b would be read as an EOI.</summary>
internal static class EventRanges
{
    private const ulong Flag = 1, TwoFlags = 3, ThreeFlags = 7, EventFd = int.MaxValue;
    // Caller, answer, and a flag above them.
    private const ulong XenCall = uint.MaxValue | 1ul << 32;
    // RemapFaulted has two flags above the index of an entry.
    private const ulong Entry = ushort.MaxValue | TwoFlags << 16;

    /// <summary>The first data of an event that is out of range, with its range; null for none.</summary>
    internal static (string Found, string Expected)? Outside(in Event e)
    {
        (ulong index, ulong a, ulong b) = Most(e.Kind);
        // A resample eventfd is never all ones.
        if (e.Kind == EventKind.VirqBound && e.B == ulong.MaxValue)
            b = ulong.MaxValue;
        return Above("index", e.Index, index) ?? Above("A", e.A, a) ?? Above("B", e.B, b);
    }

    private static (string Found, string Expected)? Above(string what, ulong datum, ulong most) => datum <= most ? null
        : ($"{what} 0x{datum:x}", most == 0 ? $"{what} 0" : $"{what} 0 to 0x{most:x}");

    /// <summary>The largest index, A and B of a kind.</summary>
    internal static (ulong Index, ulong A, ulong B) Most(EventKind kind)
    {
        const ulong Any = ulong.MaxValue, Word = uint.MaxValue, Half = ushort.MaxValue, Byte = byte.MaxValue;
        return kind switch
        {
            EventKind.GuestMisuse => ((ulong)Misuse.Message, Any, Any),
            EventKind.EffectLost => (Byte, (ulong)EventKind.VirqInjected, 0),
            EventKind.PortWrite or EventKind.PortRead => (Any, Half, Word),
            EventKind.MsrWrite or EventKind.MsrRead => (Flag, Word, Any),
            EventKind.LogParted => (Any, Any, Flag),
            EventKind.LogVectorTaken => (Any, Byte, Any),
            EventKind.LogRouteSet => (Any, Any, Word),
            EventKind.LogEntryShown => (Half | 0xFul << 16, Any, Any),
            EventKind.LogPicShown => (0, Byte, Any),
            EventKind.SourceConnected => (Any, (ulong)SourceKind.Sampled, Any),
            EventKind.SourceRaised or EventKind.SourceLowered => (Any, (ulong)SourceKind.Sampled, Flag),
            EventKind.Ack => (Any, Word, Any),
            EventKind.PicRequested => (Any, Flag, Any),
            EventKind.PicTaken => (Any, Byte, ThreeFlags),
            EventKind.PicEoi => (Any, Flag, Flag),
            EventKind.PicMaskChanged or EventKind.PicTriggerChanged => (Any, Half, Half),
            EventKind.PinAccepted => (Any, Flag, Any),
            EventKind.PinRefused => (Any, Flag, (ulong)RefusalReason.NotListed),
            EventKind.RemoteIrrSet or EventKind.CpuStartUp => (Any, Byte, Any),
            EventKind.RemoteIrrCleared => (Any, Byte, (ulong)EndOfInterruptCause.Rewrite),
            EventKind.Deliver or EventKind.MessageSent or EventKind.MemoryWrite or EventKind.UnitMessage => (Any, Any, Word),
            EventKind.VectorAccepted or EventKind.CpuEoi => (Any, Byte, TwoFlags),
            EventKind.VectorTaken => (Any, Byte, (ulong)VectorGiver.XenCallback),
            EventKind.ApicError => (Any, Byte, Any),
            EventKind.ApicReset => (Any, (ulong)ApicResetCause.Reset, Any),
            EventKind.SpuriousVectorChanged => (Any, Word, Word),
            EventKind.EoiBroadcast => (Any, Byte, Flag),
            EventKind.MessageRefused or EventKind.VirqAnswered => (Any, Any, (ulong)RefusalReason.NotListed),
            EventKind.RemapTranslated => (Half, Any, Any),
            EventKind.RemapFaulted => (Half, Any, Entry),
            EventKind.XenCallbackMoved => (Half, Any, Half),
            EventKind.XenFlagSeen => (Any, Flag, (ulong)XenLook.Move),
            EventKind.VirqRegistered => ((ulong)VirqKind.Edge, Any, Any),
            EventKind.VirqMessageSet => (Half, Any, Word),
            EventKind.VirqTriggered => (Flag, Any, Any),
            EventKind.VirqStateChanged => ((ulong)VirqState.Parked, (ulong)VirqState.Parked, Any),
            EventKind.VirqResampleSet => (Any, Flag, Any),
            EventKind.VirqUnbound or EventKind.VirqWatched or EventKind.VirqUnwatched or EventKind.VirqRead or EventKind.VirqWritten =>
                (Any, EventFd, Any),
            EventKind.VirqBound => (Any, Any, EventFd),
            EventKind.VirqInjected => (Any, Any, Word),
            EventKind.XenUpcall or EventKind.XenPollerWoken => (Half, Any, Any),
            EventKind.XenGsiSetUp => (Any, TwoFlags, Word),
            EventKind.XenAccessChanged => (Any, Flag, XenCall),
            EventKind.XenPirqMapped or EventKind.XenPirqUnmapped or EventKind.XenPirqBound or EventKind.XenPirqUnbound => (Any, Word, XenCall),
            EventKind.XenGuestIntx or EventKind.XenGuestGsi => (Any, Flag, Any),
            EventKind.HostLineDepth or EventKind.VfioSignalled => (Any, Word, Any),
            EventKind.HostHandlerAnswered => (Any, (ulong)(HandlerAnswer.Handled | HandlerAnswer.WakeThread), Any),
            EventKind.HostChipCall => (Any, (ulong)ChipCall.Move, Any),
            EventKind.HostHardHandler => (Any, Half, Any),
            EventKind.VfioMasked => (Any, Flag, Any),
            EventKind.VfioForwardEnded => (Any, (ulong)ForwardEnd.LiveUpdate, Any),
            _ => (Any, Any, Any),
        };
    }
}
