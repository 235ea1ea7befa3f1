using Wirq.Cli;

return await CommandLine.Build().Parse(args).InvokeAsync();
