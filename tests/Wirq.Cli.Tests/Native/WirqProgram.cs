namespace Wirq.Cli.Tests.Native;

/// <summary>What tests start when they run the command as a process.</summary>
internal static class WirqProgram
{
    /// <summary>The command as it ships: native. Where that cannot be made, the one that the tests were built with.</summary>
    internal static string[] Words => PackedWirq.Made.Command is { } command ? [command] : Managed;

    /// <summary>The command that the tests were built with, on the runtime.</summary>
    internal static string[] Managed { get; } = ["dotnet", typeof(CommandLine).Assembly.Location];
}
