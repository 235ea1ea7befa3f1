namespace Wirq.Board.Devices.Pci;

/// <summary>A function with a thread of its own. It is stopped before the machine is disposed of, and disposed of after that: until
/// then a vCPU may reach it.</summary>
internal interface IThreadedFunction : IPciFunction, IDisposable
{
    /// <summary>Stops its thread, and leaves the bus.</summary>
    void Stop();
}
