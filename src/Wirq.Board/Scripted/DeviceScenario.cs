using Wirq.Lab.Scenarios;
using Wirq.Linux.VfioUser;

namespace Wirq.Board.Scripted;

/// <summary>A scenario of one device that another process uses.</summary>
/// <param name="Name">Its name, one line.</param>
/// <param name="Device">What the device is; its name in the scenario is in the options.</param>
/// <param name="ServedByRead">Whether a read of the status register withdraws INTx. If not, a write of its bit does.</param>
/// <param name="Steps">What happens, in order.</param>
/// <param name="Finally">What is expected at the end.</param>
internal sealed record DeviceScenario(string Name, PciFunctionOptions Device, bool ServedByRead, IReadOnlyList<ScriptStep> Steps, IReadOnlyList<ScriptCheck> Finally);

/// <summary>A step of a script.</summary>
/// <param name="At">Its position in the file.</param>
internal abstract record ScriptStep(FilePosition At);

/// <summary>The device does something.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Deed">What.</param>
/// <param name="Value">The vector (-1 for all of them), or the word.</param>
internal sealed record DeedStep(FilePosition At, Deed Deed, long Value = 0) : ScriptStep(At);

/// <summary>Time passes.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Nanoseconds">How much.</param>
internal sealed record PauseStep(FilePosition At, long Nanoseconds) : ScriptStep(At);

/// <summary>Steps that come several times.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Times">How often.</param>
/// <param name="Steps">The steps.</param>
internal sealed record AgainStep(FilePosition At, int Times, IReadOnlyList<ScriptStep> Steps) : ScriptStep(At);

/// <summary>The device waits for its driver.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="For">What must all be so.</param>
/// <param name="Nanoseconds">How long at most.</param>
internal sealed record WaitStep(FilePosition At, IReadOnlyList<ScriptWait> For, long Nanoseconds) : ScriptStep(At);

/// <summary>Counts are compared.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Checks">Which.</param>
internal sealed record CheckStep(FilePosition At, IReadOnlyList<ScriptCheck> Checks) : ScriptStep(At);

/// <summary>What the device does.</summary>
internal enum Deed
{
    /// <summary>Assert INTx, until it is served.</summary>
    Raise,
    /// <summary>Withdraw INTx by itself.</summary>
    Lower,
    /// <summary>Assert INTx for an instant.</summary>
    Pulse,
    /// <summary>Send a message.</summary>
    Send,
    /// <summary>Show a number in its register for one.</summary>
    Word,
}

/// <summary>What the device can wait for.</summary>
internal enum Awaited
{
    /// <summary>A client has enabled INTx, with an eventfd.</summary>
    Intx,
    /// <summary>So many vectors, from 0 on, have an eventfd.</summary>
    Vectors,
    /// <summary>INTx is not asserted any more.</summary>
    Served,
    /// <summary>INTx is not masked.</summary>
    Unmasked,
    /// <summary>The doorbell has a value.</summary>
    Doorbell,
    /// <summary>A register was read since the step before was done.</summary>
    Read,
    /// <summary>A register was written since the step before was done.</summary>
    Written,
    /// <summary>There is a client.</summary>
    Connected,
}

/// <summary>Something to wait for.</summary>
/// <param name="What">What.</param>
/// <param name="Value">The number, the register, or 1 for "true".</param>
/// <param name="Text">As it stands in the file.</param>
internal sealed record ScriptWait(Awaited What, long Value, string Text);

/// <summary>A number that is expected.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Count">Which number.</param>
/// <param name="Vector">Of which vector; -1 for all.</param>
/// <param name="Least">The least that it may be.</param>
/// <param name="Most">The most.</param>
internal sealed record ScriptCheck(FilePosition At, string Count, int Vector, long Least, long Most);
