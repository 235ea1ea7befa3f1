namespace Wirq.Board.Timing;

/// <summary>The time of a board.</summary>
public interface IBoardClock
{
    /// <summary>Nanoseconds since the start of the board. It never decreases.</summary>
    long Now { get; }
}
