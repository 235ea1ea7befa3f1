using Wirq.State;

namespace Wirq;

/// <summary>What the wiring itself remembers.</summary>
internal struct FabricState : IState
{
    /// <summary>INTR of the 8259 pair as the local APICs last saw it.</summary>
    public uint Intr;
    public uint Reserved;
}
