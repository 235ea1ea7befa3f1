using Wirq.HostIrq;
using Wirq.Snapshots;
using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Vfio;

/// <summary>A host with its devices is saved and restored: what is masked stays masked, and what is owed stays owed.</summary>
public class HostSnapshotTests
{
    private static VfioWorld Enabled(VfioDeviceOptions device, HostFlow flow = HostFlow.FastEoi)
    {
        var world = new VfioWorld(device, flow);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(0, world.Set(Intx, Unmask | Fd, fds: [U]));
        return world;
    }

    /// <summary>Another host of the same options, in the saved state.</summary>
    private static VfioWorld Restored(VfioWorld world, Func<int, int>? eventFds = null)
    {
        var other = new VfioWorld(world.Host.Options);
        other.Host.Restore(world.Host.Save(), eventFds);
        return other;
    }

    [Theory]
    [InlineData("pci23", HostFlow.FastEoi)]
    [InlineData("legacy", HostFlow.FastEoi)]
    [InlineData("legacy", HostFlow.Level)]
    [InlineData("platform", HostFlow.Level)]
    [InlineData("oneshot", HostFlow.FastEoi)]
    public void An_interrupt_that_a_guest_has_is_still_its_own(string device, HostFlow flow)
    {
        VfioWorld world = Enabled(Named(device), flow);
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
        VfioWorld other = Restored(world);
        Assert.Equal(world.Host.Identity, other.Host.Identity);
        Assert.True(other.Host.Events.IsEmpty);
        other.Settle();
        Assert.Equal(0ul, other.Read(E));
        other.Write(U);
        Assert.Equal(1ul, other.Read(E));
        other.Level(false);
        other.Write(U);
        Assert.False(other.Host.IsMasked(0) || other.Host.IsWaiting(0) || other.Host.Irqs.IsMasked(0));
    }

    /// <summary>The process is replaced while a guest has an interrupt of a ONESHOT line.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_live_update_in_the_middle_of_a_oneshot_wait_keeps_the_line_masked_and_the_unmask_owed(bool told)
    {
        VfioWorld world = Enabled(Oneshot);
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
        if (told)
            world.Host.LiveUpdate(0);
        world.Settle();
        // The new process has other numbers for the same eventfds.
        VfioWorld other = Restored(world, fd => fd == E ? F : fd == U ? V : -1);
        Assert.True(other.Host.Irqs.IsMasked(0));
        Assert.Equal(!told, other.Host.IsWaiting(0));
        Assert.Equal(told, other.Host.IsMasked(0));
        other.Write(U);
        Assert.True(other.Host.Irqs.IsMasked(0));
        other.Write(V);
        Assert.Equal((0ul, 1ul), (other.Read(E), other.Read(F)));
        other.Level(false);
        other.Write(V);
        Assert.False(other.Host.Irqs.IsMasked(0));
    }

    [Fact]
    public void Deadlines_are_as_far_away_as_they_were()
    {
        VfioWorld world = Enabled(Oneshot with { OneshotTimeout = 1000, StormLimit = 1, StormDelay = 300 });
        world.Host.Advance(50);
        world.Level(true);
        world.Host.Advance(150);
        var later = new VfioWorld(world.Host.Options);
        later.Host.Advance(5000);
        later.Host.Restore(world.Host.Save());
        Assert.Equal(5000 + 900, later.Host.NextDeadline);
        later.Write(U);
        Assert.True(later.Host.IsBraked(0));
        VfioWorld earlier = Restored(later);
        Assert.Equal(5300, earlier.Host.NextDeadline);
        earlier.Host.Advance(5300);
        earlier.Settle();
        Assert.Equal(1ul, earlier.Read(E));
    }

