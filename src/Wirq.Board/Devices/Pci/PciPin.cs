using Wirq.Host;

namespace Wirq.Board.Devices.Pci;

/// <summary>The interrupt pin of a function. Its function calls it under a lock.</summary>
/// <param name="line">The line that it drives.</param>
internal sealed class PciPin(HostSource line) : IDisposable
{
    private bool _asserted;

    /// <summary>Asserts it while the function has an interrupt, unless the guest has disabled it or has messages in its place (PCI
    /// Local Bus 3.0, 6.2.2, bit 10, and 6.8.3.3).</summary>
    /// <param name="interrupt">Whether the function has an interrupt.</param>
    /// <param name="command">Its command register.</param>
    /// <param name="sendsMessages">Whether MSI or MSI-X is on.</param>
    internal void Follow(bool interrupt, PciCommandStatus command, bool sendsMessages)
    {
        bool asserted = interrupt && !command.IntxDisabled && !sendsMessages;
        if (asserted == _asserted)
            return;
        _asserted = asserted;
        line.Set(asserted);
    }

    /// <summary>Leaves the line.</summary>
    public void Dispose() => line.Dispose();
}
