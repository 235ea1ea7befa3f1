using System.CommandLine;
using System.Runtime.InteropServices;
using Wirq.Cli.Boot;
using Wirq.Cli.Completion;
using Wirq.Cli.Device;
using Wirq.Cli.Explore;
using Wirq.Cli.Host;
using Wirq.Cli.Replay;
using Wirq.Cli.Run;
using Wirq.Cli.Shipped;
using Wirq.Cli.Snapshots;
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
    /// <summary>A guest did not end by itself, or the host refused a call.</summary>
    internal const int NoEnd = 3;
    /// <summary>The input does not show enough for an answer.</summary>
    internal const int NotTold = 4;
    /// <summary>An output could not be written.</summary>
    internal const int Unwritten = 5;
    /// <summary>Stopped by SIGHUP: 128 plus the signal's number, as a shell reports it.</summary>
    internal const int HungUp = 129;
    /// <summary>Stopped by SIGINT.</summary>
    internal const int Interrupted = 130;
    /// <summary>Stopped by SIGTERM.</summary>
    internal const int Terminated = 143;

    /// <summary>The exit code of a command that a signal stopped.</summary>
    internal static int StatusOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => HungUp,
        PosixSignal.SIGINT => Interrupted,
        _ => Terminated,
    };

    internal static RootCommand Build()
    {
        var root = new RootCommand("wirq: the interrupt system of a PC, as a laboratory")
        {
            RunCommand.Build(),
            ReplayCommand.Build(),
            WhyCommand.Build(),
            ExploreCommand.Build(),
            SnapshotCommand.Build(),
            BootCommand.Build(),
            DeviceCommand.Build(),
            HostCommand.Build(),
            ShippedCommand.BuildScenarios(),
            ShippedCommand.BuildExamples(),
            ShippedCommand.BuildSchema(),
            CompletionCommand.Build(),
        };
        Help.Complete(root);
        return root;
    }
}
