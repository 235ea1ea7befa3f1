namespace Wirq.Traces.Tests.Timelines;

/// <summary>Four times as much takes about four times as long, and not sixteen times.</summary>
internal static class LinearWork
{
    /// <param name="output">Gets both times.</param>
    /// <param name="few">How much is little.</param>
    /// <param name="most">How many times as long four times as much may take.</param>
    /// <param name="timeOf">Does so much, and says how long its thread computed.</param>
    internal static void Demand(ITestOutputHelper output, int few, int most, Func<int, TimeSpan> timeOf)
    {
        // The first turn compiles.
        timeOf(few);
        TimeSpan ofFew = timeOf(few), ofMany = timeOf(4 * few);
        output.WriteLine($"{few}: {ofFew}, {4 * few}: {ofMany}");
        Assert.InRange(ofMany, TimeSpan.Zero, most * (ofFew + TimeSpan.FromMilliseconds(50)));
    }
}
