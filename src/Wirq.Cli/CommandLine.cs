using System.CommandLine;
using Wirq.Cli.Boot;
using Wirq.Cli.Host;
using Wirq.Cli.Replay;
using Wirq.Cli.Run;
using Wirq.Cli.Why;

namespace Wirq.Cli;

/// <summary>The wirq command and its verbs.</summary>
internal static class CommandLine
{
    /// <summary>Nothing failed.</summary>
    internal const int Success = 0;
    /// <summary>A law or an expectation failed.</summary>
    internal const int Failure = 1;
    /// <summary>Bad usage or bad input.</summary>
    internal const int BadInput = 2;
    /// <summary>The input does not tell.</summary>
    internal const int NotTold = 4;
    /// <summary>Something could not be written.</summary>
    internal const int Unwritten = 5;

    internal static RootCommand Build() => new("wirq: the interrupt system of a PC, as a laboratory")
    {
        RunCommand.Build(),
        ReplayCommand.Build(),
        WhyCommand.Build(),
        BootCommand.Build(),
        HostCommand.Build(),
    };
}
