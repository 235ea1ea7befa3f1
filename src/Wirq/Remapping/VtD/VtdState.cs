using Wirq.State;

namespace Wirq.Remapping.VtD;

/// <summary>The state of a unit besides its registers and fault records.</summary>
internal struct VtdState : IState
{
    /// <summary>The enable bits as the guest wrote them, and the commands that are not done yet.</summary>
    public GlobalCommand Command;
    /// <summary>IRTA_REG as it was when the guest last set the table pointer; the register itself has no effect before
    /// that.</summary>
    public TableAddress Table;
    /// <summary>IQA_REG as it was when the queue was enabled.</summary>
    public QueueAddress Queue;
    /// <summary>The fault record that will be filled next.</summary>
    public ulong NextRecord;
}
