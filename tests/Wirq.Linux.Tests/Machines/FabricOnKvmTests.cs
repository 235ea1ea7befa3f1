using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Linux.Tests.Machines;

/// <summary>The whole fabric over the host's KVM: devices write eventfds, KVM's local APICs accept.</summary>
public sealed class FabricOnKvmTests
{
    private const int Gsi = KvmMachine.ReservedGsis;

    /// <summary>Leaves the poll before it is bound, as for a kernel that does not consume first.</summary>
    private static KernelLimits LeavesThePoll(KernelLimits limits) => limits with { ConsumesFirst = false };

    [Fact]
    public void The_first_interrupt_is_a_miss_and_the_second_the_kernels() => KvmMachine.Run(machine =>
    {
        EventFdHandle trigger = machine.EventFd();
        using Virq virq = machine.Device(0x41, trigger);
        Assert.Equal(VirqState.Cold, virq.State);
        machine.MakeHot(virq, trigger);
        Assert.Equal(["signal 0x41", "commit 1", $"bind {Gsi}"], machine.TakeCalls());
        Assert.Equal(1, machine.WakeUps);
        trigger.Write();
        // Within the write: no thread of Wirq was needed.
        Assert.Equal([0x41], machine.Cpu.Irr());
        Assert.Empty(machine.Calls);
    }, LeavesThePoll);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hot_virq_wakes_nobody_and_asks_the_kernel_for_nothing(bool staysInThePoll) => KvmMachine.Run(machine =>
    {
        const int writes = 20_000;
        EventFdHandle trigger = machine.EventFd();
        using Virq virq = machine.Device(0x41, trigger);
        machine.MakeHot(virq, trigger);
        machine.TakeCalls();
        int wakeUps = machine.WakeUps;
        for (int i = 0; i < writes; i++)
        {
            trigger.Write();
            if (i % 1000 == 0)
                Assert.Equal([0x41], machine.Came());
        }
        machine.Rest();
        Assert.Equal((0, wakeUps), (machine.Calls.Count, machine.WakeUps));
        // The control: unbound, a write does wake.
        virq.Mask();
        virq.Unmask();
        virq.SetMessage(KvmMachine.MessageOf(0x42));
        machine.Cpu.ClearIrr();
        trigger.Write();
        Assert.Equal([0x42], machine.Came());
        Assert.Equal(wakeUps + 1, machine.WakeUps);
    }, limits =>
    {
        Assert.SkipUnless(limits.ConsumesFirst || !staysInThePoll, "this kernel lets pollers see what it consumes");
        return limits with { ConsumesFirst = staysInThePoll };
    });

    [Fact]
    public void A_mask_keeps_the_count_and_an_unmask_injects_it_once() => KvmMachine.Run(machine =>
    {
        EventFdHandle trigger = machine.EventFd();
        using Virq virq = machine.Device(0x41, trigger);
        machine.MakeHot(virq, trigger);
        machine.TakeCalls();
        virq.Mask();
        Assert.False(virq.IsPending);
        for (int i = 0; i < 3; i++)
            trigger.Write();
        machine.AssertSilent();
        Assert.True(virq.IsPending);
        virq.Unmask();
        Assert.Equal([0x41], machine.Came());
        machine.AssertSilent();
        Assert.False(virq.IsPending);
        Assert.Equal([$"unbind {Gsi}", $"bind {Gsi}"], machine.TakeCalls());
    });

    [Fact]
    public void An_updated_message_is_used_from_then_on() => KvmMachine.Run(machine =>
    {
        EventFdHandle trigger = machine.EventFd();
        using Virq virq = machine.Device(0x41, trigger);
        machine.MakeHot(virq, trigger);
        machine.TakeCalls();
        virq.SetMessage(KvmMachine.MessageOf(0x52));
        Assert.Equal([$"unbind {Gsi}"], machine.TakeCalls());
        trigger.Write();
        Assert.Equal([0x52], machine.Came());
        Assert.True(KvmHost.Soon(() => virq.State == VirqState.Hot));
        machine.Rest();
        Assert.Equal(["signal 0x52", "commit 1", $"bind {Gsi}"], machine.TakeCalls());
        trigger.Write();
        Assert.Equal([0x52], machine.Cpu.Irr());
    });

    [Fact]
    public void An_invalidation_unbinds_whom_it_names_and_commits_nothing() => KvmMachine.Run(machine =>
    {
        EventFdHandle[] triggers = [machine.EventFd(), machine.EventFd()];
        machine.Guest.Put(5, 0x45, cpu: 0);
        machine.Guest.Put(6, 0x46, cpu: 0);
        using Virq first = machine.Remapped(5, triggers[0]), second = machine.Remapped(6, triggers[1]);
        machine.MakeHot(first, triggers[0]);
        machine.MakeHot(second, triggers[1]);
        machine.TakeCalls();
        machine.Guest.Put(5, 0x55, cpu: 0);
        // Until the guest says so, the old translation may be used.
        triggers[0].Write();
        Assert.Equal([0x45], machine.Came());
        Assert.True(machine.Guest.Invalidate(5));
        Assert.Equal([$"unbind {Gsi}"], machine.TakeCalls());
        Assert.Equal((VirqState.Stale, VirqState.Hot), (first.State, second.State));
        triggers[0].Write();
        triggers[1].Write();
        Assert.Equal([0x46, 0x55], machine.Came(vectors: 2));
    }, remapped: true);

