namespace Wirq.Traces.Why;

/// <summary>Who holds which line, where the log tells of sources.</summary>
internal sealed class LineShadow
{
    private const int MostNamed = 4;

    // Slot to the line that it asserts and since when.
    private readonly SortedDictionary<int, (int Gsi, Mark Since)> _holders = [];
    private readonly Dictionary<int, int> _raiser = [];

    public int HolderCount(int gsi) => _holders.Values.Count(holder => holder.Gsi == gsi);

    /// <summary>The slot whose rise made the line rise; -1 where it is not told.</summary>
    public int RaiserOf(int gsi) => _raiser.TryGetValue(gsi, out int slot) ? slot : -1;

    /// <summary>A source raises.</summary>
    /// <returns>Who held the line before, and since when; null for nobody.</returns>
    public Held? Raise(int slot, int gsi, Mark at)
    {
        var before = _holders.Where(holder => holder.Value.Gsi == gsi && holder.Key != slot)
            .OrderBy(holder => holder.Value.Since.Event).ToArray();
        _holders[slot] = (gsi, at);
        if (before.Length == 0)
        {
            _raiser[gsi] = slot;
            return null;
        }
        string who = string.Join(", ", before.Take(MostNamed).Select(holder => $"source {holder.Key}"))
            + (before.Length > MostNamed ? $" and {before.Length - MostNamed} more" : "");
        return new(Gate.LineHeld, before[0].Value.Since) { Who = who };
    }

    public void Lower(int slot) => _holders.Remove(slot);

    public string Holders(int gsi) => string.Join(", ",
        _holders.Where(holder => holder.Value.Gsi == gsi).Take(MostNamed).Select(holder => $"source {holder.Key}"));
}
