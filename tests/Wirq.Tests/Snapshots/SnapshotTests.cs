using Wirq.Snapshots;

namespace Wirq.Tests.Snapshots;

public class SnapshotTests
{
    private const int Seed = 20274;

    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void A_restored_machine_is_the_saved_one_and_goes_on_like_it(Profile profile)
    {
        FabricOptions options = Scrambler.Machine(profile);
        var saved = new Scrambler(new Fabric(options), Seed);
        for (int round = 0; round < 40; round++)
        {
            for (int i = 0; i < 300; i++)
                saved.Step();
            byte[] snapshot = saved.Fabric.Save();
            var restored = new Fabric(options);
            restored.Restore(snapshot);
            Assert.Equal(saved.Fabric.Identity(), restored.Identity());
            Assert.Equal(saved.Fabric.Now, restored.Now);
            Assert.Equal(snapshot, restored.Save());
            Assert.True(restored.Events.IsEmpty);

            var left = new Scrambler(saved.Fabric, Seed + round, saved.Slots);
            var right = new Scrambler(restored, Seed + round, saved.Slots);
            for (int i = 0; i < 300; i++)
                Assert.Equal(left.Step(), right.Step());
            Assert.Equal(left.Fabric.Identity(), right.Fabric.Identity());
        }
    }

    [Fact]
    public void A_machine_whose_time_is_later_goes_on_at_its_own_time_with_deadlines_as_far_away_as_they_were()
    {
        var saved = new Fabric(FabricOptions.Pc());
        saved.Advance(1_000);
        saved.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        saved.TryWrite(0, 0xFEE003E0, 4, 0xB);
        saved.TryWrite(0, 0xFEE00320, 4, 0x20031);
        saved.TryWrite(0, 0xFEE00380, 4, 700);
        saved.Drain();
        saved.Advance(1_100);
        var restored = new Fabric(FabricOptions.Pc());
        restored.Advance(5_000_000);
        restored.Restore(saved.Save());
        Assert.Equal(5_000_000, restored.Now);
        Assert.Equal(5_000_600, restored.NextDeadline);
        Assert.Equal(saved.Identity(), restored.Identity());
    }

    [Fact]
    public void Restoring_a_level_line_makes_no_edge_and_sends_nothing()
    {
        var saved = new Fabric(FabricOptions.Pc());
        saved.IoApics[0].WriteEntry(5, RedirectionEntry.Create(0x35, 0, level: true), saved.Events);
        saved.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        using Source disk = saved.Connect(5, "disk");
        disk.Raise();
        saved.Drain();
        Assert.True(saved.IoApics[0].Entry(5).RemoteIrr);

        var restored = new Fabric(FabricOptions.Pc());
        restored.Events.Observing = true;
        restored.Restore(saved.Save());
        Assert.True(restored.Events.IsEmpty);
        Assert.True(restored.Lines.IsAsserted(5));
        Assert.True(restored.IoApics[0].Entry(5).RemoteIrr);
        Assert.Equal("disk", restored.SourceAt(disk.Slot).Label);
        Assert.True(restored.SourceAt(disk.Slot).IsAsserted);
    }

    [Fact]
    public void Handles_of_before_a_restore_are_void()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        Source before = fabric.Connect(5, "disk");
        byte[] snapshot = fabric.Save();
        Source later = fabric.Connect(6, "card");
        fabric.Restore(snapshot);
        before.Raise();
        later.Raise();
        Assert.False(fabric.Lines.IsAsserted(5));
        Assert.False(fabric.Lines.IsAsserted(6));
        fabric.SourceAt(before.Slot).Raise();
        Assert.True(fabric.Lines.IsAsserted(5));
        Assert.Throws<ArgumentException>(() => fabric.SourceAt(later.Slot));
    }

    [Fact]
    public void Only_a_machine_at_rest_is_saved_or_restored()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        byte[] snapshot = fabric.Save();
        fabric.Send(new Msi(0x1000, 1));
        Assert.Throws<InvalidOperationException>(() => fabric.Save());
        Assert.Throws<InvalidOperationException>(() => fabric.Restore(snapshot));
        fabric.Drain();
        fabric.Restore(snapshot);
    }
}
