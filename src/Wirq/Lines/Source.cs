namespace Wirq;

/// <summary>A device's handle on a line, with its own label and level.</summary>
/// <remarks>The fabric changes at once; the effects wait in the fabric's queue until it is drained. A source that was
/// disposed of ignores every call. Not thread-safe, like its fabric.</remarks>
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

    /// <summary>Its slot in the line table, which events carry.</summary>
    public int Slot { get; }

    internal uint Generation { get; }

    /// <summary>Its name.</summary>
    public string Label { get; }

    /// <summary>Its line.</summary>
    public int Gsi { get; }

    /// <summary>Whether it asserts.</summary>
    public bool IsAsserted => IsAlive && _fabric.Lines.IsAsserting(Slot);

    private bool IsAlive => _fabric.Lines.IsCurrent(Slot, Generation);

    /// <summary>Starts asserting. It only queues.</summary>
    public void Raise() => Set(true);

    /// <summary>Stops asserting. A sampled source need not call it. It only queues.</summary>
    public void Lower() => Set(false);

    /// <summary>Asserts and stops at once: the edge of an edge-triggered interrupt at an I/OAPIC pin. A line that leads
    /// to an unmasked 8259 must be held until it is served: that chip drops a request whose line falls before INTA, and
    /// answers with its spurious vector (8259A data sheet, interrupt sequence). It only queues.</summary>
    public void Pulse()
    {
        Set(true);
        Set(false);
    }

    /// <summary>Stops asserting and asserts again at once: the next edge of a timer whose output is low for a clock only.
    /// An 8259 is never seen without its request, so that it does not answer with its spurious vector. It only
    /// queues.</summary>
    public void Reassert()
    {
        Set(false);
        Set(true);
    }

    /// <summary>Starts or stops asserting. It only queues.</summary>
    public void Set(bool asserted)
    {
        _fabric.SetSource(Slot, Generation, asserted);
    }

    /// <summary>Stops asserting and leaves the line. It may be called while the line is being acknowledged. It only
    /// queues.</summary>
    public void Dispose()
    {
        if (IsAlive)
            _fabric.RemoveSource(Slot);
    }
}
