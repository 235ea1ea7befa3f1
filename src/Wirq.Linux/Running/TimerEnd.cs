namespace Wirq.Linux;

/// <summary>The end of a timer whose callback uses what is disposed of next.</summary>
internal static class TimerEnd
{
    /// <summary>Disposes of a timer, and returns once no callback of it runs.</summary>
    internal static void DisposeAndWait(this Timer timer)
    {
        using var over = new ManualResetEvent(false);
        if (timer.Dispose(over))
            over.WaitOne();
    }
}
