using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Wirq.Cli.Host;

/// <summary>Whether this process can use KVM at all, whatever devices the host has. The rest of the command runs
/// everywhere.</summary>
internal static class KvmPlatform
{
    /// <summary>Whether it is one on which Wirq's KVM parts run.</summary>
    [SupportedOSPlatformGuard("linux")]
    internal static bool IsHere => OperatingSystem.IsLinux() && WhyNot is null;

    /// <summary>Why it is none, in a clause; null where it is one.</summary>
    internal static string? WhyNot { get; } = WhyNotOn(OperatingSystem.IsLinux(), RuntimeInformation.OSDescription, RuntimeInformation.ProcessArchitecture);

    /// <inheritdoc cref="WhyNot"/>
    /// <param name="isLinux">Whether the system is Linux.</param>
    /// <param name="system">Its name.</param>
    /// <param name="architecture">What the process runs as: the guests are x86, and so are KVM's structures here.</param>
    internal static string? WhyNotOn(bool isLinux, string system, Architecture architecture) => isLinux && architecture == Architecture.X64 ? null
        : $"it needs /dev/kvm of Linux on x86-64, and this is {(isLinux ? "Linux" : system)} on {architecture}";
}
