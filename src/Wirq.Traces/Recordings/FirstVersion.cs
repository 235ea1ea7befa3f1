using Wirq.Events;
using Wirq.Remapping;

namespace Wirq.Traces.Recordings;

/// <summary>Converts events of the first version of the format.</summary>
/// <remarks>In that version a kind was one byte. A cookie had 32 bits, with the unit in bits 31:24 and the entry's
/// index in bits 23:0, and was in the index of the event. All bits set meant no cookie. The highest entry index meant a
/// message that no entry translated; as the last index of a range it meant the end of the whole unit.</remarks>
internal static class FirstVersion
{
    private const int UnitShift = 24;
    private const uint IndexMask = (1u << UnitShift) - 1, NoCookie = uint.MaxValue;

    // By the number of the kind in that version.
    private static readonly Dictionary<byte, EventKind> s_kinds = new()
    {
        [1] = EventKind.TimeAdvanced,
        [2] = EventKind.MemoryMappedWrite,
        [3] = EventKind.MemoryMappedRead,
        [4] = EventKind.PortWrite,
        [5] = EventKind.PortRead,
        [6] = EventKind.MsrWrite,
        [7] = EventKind.MsrRead,
        [8] = EventKind.TaskPriorityWrite,
        [9] = EventKind.MessageSent,
        [10] = EventKind.Rest,
        [11] = EventKind.GuestMisuse,
        [12] = EventKind.LogParted,
        [13] = EventKind.LogVectorTaken,
        [14] = EventKind.LogVectorsLeft,
        [16] = EventKind.SourceConnected,
        [17] = EventKind.SourceRemoved,
        [18] = EventKind.SourceRaised,
        [19] = EventKind.SourceLowered,
        [20] = EventKind.SourceWithdrawn,
        [21] = EventKind.LineChanged,
        [22] = EventKind.SourceWanted,
        [32] = EventKind.PicPinChanged,
        [33] = EventKind.PicRequested,
        [34] = EventKind.PicIntrChanged,
        [35] = EventKind.PicTaken,
        [36] = EventKind.PicEoi,
        [37] = EventKind.PicMaskChanged,
        [38] = EventKind.PicAcked,
        [39] = EventKind.PicAckDeferred,
        [40] = EventKind.PicTriggerChanged,
        [41] = EventKind.PicInitialised,
        [42] = EventKind.PicResampled,
        [48] = EventKind.PinChanged,
        [49] = EventKind.EntryWritten,
        [50] = EventKind.EdgeLost,
        [51] = EventKind.PinAccepted,
        [52] = EventKind.PinRefused,
        [53] = EventKind.RemoteIrrSet,
        [54] = EventKind.RemoteIrrCleared,
        [55] = EventKind.PinCoalesced,
        [56] = EventKind.PinAcked,
        [57] = EventKind.PinAckDeferred,
        [58] = EventKind.StormBraked,
        [59] = EventKind.StormReleased,
        [60] = EventKind.PinResampled,
        [64] = EventKind.MessageAccepted,
        [65] = EventKind.MessageRefused,
        [66] = EventKind.VectorAccepted,
        [67] = EventKind.VectorTaken,
        [68] = EventKind.CpuEoi,
        [69] = EventKind.CpuEoiEmpty,
        [70] = EventKind.ApicError,
        [71] = EventKind.ApicReset,
        [72] = EventKind.TimerExpired,
        [73] = EventKind.ApicBaseChanged,
        [74] = EventKind.SpuriousVectorChanged,
        [80] = EventKind.RemapTranslated,
        [81] = EventKind.RemapFaulted,
        [82] = EventKind.RemapInvalidated,
        [83] = EventKind.RemapInvalidationDone,
        [84] = EventKind.RemapSwitched,
        [96] = EventKind.VirqRegistered,
        [97] = EventKind.VirqDisposed,
        [98] = EventKind.VirqMessageSet,
        [99] = EventKind.VirqMasked,
        [100] = EventKind.VirqUnmasked,
        [101] = EventKind.VirqTriggered,
        [102] = EventKind.VirqStateChanged,
        [103] = EventKind.VirqTranslated,
        [104] = EventKind.VirqDiscarded,
        [105] = EventKind.VirqSignalled,
        [106] = EventKind.VirqServed,
        [107] = EventKind.VirqAnswered,
        [108] = EventKind.VirqReclaimed,
        [109] = EventKind.VirqResampleSet,
        [110] = EventKind.VirqResampled,
        [128] = EventKind.RouteChanged,
        [129] = EventKind.Deliver,
        [130] = EventKind.Ack,
        [131] = EventKind.EoiBroadcast,
        [132] = EventKind.CpuInterrupt,
        [133] = EventKind.CpuNmi,
        [134] = EventKind.CpuSmi,
        [135] = EventKind.CpuInit,
        [136] = EventKind.CpuStartUp,
        [137] = EventKind.MemoryWrite,
        [138] = EventKind.VirqUnbound,
        [139] = EventKind.RoutesCommitted,
        [140] = EventKind.VirqBound,
        [141] = EventKind.VirqWatched,
        [142] = EventKind.VirqUnwatched,
        [143] = EventKind.VirqRead,
        [144] = EventKind.VirqWritten,
        [145] = EventKind.VirqInjected,
        [146] = EventKind.PinInjected,
        [147] = EventKind.UnitMessage,
        [148] = EventKind.MessageInjected,
        [149] = EventKind.KernelLine,
    };

    /// <summary>The kind with a number; <see cref="EventKind.None"/> if there was none.</summary>
    internal static EventKind KindOf(byte number) => s_kinds.GetValueOrDefault(number);

    internal static Event Translate(in Event old) => old.Kind switch
    {
        EventKind.VirqTranslated => new Event(old.Kind, old.Unit, 0, old.A, Cookie(old.Index).Bits) { Time = old.Time },
        EventKind.RemapInvalidated or EventKind.RemapInvalidationDone => old with { A = Key(old.A), B = Key(old.B) },
        _ => old,
    };

    private static RouteCookie Cookie(uint bits) =>
        bits == NoCookie ? RouteCookie.None : new RouteCookie((int)(bits >> UnitShift), (long)Key(bits & IndexMask));

    private static ulong Key(ulong index) => index == IndexMask ? RouteCookie.MaxKey : index;
}
