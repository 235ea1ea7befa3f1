namespace Wirq.Board.Bus;

/// <summary>Something that does things by itself as time passes.</summary>
/// <remarks>Times are nanoseconds since the machine began. Any thread may ask for the deadline; whoever moves it, by an
/// access for example, tells the clock.</remarks>
public interface ITimedDevice
{
    /// <summary>When something happens next; <see cref="long.MaxValue"/> for never.</summary>
    long NextDeadline { get; }

    /// <summary>Time has moved on: does what is due.</summary>
    /// <param name="now">The present time.</param>
    void Advance(long now);
}
