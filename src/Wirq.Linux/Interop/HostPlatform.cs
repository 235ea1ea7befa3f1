using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>The platform of this assembly. Its structs are those of Linux on x86-64.</summary>
internal static class HostPlatform
{
    /// <summary>Whether this is such a host.</summary>
    internal static bool IsSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Throws on any other host.</summary>
    internal static void Require()
    {
        if (!IsSupported)
            throw new PlatformNotSupportedException(
                $"needs Linux on x86-64, not {RuntimeInformation.OSDescription} on {RuntimeInformation.ProcessArchitecture}");
    }
}
