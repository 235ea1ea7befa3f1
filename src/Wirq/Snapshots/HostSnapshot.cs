using Wirq.Events;
using Wirq.State;

namespace Wirq.Snapshots;

/// <summary>What the snapshots of a host's interrupts have in common with those of a host with its devices; and virtual time, which
/// those of a fabric have too.</summary>
internal static class HostSnapshot
{
    /// <summary>The latest virtual time of a snapshot, in ns.</summary>
    internal const long MaxTime = 1L << 61;

    /// <summary>Moves virtual time. Who reads goes on at the saved time, or at its own if that is later.</summary>
    internal static void MoveTime(Fields f, EventBuffer events)
    {
        f.Saved = f.Number("now", f.Saved ?? events.Now, 0, MaxTime);
        f.Now = events.Now = f.IsReading ? Math.Max(f.Saved.Value, f.NotBefore) : events.Now;
    }

    /// <summary>Writes a snapshot of a host at rest.</summary>
    /// <param name="events">Its queue.</param>
    /// <param name="move">Moves its sections.</param>
    internal static byte[] Write(EventBuffer events, Action<SnapshotFields> move)
    {
        DemandRest(events);
        var writer = new FieldWriter();
        move(writer);
        return writer.Finish();
    }

    /// <summary>Reads a snapshot into a host of its own, which is thrown away if the snapshot is bad.</summary>
    /// <param name="snapshot">The snapshot. It may be anything.</param>
    /// <param name="now">The time before which the host does not go on.</param>
    /// <param name="move">Moves the sections of the host that is read into.</param>
    /// <exception cref="SnapshotException">It cannot be restored.</exception>
    internal static void Read(ReadOnlySpan<byte> snapshot, long now, Action<SnapshotFields> move)
    {
        var reader = new FieldReader(snapshot) { NotBefore = now };
        move(reader);
        reader.Finish();
        var writer = new FieldWriter { Saved = reader.Saved };
        move(writer);
        SnapshotFormat.DemandSame(writer.Finish(), snapshot);
    }

    /// <summary>Throws if effects wait: one under way is in nobody's state.</summary>
    internal static void DemandRest(EventBuffer events)
    {
        if (!events.IsEmpty)
            throw new InvalidOperationException($"{events.Count} events wait: take them first; a snapshot holds a host at rest");
    }
}
