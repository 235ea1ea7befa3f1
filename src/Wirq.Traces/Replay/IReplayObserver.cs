using Wirq.Events;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Follows a replay.</summary>
internal interface IReplayObserver
{
    /// <summary>A line is fed to the chips, or compared with them.</summary>
    void Begin(in TraceLine line);

    /// <summary>The next event, of the chips or of the log.</summary>
    void Observe(in Event happened);
}
