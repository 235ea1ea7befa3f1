using Wirq.Events;

namespace Wirq.Tests;

public class ForkTests
{
    private const int Seed = 20261;

    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void Both_halves_of_a_fork_that_are_driven_alike_stay_alike(Profile profile)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        var first = new Scrambler(new Fabric(Scrambler.Machine(profile)), Seed);
        for (int round = 0; round < 40; round++)
        {
            for (int i = 0; i < 500; i++)
                first.Step();
            Fabric fork = first.Fabric.Fork();
            Assert.Equal(first.Fabric.Identity(), fork.Identity());
            int seed = Seed + round;
            var left = new Scrambler(first.Fabric, seed, first.Slots);
            var right = new Scrambler(fork, seed, first.Slots);
            for (int i = 0; i < 500; i++)
                Assert.Equal(left.Step(), right.Step());
            Assert.True(left.Fabric.Arena.HasSameBytes(right.Fabric.Arena), $"the halves differ in round {round}");
            Assert.Equal(left.Fabric.Identity(), right.Fabric.Identity());
        }
    }

    [Fact]
    public void A_fork_goes_its_own_way()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        using Source disk = fabric.Connect(21, "disk");
        Fabric fork = fabric.Fork();
        fork.SourceAt(disk.Slot).Raise();
        Assert.False(fabric.Lines.IsAsserted(21));
        Assert.True(fork.Lines.IsAsserted(21));
        Assert.NotEqual(fabric.Identity(), fork.Identity());
        Assert.Equal("disk", fork.SourceAt(disk.Slot).Label);
    }

    [Fact]
    public void Waiting_events_are_forked_too()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.Send(new Msi(0x1000, 42));
        Fabric fork = fabric.Fork();
        Assert.True(fork.Events.TryTake(out Event waiting));
        Assert.Equal((EventKind.MemoryWrite, 0x1000ul, 42ul), (waiting.Kind, waiting.A, waiting.B));
        Assert.Equal(1, fabric.Events.Count);
    }

    [Fact]
    public void Time_is_relative_in_an_identity()
    {
        UInt128 early = IdentityWithTimerAt(1_000);
        UInt128 late = IdentityWithTimerAt(5_000_000);
        Assert.Equal(early, late);
    }

    private static UInt128 IdentityWithTimerAt(long now)
    {
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.Advance(now);
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        fabric.TryWrite(0, 0xFEE003E0, 4, 0xB);
        fabric.TryWrite(0, 0xFEE00320, 4, 0x20031);
        fabric.TryWrite(0, 0xFEE00380, 4, 1000);
        fabric.Drain();
        fabric.Advance(now + 400);
        return fabric.Identity();
    }
}
