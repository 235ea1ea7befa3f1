namespace Wirq.Host;

/// <summary>A <see cref="Source"/> that any thread may drive: the line of a device whose rise and fall are visible, or
/// that pulses. Dispose of it once.</summary>
/// <remarks>Driving a line is not a completing call: its effects may run on another thread, after the call returns. So
/// it may be driven under a lock that an acknowledge callback takes.</remarks>
public sealed class HostSource : ILineHolder, IDisposable
{
    private readonly FabricHost _host;
    private readonly Action? _acknowledged;

    internal HostSource(FabricHost host, Source source, Action? acknowledged)
    {
        _host = host;
        Source = source;
        _acknowledged = acknowledged;
    }

    /// <summary>Its name.</summary>
    public string Label => Source.Label;

    /// <summary>The line that it is connected to.</summary>
    public int Gsi => Source.Gsi;

    /// <summary>Its slot, by which <see cref="FabricHost.SourceAt"/> finds it in a restored machine.</summary>
    public int Slot => Source.Slot;

    /// <summary>Starts or stops asserting. It only queues.</summary>
    public void Set(bool asserted) => _host.Drive(Source, asserted);

    /// <summary>Starts asserting. It only queues.</summary>
    public void Raise() => Set(asserted: true);

    /// <summary>Stops asserting. It only queues.</summary>
    public void Lower() => Set(asserted: false);

    /// <summary>Asserts and stops at once. It only queues.</summary>
    public void Pulse() => _host.Pulse(Source);

    /// <summary>Stops asserting and asserts again at once: <see cref="Source.Reassert"/>. No CPU sees the line low. It only
    /// queues.</summary>
    public void Reassert() => _host.Reassert(Source);

    /// <summary>Stops asserting and leaves the line. A completing call.</summary>
    public void Dispose() => _host.Disconnect(this);

    internal Source Source { get; }

    bool ILineHolder.Hears => _acknowledged is not null;

    void ILineHolder.Acknowledged() => _acknowledged?.Invoke();

    /// <inheritdoc/>
    public override string ToString() => $"source {Label} on GSI {Gsi}";
}
