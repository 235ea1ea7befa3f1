using Wirq.Board.Timing;

namespace Wirq.Board.Tests.Devices;

/// <summary>A clock that a test sets.</summary>
internal sealed class ManualClock : IBoardClock
{
    public long Now { get; set; }

    /// <summary>Advances the time, and the device at each of its deadlines, like a board.</summary>
    /// <returns>The number of deadlines.</returns>
    internal int Run(ITimedDevice device, long nanoseconds)
    {
        long end = Now + nanoseconds;
        int deadlines = 0;
        while (device.NextDeadline <= end)
        {
            Assert.True(device.NextDeadline >= Now, "a deadline that is past was not served");
            Now = device.NextDeadline;
            device.Advance(Now);
            deadlines++;
            Assert.InRange(deadlines, 0, 1_000_000);
        }
        Now = end;
        return deadlines;
    }
}
