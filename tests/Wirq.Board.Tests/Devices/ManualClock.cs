using Wirq.Board.Timing;

namespace Wirq.Board.Tests.Devices;

/// <summary>A clock that a test turns.</summary>
internal sealed class ManualClock : IBoardClock
{
    public long Now { get; set; }

    /// <summary>Time goes on, and the device is advanced at each of its deadlines, as a board does.</summary>
    /// <returns>How many deadlines there were.</returns>
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
