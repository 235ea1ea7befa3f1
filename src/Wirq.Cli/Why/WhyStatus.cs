using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary>The exit code of a verdict.</summary>
internal static class WhyStatus
{
    internal static int Of(WhyVerdict verdict) => verdict switch
    {
        WhyVerdict.Owed => CommandLine.Failure,
        WhyVerdict.NotTold => CommandLine.NotTold,
        _ => CommandLine.Success,
    };
}
