using System.Runtime.InteropServices;
using Wirq.Cli.Host;

namespace Wirq.Cli.Tests.Host;

public class KvmPlatformTests
{
    [Theory]
    [InlineData(true, "Debian", Architecture.X64, null)]
    [InlineData(true, "Debian", Architecture.Arm64, "it needs /dev/kvm of Linux on x86-64, and this is Linux on Arm64")]
    // The structures that KVM is given are those of 64 bits.
    [InlineData(true, "Debian", Architecture.X86, "it needs /dev/kvm of Linux on x86-64, and this is Linux on X86")]
    [InlineData(false, "Darwin 25.0", Architecture.X64, "it needs /dev/kvm of Linux on x86-64, and this is Darwin 25.0 on X64")]
    public void Another_platform_is_told_what_KVM_parts_need(bool isLinux, string system, Architecture architecture, string? expected) =>
        Assert.Equal(expected, KvmPlatform.WhyNotOn(isLinux, system, architecture));
}
