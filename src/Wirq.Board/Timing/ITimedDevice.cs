namespace Wirq.Board.Timing;

/// <summary>A device whose state changes with time. The board calls <see cref="Advance"/> when
/// <see cref="NextDeadline"/> has passed, on the thread that notices it first. Several threads may call it at the same
/// time, so the device needs its own lock.</summary>
public interface ITimedDevice
{
    /// <summary>The time of the next change, in ns of the board's clock; <see cref="long.MaxValue"/> for
    /// none.</summary>
    long NextDeadline { get; }

    /// <summary>Carries out all changes that are due.</summary>
    /// <param name="now">Time of the board's clock. It may be before the deadline, or long after it.</param>
    void Advance(long now);

    /// <summary><see cref="NextDeadline"/> may have become earlier. Raised outside the device's lock, on the thread
    /// that caused it. A handler must not wait for a thread that calls the device.</summary>
    event Action? DeadlineMoved;
}