    [Fact]
    public void A_missing_entry_faults_when_the_interrupt_happens() => KvmMachine.Run(machine =>
    {
        EventFdHandle trigger = machine.EventFd();
        machine.Guest.Put(5, 0x45, cpu: 0);
        using Virq virq = machine.Remapped(5, trigger);
        machine.MakeHot(virq, trigger);
        machine.Guest.Put(5, 0x45, cpu: 0, present: false);
        Assert.True(machine.Guest.Invalidate(5));
        Assert.Equal(0u, Faults(machine));
        trigger.Write();
        Assert.True(KvmHost.Soon(() => virq.State == VirqState.Faulted));
        Assert.NotEqual(0u, Faults(machine));
        machine.AssertSilent();
        machine.Guest.Put(5, 0x47, cpu: 0);
        trigger.Write();
        Assert.Equal([0x47], machine.Came());
    }, remapped: true);

    [Fact]
    public void A_disposed_virq_leaves_its_eventfd_alone_and_its_GSI_to_the_next() => KvmMachine.Run(machine =>
    {
        EventFdHandle trigger = machine.EventFd(), next = machine.EventFd();
        Virq virq = machine.Device(0x41, trigger);
        machine.MakeHot(virq, trigger);
        int gsi = virq.Gsi;
        virq.Dispose();
        int wakeUps = machine.WakeUps;
        trigger.Write();
        machine.AssertSilent();
        Assert.True(trigger.IsReadable);
        Assert.Equal(wakeUps, machine.WakeUps);
        Assert.Empty(machine.Host.Explain());
        // Its row is still in the table until the next commit.
        using Virq other = machine.Device(0x61, next);
        machine.MakeHot(other, next);
        next.Write();
        Assert.Equal([0x61], machine.Came());
        Assert.InRange(other.Gsi, gsi, gsi + 1);
    });

    [Fact]
    public void With_fewer_routes_than_virqs_nothing_is_refused() => KvmMachine.Run(machine =>
    {
        const int virqs = 6, rounds = 20;
        EventFdHandle[] triggers = [.. Enumerable.Range(0, virqs).Select(_ => machine.EventFd())];
        Virq[] devices = [.. Enumerable.Range(0, virqs).Select(i => machine.Device((byte)(0x40 + i), triggers[i]))];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < virqs; i++)
            {
                triggers[i].Write();
                Assert.Equal([0x40 + i], machine.Came());
                machine.Rest();
                Assert.InRange(devices.Count(virq => virq.State == VirqState.Hot), 1, 2);
            }
            if (round == 0)
                Assert.Equal(2, devices.Count(virq => virq.State == VirqState.Hot));
        }
        machine.AssertSilent();
    }, limits => limits with { Routes = KvmMachine.ReservedGsis + 2 });

    [Fact]
    public void Without_irqfds_userspace_serves_everything() => KvmMachine.Run(machine =>
    {
        EventFdHandle trigger = machine.EventFd();
        using Virq virq = machine.Device(0x41, trigger);
        for (int i = 0; i < 50; i++)
        {
            trigger.Write();
            Assert.Equal([0x41], machine.Came());
        }
        Assert.Equal(VirqState.Warm, virq.State);
        Assert.All(machine.TakeCalls(), call => Assert.Equal("signal 0x41", call));
    }, limits => limits with { HasIrqfd = false, ConsumesFirst = false });

    [Fact]
    public void A_level_pin_goes_by_a_message_and_its_EOI_is_heard() => KvmMachine.Run(machine =>
    {
        const int pin = 20;
        int acknowledged = 0;
        EventFdHandle trigger = machine.EventFd(), resample = machine.EventFd();
        using Virq line = machine.Host.RegisterOnLine("disk", pin, VirqKind.Level, trigger, resample,
            () => Interlocked.Increment(ref acknowledged));
        var entry = RedirectionEntry.Create(0x51, destination: 0, level: true);
        foreach ((uint index, uint value) in new[] { (0x11u + pin * 2, entry.High), (0x10u + pin * 2, entry.Low) })
        {
            machine.Host.TryWrite(0, 0xFEC00000, 4, index);
            machine.Host.TryWrite(0, 0xFEC00010, 4, value);
        }
        for (int i = 1; i <= 3; i++)
        {
            trigger.Write();
            trigger.Write();
            KvmHost.Soon(() => machine.Cpu.Irr().Length > 0);
            machine.Cpu.GetLapic(out LapicState state);
            Assert.Equal([0x51], state.VectorsIn(ApicRegister.TriggerMode));
            machine.Rest();
            machine.Cpu.ClearIrr();
            // KVM_EXIT_IOAPIC_EOI, which only a running guest brings about.
            machine.Host.Eoi(0, 0x51);
            Assert.Equal(i, Volatile.Read(ref acknowledged));
            Assert.True(resample.TryRead());
            machine.AssertSilent();
        }
        // KVM reports the EOI only if there is a level route on a reserved GSI.
        Assert.Equal(["commit 1", "signal 0x51", "signal 0x51", "signal 0x51"], machine.TakeCalls());
    });

    private static uint Faults(KvmMachine machine)
    {
        machine.Host.TryRead(0, machine.Host.Options.Vtd!.Address + 0x34, 4, out ulong status);
        return (uint)status;
    }
}
