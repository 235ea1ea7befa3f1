using System.CommandLine;
using Wirq.Cli;
using Wirq.Cli.Guesses;
using Wirq.Cli.Outputs;

StandardStreams.Install();
args = Guess.Meant(args);
ParseResult parsed = CommandLine.Build().Parse(args);
int status;
try
{
    if (Guess.Before(parsed, args) is { } instead)
    {
        Console.Error.WriteLine(instead);
        return CommandLine.BadInput;
    }
    // A fault of ours is to look like none of the answers, and the parser's handler would make it a 1.
    status = parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    if (status == CommandLine.BadInput && Guess.After(parsed) is { } besides)
        Console.Error.WriteLine(besides);
}
catch (OutputException unwritten)
{
    // Bad usage has already printed its line.
    if (parsed.Errors.Count == 0)
        Console.Error.WriteLine($"wirq: {unwritten.Message}");
    status = CommandLine.Unwritten;
}
// The parser answers bad usage with 1; here that means that something failed.
return parsed.Errors.Count > 0 ? CommandLine.BadInput : status;
