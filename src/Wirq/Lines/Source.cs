namespace Wirq;

/// <summary>What a device holds: its own claim on a line, with a label and a level of its own.</summary>
/// <remarks>The fabric hears at once; what follows from it waits in the fabric's queue until that is drained.
/// A source that was disposed of ignores everything. Not thread-safe, as its fabric is not.</remarks>
public sealed class Source : IDisposable
{
    private readonly Fabric _fabric;

    internal Source(Fabric fabric, int slot, uint generation)
    {
        _fabric = fabric;
        Slot = slot;
        Generation = generation;
        Gsi = fabric.Lines.GsiOf(slot);
        Label = fabric.Lines.Label(slot);
    }

    /// <summary>Its slot in the line table, which events bear.</summary>
    public int Slot { get; }

    internal uint Generation { get; }

    /// <summary>Its name.</summary>
    public string Label { get; }

    /// <summary>Its line.</summary>
    public int Gsi { get; }

    /// <summary>Whether it asserts.</summary>
    public bool IsAsserted => IsAlive && _fabric.Lines.IsAsserting(Slot);

    private bool IsAlive => _fabric.Lines.IsCurrent(Slot, Generation);

    /// <summary>Begins to assert. It only queues.</summary>
    public void Raise() => Set(true);

    /// <summary>Ceases to assert. A sampled source need not call it. It only queues.</summary>
    public void Lower() => Set(false);

    /// <summary>Asserts for an instant: the edge of an edge-triggered interrupt at an I/OAPIC pin. A line that leads to
    /// an unmasked 8259 must be held until it is served: that chip forgets a request whose line falls before INTA, and
    /// answers with its spurious vector (8259A data sheet, interrupt sequence). It only queues.</summary>
    public void Pulse()
    {
        Set(true);
        Set(false);
    }

    /// <summary>Asserts or not. It only queues.</summary>
    public void Set(bool asserted)
    {
        _fabric.SetSource(Slot, Generation, asserted);
    }

    /// <summary>Ceases to assert and leaves the line. It may be called while the line is being acknowledged. It
    /// only queues.</summary>
    public void Dispose()
    {
        if (IsAlive)
            _fabric.RemoveSource(Slot);
    }
}
