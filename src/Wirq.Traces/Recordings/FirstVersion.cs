using Wirq.Events;
using Wirq.Remapping;

namespace Wirq.Traces.Recordings;

/// <summary>What events of the first version of the format are in this one.</summary>
/// <remarks>There a cookie had 32 bits, the unit in bits 31:24 and the index in bits 23:0, and stood in the index of the
/// event. All bits set was no cookie; the highest index stood for what no entry translated, and as last one for the end of the
/// whole unit.</remarks>
internal static class FirstVersion
{
    private const int UnitShift = 24;
    private const uint IndexMask = (1u << UnitShift) - 1, NoCookie = uint.MaxValue;

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
