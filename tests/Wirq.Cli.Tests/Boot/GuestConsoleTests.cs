using System.Runtime.Versioning;
using Wirq.Cli.Boot;

namespace Wirq.Cli.Tests.Boot;

[SupportedOSPlatform("linux")]
public sealed class GuestConsoleTests
{
    [Fact]
    public void What_is_kept_has_an_end_and_it_is_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: guests run on KVM");
        var console = new GuestConsole(null);
        for (int i = 0; i < 1 << 22; i++)
            console.Write((byte)'.');
        Assert.False(console.IsCut);
        console.Write((byte)'.');
        Assert.True(console.IsCut);
        Assert.Equal(1 << 22, console.Text.Length);
    }
}
