using Wirq.Events;
using Wirq.Events.Shadows;

namespace Wirq.Traces.Why;

/// <summary>Since when each source holds its line, if the log contains sources. Which of them hold it, the shadow of the
/// lines says.</summary>
/// <remarks>A recording may raise tens of thousands of sources on one line, again and again, so a rise looks only at
/// the few that are named.</remarks>
internal sealed class LineTrail(LineShadow shadow)
{
    private const int MostNamed = 4;

    private readonly Dictionary<int, LinkedListNode<Holder>> _places = [];
    // Of each line, the one that has held it longest first.
    private readonly Dictionary<int, LinkedList<Holder>> _holders = [];
    private readonly Dictionary<int, int> _raiser = [];
    private readonly Dictionary<int, string> _names = [];

    /// <summary>The source in a slot has a name from now on; an empty one is none.</summary>
    public void Name(int slot, string name)
    {
        if (name.Length == 0)
            _names.Remove(slot);
        else
            _names[slot] = name;
    }

    /// <summary>The name of the source in a slot; null if it has none.</summary>
    public string? NameOf(int slot) => _names.GetValueOrDefault(slot);

    /// <summary>What a source without a name is called.</summary>
    public static string NumberOf(int slot) => $"source {slot}";

    /// <summary>The slot whose rise made the line rise; null if it is not known.</summary>
    public int? RaiserOf(int gsi) => _raiser.TryGetValue(gsi, out int slot) ? slot : null;

    /// <summary>The sources that hold a line, and since when the first of them does; null if none holds it.</summary>
    public Held? HeldBy(int gsi) => _holders.TryGetValue(gsi, out LinkedList<Holder>? holders) && holders.First is { } first
        ? new(Gate.LineHeld, first.Value.Since) { Who = Named(holders) } : null;

    /// <summary>Processes the next event of a source, which the shadow has learned.</summary>
    public void Observe(in Event e, Mark at)
    {
        if (e.Kind == EventKind.LineChanged)
            return;
        if (e.Kind == EventKind.SourceRemoved)
            _names.Remove(e.Source);
        bool holds = shadow.Holds(e.Source, e.Gsi);
        if (_places.TryGetValue(e.Source, out LinkedListNode<Holder>? place) && !(holds && place.Value.Gsi == e.Gsi))
        {
            place.List!.Remove(place);
            _places.Remove(e.Source);
        }
        if (holds && !_places.ContainsKey(e.Source))
            Add(new Holder(e.Source, e.Gsi, at));
    }

    private void Add(Holder added)
    {
        if (!_holders.TryGetValue(added.Gsi, out LinkedList<Holder>? holders))
            _holders.Add(added.Gsi, holders = []);
        if (holders.Count == 0)
            _raiser[added.Gsi] = added.Slot;
        _places[added.Slot] = holders.AddLast(added);
    }

    private string Named(LinkedList<Holder> holders) =>
        Phrase.First(holders.Select(holder => NameOf(holder.Slot) ?? NumberOf(holder.Slot)), holders.Count, MostNamed);

    private readonly record struct Holder(int Slot, int Gsi, Mark Since);
}
