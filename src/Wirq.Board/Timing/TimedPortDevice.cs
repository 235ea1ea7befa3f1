using Wirq.Board.Bus;

namespace Wirq.Board.Timing;

/// <summary>A device with ports whose state changes with time.</summary>
internal abstract class TimedPortDevice : BytePortDevice, ITimedDevice
{
    private long _known = long.MaxValue;

    /// <inheritdoc/>
    public event Action? DeadlineMoved;

    /// <inheritdoc/>
    public long NextDeadline
    {
        get
        {
            lock (Guard)
                return Deadline;
        }
    }

    /// <inheritdoc/>
    public void Advance(long now)
    {
        lock (Guard)
        {
            CatchUp(now);
            _known = Deadline;
        }
    }

    /// <summary>The time of the next change. Called under <see cref="BytePortDevice.Guard"/>.</summary>
    protected abstract long Deadline { get; }

    /// <summary>Carries out all changes that are due. Called under <see cref="BytePortDevice.Guard"/>.</summary>
    /// <param name="now">Time of the board's clock.</param>
    protected abstract void CatchUp(long now);

    /// <inheritdoc/>
    protected override void AfterAccess()
    {
        bool moved;
        lock (Guard)
        {
            long deadline = Deadline;
            moved = deadline != _known;
            _known = deadline;
        }
        if (moved)
            DeadlineMoved?.Invoke();
    }
}
