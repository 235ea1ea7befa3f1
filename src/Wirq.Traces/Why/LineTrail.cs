namespace Wirq.Traces.Why;

/// <summary>Which sources hold which line, if the log contains sources.</summary>
/// <remarks>A recording may raise tens of thousands of sources on one line, again and again, so a rise looks only at
/// the few that are named.</remarks>
internal sealed class LineTrail
{
    private const int MostNamed = 4;

    private readonly Dictionary<int, LinkedListNode<Holder>> _places = [];
    // Of each line, the one that has held it longest first.
    private readonly Dictionary<int, LinkedList<Holder>> _holders = [];
    private readonly Dictionary<int, int> _raiser = [];

    /// <summary>The slot whose rise made the line rise; -1 if it is not known.</summary>
    public int RaiserOf(int gsi) => _raiser.TryGetValue(gsi, out int slot) ? slot : -1;

    /// <summary>A source raises.</summary>
    /// <returns>The source that held the line before, and since when; null for none.</returns>
    public Held? Raise(int slot, int gsi, Mark at)
    {
        Lower(slot);
        if (!_holders.TryGetValue(gsi, out LinkedList<Holder>? holders))
            _holders.Add(gsi, holders = []);
        Held? before = holders.First is null ? null : new(Gate.LineHeld, holders.First.Value.Since) { Who = Named(holders) };
        if (before is null)
            _raiser[gsi] = slot;
        _places[slot] = holders.AddLast(new Holder(slot, at));
        return before;
    }

    public void Lower(int slot)
    {
        if (_places.Remove(slot, out LinkedListNode<Holder>? place))
            place.List!.Remove(place);
    }

    private static string Named(LinkedList<Holder> holders) =>
        Phrase.First(holders.Select(holder => $"source {holder.Slot}"), holders.Count, MostNamed);

    private readonly record struct Holder(int Slot, Mark Since);
}
