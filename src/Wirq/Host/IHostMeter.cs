namespace Wirq.Host;

/// <summary>An observer that measures a host.</summary>
internal interface IHostMeter : IEventObserver
{
    /// <summary>Whether it wants observations now.</summary>
    bool WantsObservations { get; }

    /// <summary>The host that it measures is built.</summary>
    void Attach(FabricHost host);

    /// <summary>A drain begins. Called under the host's lock.</summary>
    /// <returns>To be given to <see cref="DrainEnds"/>; negative where nobody wants to know.</returns>
    long DrainBegins();

    /// <summary>A drain has ended. Called outside the host's lock.</summary>
    void DrainEnds(long began);
}