    [Fact]
    public void Messages_keep_their_vectors()
    {
        var world = new VfioWorld(Pci23 with { HasDynamicMsix = true });
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, start: 0, count: 2, fds: [E, F]));
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, start: 5, count: 1, fds: [V]));
        VfioWorld other = Restored(world);
        foreach (int vector in new[] { 0, 1, 2, 5 })
            other.Host.SendMessage(0, vector);
        Assert.Equal((1ul, 1ul, 1ul), (other.Read(E), other.Read(F), other.Read(V)));
        Assert.Equal(world.Host.Identity, other.Host.Identity);
    }

    [Fact]
    public void A_host_that_is_not_at_rest_is_neither_saved_nor_restored()
    {
        VfioWorld world = Enabled(Pci23);
        byte[] snapshot = world.Host.Save();
        world.Host.SetLevel(0, true);
        world.Host.Irqs.Deliver(0);
        Assert.Throws<InvalidOperationException>(() => world.Host.Save());
        Assert.Throws<InvalidOperationException>(() => world.Host.Restore(snapshot));
        Assert.Throws<InvalidOperationException>(() => world.Host.Irqs.Restore(snapshot));
    }

    [Fact]
    public void A_host_of_another_shape_another_version_or_part_is_refused_by_name()
    {
        VfioWorld world = Enabled(Pci23);
        byte[] snapshot = world.Host.Save();
        Assert.Equal("hostShape.device[0].msixVectors is 8; expected 4, as of this host: only a host of the same shape can be restored",
            Refused(new VfioWorld(Pci23 with { MsixVectors = 4 }), snapshot));
        Assert.StartsWith("section is 11 (HostShape); expected 1 (shape)", WithoutPlace(Assert.Throws<SnapshotException>(() => MachineSnapshot.Read(snapshot))), StringComparison.Ordinal);
        world.Fds.Counts.Remove(E);
        Assert.Equal($"devices[0]: eventfd {E} is {E} in this process; expected an eventfd, or a negative number for none", Refused(world, snapshot));
        snapshot[8] = 2;
        FieldWriter.Seal(snapshot);
        Assert.Equal("version is 2; expected 1", Refused(world, snapshot));
        Assert.Throws<SnapshotException>(() => new HostIrqs(world.Host.Options.Irqs).Restore(world.Host.Save()));
    }

    /// <summary>Each makes a state that no host can be in: an unmask would be lost, or something would throw.</summary>
    [Fact]
    public void States_that_lose_an_unmask_are_refused()
    {
        VfioWorld world = Enabled(Oneshot);
        var refused = new SortedSet<string>();
        ChangeEachByte(world, refused);
        world.Level(true);
        ChangeEachByte(world, refused);
        Assert.Contains("hostIrqs.lines[0].masked", refused);
        Assert.Contains("vfio.devices[0].waits", refused);
        Assert.True(refused.Count > 10, string.Join(", ", refused));
    }

    private static void ChangeEachByte(VfioWorld world, SortedSet<string> refused)
    {
        byte[] snapshot = world.Host.Save();
        for (int at = 16; at < snapshot.Length - 16; at++)
        {
            byte[] changed = [.. snapshot];
            changed[at] ^= 1;
            FieldWriter.Seal(changed);
            var other = new VfioWorld(world.Host.Options);
            try
            {
                other.Host.Restore(changed);
            }
            catch (SnapshotException why)
            {
                refused.Add(why.Field);
                continue;
            }
            // Something else may hold the line.
            other.Host.SetOthersLevel(0, false);
            other.Level(false);
            other.Host.Acknowledged(0);
            other.Settle();
            Assert.False(other.Host.IsWaiting(0) || other.Host.IsMasked(0), $"byte {at}");
            Assert.True(other.Host.Irqs.IsDisabled(0) || !other.Host.Irqs.IsMasked(0), $"byte {at}");
        }
    }

    private static string Refused(VfioWorld world, byte[] snapshot)
    {
        UInt128 before = world.Host.Identity;
        SnapshotException refused = Assert.Throws<SnapshotException>(() => world.Host.Restore(snapshot));
        Assert.Equal(before, world.Host.Identity);
        return WithoutPlace(refused);
    }

    private static string WithoutPlace(SnapshotException refused) => refused.Message[(refused.Message.IndexOf(',', StringComparison.Ordinal) + 2)..];
}
