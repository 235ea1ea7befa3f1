using System.CommandLine;
using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Cli.Shipped;
using Wirq.Cli.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary><c>wirq why</c>: says why an interrupt did not arrive.</summary>
internal static class WhyCommand
{
    internal static Command Build()
    {
        var file = new Argument<string>("LOG") { Description = "A log of QEMU's trace events, plain or compressed (gzip, xz, zstd), a recording of wirq, or saved state: a migration stream of QEMU (virsh save, migrate), images of KVM's chips, Xen's save records; - is standard input" };
        var source = new Argument<string?>("SOURCE[@TIME]")
        {
            Description = $"Whose interrupt: {SourceName.Forms}; of saved state, {SnapshotQuestion.Forms}. @TIME picks the last raise at or before a place: {Place.Forms}. "
                + "Without it: all that is owed at the end",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("why", "Say why an interrupt did not arrive, or came late") { file, source, json };
        command.SetAction(parsed => Run(parsed.GetValue(file)!, parsed.GetValue(source), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string file, string? asked, bool json)
    {
        try
        {
            using var input = ReplayInput.Open(file);
            if (ForeignInput.Read(input) is { } state)
                return WhySnapshot.Run(state, file, asked, json);
            WhyQuestion? question = null;
            if (asked is not null)
                question = WhyQuestion.Parse(asked, out string wrong) ?? throw new UsageException(wrong);
            WhyEngine engine = WhyInput.Read(input, question);
            ShippedNote.Write(file, json);
            if (question is null)
                return List(engine.Owed(), engine, json);
            IReadOnlyList<SourceAnswer> answers = engine.Answer()
                ?? throw new UsageException(Unknown(file, question.Source, engine));
            if (json)
                WhyJson.Write(answers, engine, StandardStreams.Output);
            else
                WhyText.Write(answers, engine, Console.Out);
            return StatusOf(question, answers, engine);
        }
        catch (UsageException bad)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
    }

    /// <summary>A question about a source is also one about the end: what is owed there is a failure. One about a place is
    /// answered where something is known of the raise.</summary>
    private static int StatusOf(WhyQuestion question, IReadOnlyList<SourceAnswer> answers, WhyEngine engine)
    {
        if (question.At is null && engine.Owed().Owed.Any(owed => answers.Any(answer => answer.Source == owed.Source)))
            return CommandLine.Failure;
        bool known = answers.All(answer => answer.Raises.Count == 0)
            || answers.Any(answer => answer.Raises.Any(raise => raise.Fate is not (Fate.NotKnown or Fate.Sent)));
        return known ? CommandLine.Success : CommandLine.NotTold;
    }

    private static int List(OwedList list, WhyEngine engine, bool json)
    {
        if (json)
            WhyJson.Write(list, engine, StandardStreams.Output);
        else
            WhyText.Write(list, engine, Console.Out);
        return list.Verdict switch
        {
            WhyVerdict.Owed => CommandLine.Failure,
            WhyVerdict.NotTold => CommandLine.NotTold,
            _ => CommandLine.Success,
        };
    }

    private static string Unknown(string file, SourceName source, WhyEngine engine)
    {
        const int most = 40;
        var sources = engine.Sources;
        string known = sources.Count == 0 ? "nothing in it raised an interrupt"
            : "expected one of " + string.Join(", ", sources.Take(most).Select(one => one.Source))
                + (sources.Count > most ? $", and {sources.Count - most} more" : "");
        return $"{file}: {source} is no source in it; {known}";
    }
}
