using System.CommandLine;
using Wirq.Cli;
using Wirq.Cli.Outputs;

Console.SetError(QuietStream.Error());
ParseResult parsed = CommandLine.Build().Parse(args);
int status = await parsed.InvokeAsync();
// The parser answers bad usage with 1; here that means that something failed.
return parsed.Errors.Count > 0 ? CommandLine.BadInput : status;
