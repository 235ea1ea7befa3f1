namespace Wirq.Events;

/// <summary>What the number of an <see cref="EventKind"/> means.</summary>
internal static class EventKinds
{
    private const int SubsystemShift = 8;
    private const ushort EffectBit = 1 << 7;

    private static readonly byte[] s_places = PlacesOf(Enum.GetValues<EventKind>());

    extension(EventKind kind)
    {
        /// <summary>The part of the machine that it belongs to.</summary>
        public Subsystem Subsystem => (Subsystem)((ushort)kind >> SubsystemShift);

        /// <summary>Whether it has to be carried out.</summary>
        public bool IsEffect => ((ushort)kind & EffectBit) != 0;
    }

    /// <summary>The place of a kind among all kinds, by number, for tables with a row for each kind. For a number that is not
    /// a kind, 0, the place of <see cref="EventKind.None"/>.</summary>
    internal static int PlaceOf(EventKind kind) => (ushort)kind < s_places.Length ? s_places[(ushort)kind] : 0;

    /// <summary>Whether a number is that of a kind.</summary>
    internal static bool IsKnown(EventKind kind) => kind == EventKind.None || PlaceOf(kind) != 0;

    private static byte[] PlacesOf(EventKind[] kinds)
    {
        var places = new byte[(ushort)kinds[^1] + 1];
        for (int place = 0; place < kinds.Length; place++)
            places[(ushort)kinds[place]] = checked((byte)place);
        return places;
    }
}
