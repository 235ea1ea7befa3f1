using System.Diagnostics;
using Wirq.Linux.VfioUser;
using Wirq.Routing;
using Wirq.Vfio;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>Our client against libvfio-user's sample servers, which are built elsewhere. <c>WIRQ_VFIO_USER_SERVER</c> names
/// their folder.</summary>
public sealed class ForeignServerTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"wirq-{Guid.NewGuid():n}.sock");
    private Process? _server;

    public void Dispose()
    {
        if (_server is { HasExited: false })
            _server.Kill();
        _server?.WaitForExit();
        _server?.Dispose();
        File.Delete(_path);
    }

    private VfioUserClient Start(string sample)
    {
        KvmHost.RequireLinux();
        string? folder = Environment.GetEnvironmentVariable("WIRQ_VFIO_USER_SERVER");
        Assert.SkipWhen(folder is null, "needs libvfio-user's samples: WIRQ_VFIO_USER_SERVER names the folder in which they were built");
        _server = Process.Start(new ProcessStartInfo(Path.Combine(folder!, sample), [_path]) { RedirectStandardOutput = true, RedirectStandardError = true });
        VfioUserClient? client = null;
        Assert.True(SpinWait.SpinUntil(() =>
        {
            // libvfio-user's own sample may refuse what it offers itself: the size of a BAR, say.
            if (_server!.HasExited)
                Assert.Skip($"{sample} ends by itself: {_server.StandardError.ReadToEnd().Trim()}");
            try
            {
                client = VfioUserClient.Connect(_path);
                return true;
            }
            catch (VfioUserException refused) when (refused.InnerException is not null)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(10)), $"{sample} does not listen");
        return client!;
    }

    [Fact]
    public void A_card_with_pins_is_found_and_its_pins_are_set()
    {
        using VfioUserClient client = Start("gpio-pci-idio-16");
        Assert.Equal((9, 5, 0x0DC8494Fu, 256ul), (client.Regions, client.IrqIndexes, client.Read32(7, 0), client.SizeOf(2)));
        Assert.Equal((1, VfioIrqInfoBits.EventFd), client.GetIrqInfo(VfioIrqIndex.Intx));
        Assert.Equal(0, client.GetIrqInfo(VfioIrqIndex.Msix).Count);
        Span<byte> pins = stackalloc byte[1];
        client.Read(2, 1, pins);
        Assert.Equal(0xFF, pins[0]);
        client.Write(2, 0, [0x05]);
        client.Read(2, 1, pins);
        Assert.Equal(0xFA, pins[0]);

        using EventFdHandle trigger = EventFdHandle.Create();
        client.SetTriggers(VfioIrqIndex.Intx, 0, trigger);
        client.Mask();
        client.Unmask();
        client.Trigger(VfioIrqIndex.Intx, 0);
        Assert.True(trigger.TryRead(out ulong count) && count == 1);
        client.SetTriggers(VfioIrqIndex.Intx, 0, EventFd.None);
        client.Trigger(VfioIrqIndex.Intx, 0);
        Assert.False(trigger.IsReadable);
        client.MapDma(0x100000, 0x10000);
        client.UnmapDma(0x100000, 0x10000);
        Assert.Equal(2, Assert.Throws<VfioUserException>(() => client.UnmapDma(0x100000, 0x10000)).Error);
        Assert.Equal(22, Assert.Throws<VfioUserException>(() => client.SizeOf(9)).Error);
        client.Reset();
    }

    [Fact]
    public void A_timer_interrupts_once_and_the_descriptor_of_its_memory_is_closed()
    {
        using VfioUserClient client = Start("server");
        int before = ServedFunction.OpenDescriptors;
        Assert.Equal((0xBEEFDEADu, 0x3000ul), (client.Read32(7, 0), client.SizeOf(1)));
        ServedFunction.HasDescriptors(before);
        using EventFdHandle trigger = EventFdHandle.Create();
        client.SetTriggers(VfioIrqIndex.Intx, 0, trigger);
        client.Write(0, 0, BitConverter.GetBytes(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1));
        Assert.True(SpinWait.SpinUntil(() => trigger.IsReadable, TimeSpan.FromSeconds(10)), "the timer does not interrupt");
        Assert.True(trigger.TryRead(out ulong count) && count == 1);
    }
}
