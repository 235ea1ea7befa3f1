using Wirq.State;

namespace Wirq;

// The state as the fields of a snapshot. Slots are in it, generations are not: handles of before a restore are void.
public sealed partial class LineTable
{
    /// <summary>Moves the sources: line by line, and on a line in the order in which they joined.</summary>
    internal void Move(Fields f)
    {
        List<int> slots = [];
        if (!f.IsReading)
        {
            for (int gsi = 0; gsi < Count; gsi++)
                slots.AddRange(SourcesOf(gsi));
        }
        else
            Empty();
        int last = 0;
        f.List("sources", slots.Count, Capacity, i => last = Move(f, f.IsReading ? -1 : slots[i], last));
        if (f.IsReading)
            _free.Rebuild(slot => !_sources[slot].InUse);
    }

    private int Move(Fields f, int slot, int lastGsi)
    {
        SourceState source = slot < 0 ? default : _sources[slot];
        slot = f.Number("slot", slot, 0, Capacity - 1);
        f.Demand(!f.IsReading || !_sources[slot].InUse, "slot", $"{slot}", "a slot that no other source has");
        string label = f.Text("label", _labels[slot], mayBeEmpty: false);
        int gsi = f.Number("gsi", source.Gsi, lastGsi, Count - 1);
        source.Gsi = (ushort)gsi;
        Move(f, ref source);
        if (f.IsReading)
            Join(slot, label, source);
        return gsi;
    }

    internal static void Move(Fields f, ref SourceState source)
    {
        source.Kind = f.Choice("kind", source.Kind);
        source.Asserted = f.Flag("asserted", source.Asserted);
        source.VirqAndOne = f.U16("virqAndOne", source.VirqAndOne);
    }

    /// <summary>Makes every earlier handle of a slot void: each slot gets a generation that no handle has.</summary>
    /// <param name="former">The sources of before.</param>
    /// <param name="keepsHandles">Whether those stay valid whose slot is in use before and after.</param>
    internal void SetGenerations(LineTable former, bool keepsHandles)
    {
        for (int slot = 0; slot < Capacity; slot++)
        {
            uint generation = former._sources[slot].Generation;
            bool stays = keepsHandles && former.InUse(slot) && InUse(slot);
            uint next = generation + 1;
            _sources[slot].Generation = stays ? generation : (next & 1) == (InUse(slot) ? 1u : 0) ? next : next + 1;
        }
    }

    private void Empty()
    {
        _sources.Span.Clear();
        Array.Fill(_labels, "");
        foreach (ref LineState line in _lines.Span)
            line = new LineState { First = SourceState.None };
    }

    private void Join(int slot, string label, SourceState source)
    {
        ref ushort link = ref _lines[source.Gsi].First;
        while (link != SourceState.None)
            link = ref _sources[link].Next;
        link = (ushort)slot;
        (source.Generation, source.Next) = (1, SourceState.None);
        _sources[slot] = source;
        _labels[slot] = label;
        _lines[source.Gsi].Asserting += source.Asserted;
    }
}
