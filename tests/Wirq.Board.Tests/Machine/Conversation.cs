using System.Text;
using Wirq.Board.Devices;
using Wirq.Board.Loading;
using Wirq.Board.Machine;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Machine;

/// <summary>What is said to a guest at its console, and until when.</summary>
/// <param name="Lines">What is typed.</param>
/// <param name="Prompt">What each line waits for.</param>
/// <param name="Until">The text with which the run is over.</param>
internal sealed record Conversation(string Lines, string Prompt, string Until)
{
    /// <summary>The guest's command line.</summary>
    internal string Arguments { get; init; } = "";

    internal byte[] Module { get; init; } = [];

    internal SerialWiring Wiring { get; init; }

    /// <summary>Runs an image until it has said the text.</summary>
    /// <returns>The run, and how often each CPU took each vector.</returns>
    internal (PcRun Run, IReadOnlyList<TakenVector> Taken) With(string path, int cpus, TimeSpan patience)
    {
        using KvmSystem system = KvmHost.Require();
        var console = new StringBuilder();
        using var watch = new BoardWatch("test");
        var input = new ConsoleInput(new MemoryStream(Encoding.ASCII.GetBytes(Lines)), Prompt);
        var until = new TextSearch(Until);
        Pc? made = null;
        GuestEnd end;
        using (var pc = new Pc(system, new PcOptions
        {
            SerialWiring = Wiring,
            Console = value =>
            {
                console.Append((char)value);
                input.Saw(value);
                if (until.Take(value))
                    made?.Board.End(new GuestEnd(GuestEndKind.Text, Detail: Until));
            },
            Board = new BoardOptions { Cpus = cpus, Workarounds = PatientProbes.Report.Workarounds, Observe = watch.Begin },
        }))
        {
            made = pc;
            pc.Load(BoardImage.Open(path), Arguments, Module);
            input.Start(pc.Serial);
            end = pc.Board.Run(patience) ?? new GuestEnd(GuestEndKind.Timeout);
            input.Stop();
        }
        return (new PcRun(end, console.ToString(), [.. watch.Laws.Where(law => law.Break is not null).Select(law => $"{law.Name}: {law.Describe()}")], watch.Count), watch.Taken);
    }
}
