using Wirq.Board.Machine;
using Wirq.Linux.Probes;

namespace Wirq.Board.Tests.Machine;

/// <summary>The same traffic as <see cref="Devices.Virtio.HostileTrafficTests"/>, from a real guest, in every configuration.</summary>
public sealed class HostileGuestTests(ITestOutputHelper output)
{
    private static int Rounds => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 200_000 : 2000;

    [Theory]
    [InlineData(DeliveryConfiguration.User)]
    [InlineData(DeliveryConfiguration.Split)]
    [InlineData(DeliveryConfiguration.Kernel)]
    public void A_guest_that_writes_anything_anywhere_harms_nothing(DeliveryConfiguration configuration)
    {
        const uint seed = 0x1807;
        PcRun run = PcRun.Of(HostileGuest.Bytes(seed, Rounds), configuration, patience: TimeSpan.FromMinutes(5),
            with: options => options with { Disk = new byte[1 << 16], Entropy = true });
        output.WriteLine($"seed {seed}, {Rounds} rounds, {run.Events} events");
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }
}
