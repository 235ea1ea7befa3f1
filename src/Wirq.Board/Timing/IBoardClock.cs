namespace Wirq.Board.Timing;

/// <summary>The time of a board.</summary>
public interface IBoardClock
{
    /// <summary>Nanoseconds since the board began; it never goes back.</summary>
    long Now { get; }
}
