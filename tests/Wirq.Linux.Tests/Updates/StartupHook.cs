using System.Diagnostics.CodeAnalysis;
using Wirq.Linux.Tests.Updates;

/// <summary>Called by the runtime in a process that is to be one side of a live update, before its Main
/// (DOTNET_STARTUP_HOOKS).</summary>
[SuppressMessage("Design", "CA1050", Justification = "The runtime looks for it here")]
internal static class StartupHook
{
    public static void Initialize() => NewSide.Enter();
}
