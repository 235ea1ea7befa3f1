using Spectre.Console;

namespace Wirq.Cli.Outputs;

/// <summary>Shows on a terminal how far a file is read.</summary>
internal static class ReadProgress
{
    /// <summary>Runs what reads a file, and shows its progress where standard error is a terminal.</summary>
    /// <param name="read">Reads it; it gets what to call with what is done and how much there is, 0 where that is not known; null where nobody looks.</param>
    /// <param name="describe">What is done, for the same two numbers; null for "reading".</param>
    internal static T Show<T>(Func<Action<long, long>?, T> read, Func<long, long, string>? describe = null)
    {
        if (Console.IsErrorRedirected)
            return read(null);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask task = progress.AddTask("reading").IsIndeterminate();
            return read((done, all) =>
            {
                task.IsIndeterminate = all == 0;
                task.Description = describe?.Invoke(done, all) ?? "reading";
                (task.MaxValue, task.Value) = (Math.Max(1, all), all == 0 ? 0 : done);
            });
        });
    }
}
