namespace Wirq.Board.Timing;

/// <summary>A device whose state changes with time. The board calls <see cref="Advance"/> when
/// <see cref="NextDeadline"/> has passed, on the thread that finds that first. Several threads may call it at once, so
/// the device needs its own lock.</summary>
public interface ITimedDevice
{
    /// <summary>When something happens next, in ns of the board's clock; <see cref="long.MaxValue"/> for
    /// nothing.</summary>
    long NextDeadline { get; }

    /// <summary>What was due until now happens.</summary>
    /// <param name="now">Time of the board's clock; it may be before the deadline, or long after it.</param>
    void Advance(long now);

    /// <summary><see cref="NextDeadline"/> may have become earlier. Raised outside the device's lock, on the thread
    /// that caused it. A handler must not wait for a thread that calls the device.</summary>
    event Action? DeadlineMoved;
}
