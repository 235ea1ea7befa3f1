using Wirq.State;

namespace Wirq;

/// <summary>The state of the wiring itself.</summary>
internal struct FabricState : IState
{
    /// <summary>INTR of the 8259 pair as the local APICs last saw it.</summary>
    public uint Intr;
    public uint Reserved;
}
