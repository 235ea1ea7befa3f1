namespace Wirq.Cli.Tests.Outputs;

/// <summary>A shell under which no file grows beyond a size.</summary>
internal static class Limited
{
    /// <summary>Bytes of a block of <c>ulimit -f</c> (POSIX).</summary>
    internal const int BlockBytes = 512;

    /// <summary>A command that tells a shell to.</summary>
    /// <param name="blocks">The size.</param>
    /// <param name="script">What is run.</param>
    // The runtime makes its code in a file without a name, of gigabytes, unless it is told not to.
    internal static string[] To(int blocks, string script = "exec \"$@\"") =>
        ["/usr/bin/env", "DOTNET_EnableWriteXorExecute=0", "/bin/sh", "-c", $"ulimit -f {blocks} && {script}", "sh"];
}
