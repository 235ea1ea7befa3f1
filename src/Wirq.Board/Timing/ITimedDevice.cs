namespace Wirq.Board.Timing;

/// <summary>A device to which something happens by itself. Whoever owns the board calls <see cref="Advance"/> when
/// <see cref="NextDeadline"/> has come, on whichever thread finds that first: several may at once, and it guards
/// itself.</summary>
public interface ITimedDevice
{
    /// <summary>When something happens next, in ns of the board's clock; <see cref="long.MaxValue"/> for
    /// nothing.</summary>
    long NextDeadline { get; }

    /// <summary>What was due until now happens.</summary>
    /// <param name="now">Time of the board's clock; it may be before the deadline, or long after it.</param>
    void Advance(long now);

    /// <summary><see cref="NextDeadline"/> may have become earlier. Raised outside the device's lock, on the thread of
    /// whoever caused it; it must not wait for a thread that calls the device.</summary>
    event Action? DeadlineMoved;
}
