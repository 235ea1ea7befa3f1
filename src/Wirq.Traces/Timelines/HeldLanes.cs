namespace Wirq.Traces.Timelines;

/// <summary>Lanes at which something waits: what holds them is asked again and again, so they are few.</summary>
internal sealed class HeldLanes
{
    /// <summary>How many there are at one time.</summary>
    internal const int Most = 64;

    private readonly HashSet<int> _lanes = [];

    internal IReadOnlyCollection<int> Lanes => _lanes;

    /// <summary>Some lanes had no place.</summary>
    internal bool LeftOut { get; private set; }

    /// <summary>Notes what holds a lane now.</summary>
    /// <param name="lane">Number of the lane.</param>
    /// <param name="gate">The word of the gate; empty for none.</param>
    /// <returns>The gate that is drawn.</returns>
    internal string Hold(int lane, string gate)
    {
        if (gate.Length == 0)
            _lanes.Remove(lane);
        else if (_lanes.Count < Most || _lanes.Contains(lane))
            _lanes.Add(lane);
        else
        {
            // Nothing would end it in the picture.
            LeftOut = true;
            return "";
        }
        return gate;
    }
}
