namespace Wirq.Host;

/// <summary>Receives the acknowledges of lines, for sources that were connected to the fabric itself and not to a
/// <see cref="FabricHost"/>.</summary>
public interface IAckPort
{
    /// <summary>The line of a source was acknowledged. A device that still needs service raises its source
    /// again.</summary>
    /// <param name="source">The source's slot.</param>
    /// <param name="generation">Which owner of the slot is meant: <see cref="Source.Generation"/>.</param>
    void Acknowledged(int source, uint generation);
}
