using Wirq.Events;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>Each gate, held by the real chips.</summary>
public class GateTests
{
    private static readonly RedirectionEntry LevelToCpu0 = RedirectionEntry.Create(0x51, 0, level: true);
    private static readonly RedirectionEntry EdgeToCpu0 = RedirectionEntry.Create(0x51, 0);

    private static void Stopped(Watched machine, Fate fate, Gate gate, string words)
    {
        RaiseAnswer answer = machine.Last();
        Assert.Equal((fate, gate), (answer.Fate, answer.Gate));
        Assert.Contains(words, Watched.Words(answer), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupt_that_went_all_the_way_is_followed_to_its_end()
    {
        var machine = Watched.Enabled("ioapic:21");
        machine.Entry(21, LevelToCpu0);
        Source disk = machine.Connect(21);
        machine.Raise(disk);
        machine.Take();
        machine.Lower(disk);
        machine.Eoi();
        Stopped(machine, Fate.Ended, Gate.None, "delivered to cpu0 as vector 0x51, taken and ended.");
        DeliveryAnswer delivery = Assert.Single(machine.Last().Deliveries);
        Assert.True(delivery.Accepted.Event < delivery.Taken!.Value.Event && delivery.Taken.Value.Event < delivery.Ended!.Value.Event);
    }

    [Fact]
    public void A_second_source_of_a_held_line_joins_it()
    {
        var machine = Watched.Enabled("ioapic:21");
        machine.Entry(21, LevelToCpu0);
        Source first = machine.Connect(21), second = machine.Connect(21);
        machine.Raise(first);
        machine.Raise(second);
        RaiseAnswer joined = machine.Engine.Answer()![0].Raises[1];
        Assert.Equal(Gate.RemoteIrr, joined.Gate);
        machine.Lower(second);
        Stopped(machine, Fate.Joined, Gate.LineHeld, $"the line was asserted already, by source {first.Slot}, since");
    }

    [Fact]
    public void A_level_waits_at_a_masked_pin_since_the_write_that_masked_it()
    {
        var machine = Watched.Enabled("ioapic:21");
        machine.Entry(21, LevelToCpu0);
        machine.Entry(21, LevelToCpu0.WithMask(true));
        Mark masked = machine.Engine.End;
        machine.Raise(machine.Connect(21));
        Stopped(machine, Fate.Held, Gate.PinMasked, "it waits: the pin is masked since event ");
        Assert.InRange(machine.Last().Since!.Value.Event, 1, masked.Event);
        Assert.Contains(machine.Last().Evidence, one => one.What == "entry written");
    }

    [Fact]
    public void An_edge_at_a_masked_pin_is_lost_though_it_is_unmasked_later()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, EdgeToCpu0.WithMask(true));
        machine.Raise(machine.Connect(4));
        machine.Entry(4, EdgeToCpu0);
        Stopped(machine, Fate.Lost, Gate.EdgeLost, "an edge at a masked pin is not kept");
        Assert.Contains("too late", Watched.Words(machine.Last()), StringComparison.Ordinal);
    }

    [Fact]
    public void Remote_irr_holds_a_line_that_rises_again_before_the_eoi()
    {
        var machine = Watched.Enabled("ioapic:21");
        machine.Entry(21, LevelToCpu0);
        Source disk = machine.Connect(21);
        machine.Raise(disk);
        machine.Take();
        machine.Lower(disk);
        machine.Raise(disk);
        Stopped(machine, Fate.Held, Gate.RemoteIrr, "by the delivery of vector 0x51 to cpu0 at event ");
        Assert.Contains("not ended: no EOI came", Watched.Words(machine.Last()), StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_whose_vector_was_rewritten_misses_its_eoi()
    {
        var machine = Watched.Enabled("ioapic:21", profile: Profile.Qemu);
        machine.Entry(21, LevelToCpu0);
        machine.Raise(machine.Connect(21));
        machine.Take();
        machine.Entry(21, RedirectionEntry.Create(0x61, 0, level: true));
        machine.Eoi();
        Stopped(machine, Fate.Held, Gate.RemoteIrr, "named 0x51, but the entry has named 0x61 since event ");
    }

    [Fact]
    public void An_eoi_that_is_not_broadcast_leaves_remote_irr_set()
    {
        var machine = Watched.Enabled("ioapic:21");
        machine.Apic(ApicRegister.SpuriousVector, 0x11FF);
        machine.Entry(21, LevelToCpu0);
        machine.Raise(machine.Connect(21));
        machine.Take();
        machine.Eoi();
        Stopped(machine, Fate.Held, Gate.RemoteIrr, "was not broadcast (SVR bit 12)");
    }

    [Fact]
    public void The_storm_brake_holds_a_line_that_never_falls()
    {
        FabricOptions options = FabricOptions.Pc();
        var machine = new Watched(options with { IoApics = [new() { StormLimit = 3 }] }, "ioapic:21");
        machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
        machine.Entry(21, LevelToCpu0);
        machine.Raise(machine.Connect(21));
        for (int i = 0; i < 3; i++)
        {
            machine.Take();
            machine.Eoi();
        }
        Stopped(machine, Fate.Held, Gate.StormBrake, "the storm brake holds the redelivery since event ");
        Assert.Equal(3, machine.Last().Attempts);
    }

    [Fact]
    public void The_storm_brake_lets_go_of_a_line_that_falls()
    {
        FabricOptions options = FabricOptions.Pc();
        var machine = new Watched(options with { IoApics = [new() { StormLimit = 3 }] }, "ioapic:21");
        machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
        machine.Entry(21, LevelToCpu0);
        Source disk = machine.Connect(21);
        machine.Raise(disk);
        for (int i = 0; i < 3; i++)
        {
            machine.Take();
            machine.Eoi();
        }
        machine.Lower(disk);
        machine.Apic(ApicRegister.SpuriousVector, 0xFF);
        machine.Raise(disk);
        Assert.Equal(Gate.SoftwareDisabled, machine.Engine.PinAt(0, 21)!.Gate.Gate);
    }

    [Fact]
    public void A_source_that_moves_to_another_line_no_longer_holds_the_first()
    {
        var machine = Watched.Enabled("ioapic:21");
        machine.Entry(21, LevelToCpu0);
        machine.Observe(EventKind.SourceConnected, unit: 5, index: 21);
        machine.Observe(EventKind.SourceRaised, unit: 5, index: 21);
        // Its slot is used anew: the recording does not have the end of the first.
        machine.Observe(EventKind.SourceConnected, unit: 5, index: 20);
        Source second = machine.Connect(21);
        machine.Raise(second);
        Assert.Contains($" by source {second.Slot}", Watched.Words(machine.Last()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_physical_destination_that_nobody_has_is_named_with_the_ids()
    {
        var machine = Watched.Enabled("ioapic:4", cpus: 2);
        machine.Entry(4, RedirectionEntry.Create(0x51, 9));
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Refused, Gate.NoDestination,
            "physical destination 0x9 matches no CPU: cpu0 has id 0, LDR 0x00, DFR flat; cpu1 has id 1");
    }

    [Fact]
    public void A_logical_destination_that_nobody_has_is_named_with_ldr_and_dfr()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Apic(ApicRegister.LogicalDestination, 0x01000000);
        machine.Apic(ApicRegister.DestinationFormat, 0x0FFFFFFF);
        machine.Entry(4, RedirectionEntry.Create(0x51, 2, logical: true));
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Refused, Gate.NoDestination,
            "logical destination 0x2 matches no CPU: cpu0 has id 0, LDR 0x01, DFR cluster (since event ");
    }

    [Fact]
    public void A_software_disabled_local_apic_refuses()
    {
        var machine = new Watched(asked: "ioapic:4");
        machine.Entry(4, EdgeToCpu0);
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Refused, Gate.SoftwareDisabled, "is software-disabled (SVR bit 8 clear); disabled are cpu0");
    }

    [Fact]
    public void In_qemu_a_software_disabled_local_apic_accepts_and_holds()
    {
        var machine = Watched.Enabled("ioapic:4", profile: Profile.Qemu);
        machine.Apic(ApicRegister.SpuriousVector, 0xFF);
        machine.Entry(4, EdgeToCpu0);
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Pending, Gate.SoftwareDisabled, "the local APIC of cpu0 is software-disabled (SVR bit 8 clear) since event ");
    }

    [Fact]
    public void In_kvm_a_hardware_disabled_local_apic_holds_what_it_had()
    {
        var machine = Watched.Enabled("ioapic:4", profile: Profile.Kvm);
        machine.Entry(4, EdgeToCpu0);
        machine.Pulse(machine.Connect(4));
        machine.Fabric.WriteMsr(0, 0x1B, 0xFEE00100);
        machine.Settle();
        Stopped(machine, Fate.Pending, Gate.HardwareDisabled, "is hardware-disabled (IA32_APIC_BASE bit 11) since event ");
    }

    [Fact]
    public void In_qemu_a_hardware_disable_clears_svr_and_that_is_what_holds()
    {
        var machine = Watched.Enabled("ioapic:4", profile: Profile.Qemu);
        machine.Entry(4, EdgeToCpu0);
        machine.Pulse(machine.Connect(4));
        machine.Fabric.WriteMsr(0, 0x1B, 0xFEE00100);
        machine.Settle();
        Stopped(machine, Fate.Pending, Gate.SoftwareDisabled, "is software-disabled (SVR bit 8 clear) since event ");
        machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
        Stopped(machine, Fate.Pending, Gate.CpuUnknown, "nothing that the log shows forbids it");
    }

    [Fact]
    public void An_illegal_vector_is_refused()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, RedirectionEntry.Create(0x05, 0));
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Refused, Gate.IllegalVector, "vector 0x05 is illegal (below 0x10)");
    }

    [Fact]
    public void A_reserved_delivery_mode_is_refused()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, RedirectionEntry.Create(0x51, 0, DeliveryMode.Reserved));
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Refused, Gate.ReservedMode, "delivery mode 3 (Reserved)");
    }

    [Fact]
    public void A_remappable_message_without_a_remapping_unit_is_refused_and_known_by_its_entry()
    {
        var machine = Watched.Enabled("irte:5");
        machine.Send(MsiAddress.ForHandle(5).Bits, 0);
        Stopped(machine, Fate.Refused, Gate.NoRemapper, "no remapping unit passed the message on");
    }

    [Fact]
    public void A_message_that_the_remapping_unit_blocks_is_told_with_the_entry_and_the_reason()
    {
        var machine = new Watched(FabricOptions.Pc() with { Vtd = new() }, "irte:5");
        machine.Fabric.TryWrite(0, machine.Fabric.Options.Vtd!.Address + 0xB8, 8, 1);
        machine.Fabric.TryWrite(0, machine.Fabric.Options.Vtd.Address + 0x18, 4, 3 << 24);
        machine.Settle();
        machine.Send(MsiAddress.ForHandle(5).Bits, 0);
        Stopped(machine, Fate.Refused, Gate.RemappingFault, "the remapping unit blocked it: irte:5 lies beyond the table (reason 0x21)");
        machine.Fabric.TryWrite(0, machine.Fabric.Options.Vtd.Address + 0xB8, 8, 7);
        machine.Fabric.TryWrite(0, machine.Fabric.Options.Vtd.Address + 0x18, 4, 3 << 24);
        machine.Settle();
        machine.Send(MsiAddress.ForHandle(5).Bits, 0);
        Stopped(machine, Fate.Refused, Gate.RemappingFault, "the remapping unit blocked it: irte:5 cannot be read (reason 0x23)");
    }

    [Theory]
    [InlineData(RefusalReason.ReservedBits, Gate.ReservedBits, "reserved bits")]
    [InlineData(RefusalReason.Kernel, Gate.Kernel, "the kernel that owns the local APICs refused it")]
    public void What_somebody_else_refused_is_told_with_his_reason(RefusalReason reason, Gate gate, string words)
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, EdgeToCpu0);
        machine.Observe(EventKind.PinChanged, index: 4, a: 1);
        machine.Observe(EventKind.Deliver, index: 4, a: 0xFEE00000, b: 0x51);
        machine.Observe(EventKind.PinRefused, index: 4, b: (ulong)reason);
        Stopped(machine, Fate.Refused, gate, words);
    }

    [Fact]
    public void A_message_without_an_answer_is_in_flight()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Observe(EventKind.PinChanged, index: 4, a: 1);
        machine.Observe(EventKind.Deliver, index: 4, a: 0xFEE00000, b: 0x51);
        Stopped(machine, Fate.Held, Gate.InFlight, "no answer to it is told of");
    }

    [Fact]
    public void A_masked_timer_expires_for_nothing()
    {
        var machine = Watched.Enabled("lvt:timer@cpu0");
        machine.Apic(ApicRegister.Timer, LocalVectorEntry.Timer(0x61, masked: true).Bits);
        machine.Apic(ApicRegister.InitialCount, 100);
        machine.Fabric.Advance(1_000_000);
        machine.Settle();
        Stopped(machine, Fate.Lost, Gate.LvtMasked, "the entry of the local vector table was masked");
    }

    [Fact]
    public void A_second_edge_merges_into_the_pending_vector()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, EdgeToCpu0);
        Source uart = machine.Connect(4);
        machine.Pulse(uart);
        machine.Pulse(uart);
        machine.Take();
        machine.Eoi();
        Stopped(machine, Fate.Merged, Gate.AlreadyPending, "merged into vector 0x51, pending at cpu0 since event ");
        Assert.Contains("one interrupt served both", Watched.Words(machine.Last()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_vector_in_service_holds_its_class_back()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, RedirectionEntry.Create(0x52, 0));
        machine.Entry(5, RedirectionEntry.Create(0x5F, 0));
        machine.Pulse(machine.Connect(5));
        machine.Take();
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Pending, Gate.VectorInService, "vector 0x5f is in service at cpu0 since event ");
        Assert.Contains("(from ioapic:5)", Watched.Words(machine.Last()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_task_priority_holds_its_class_back()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, EdgeToCpu0);
        machine.Apic(ApicRegister.TaskPriority, 0x50);
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Pending, Gate.TaskPriority, "TPR of cpu0 is 0x50 since event ");
    }

    [Fact]
    public void The_task_priority_is_known_from_cr8_too()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, EdgeToCpu0);
        machine.Fabric.TryWriteCr8(0, 0xF);
        machine.Settle();
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Pending, Gate.TaskPriority, "TPR of cpu0 is 0xf0 since event ");
    }

    [Fact]
    public void What_nothing_forbids_is_not_guessed()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, EdgeToCpu0);
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Pending, Gate.CpuUnknown, "whether cpu0 has interrupts off or is halted is unknown");
        Assert.Null(machine.Last().Since);
    }

    [Fact]
    public void A_log_that_tells_no_acknowledges_says_so()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Engine.TellsTaking = false;
        machine.Entry(4, EdgeToCpu0);
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Pending, Gate.CpuUnknown, "This log does not tell when a CPU takes a vector");
    }

    [Fact]
    public void An_interrupt_without_eoi_is_in_service()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, EdgeToCpu0);
        machine.Pulse(machine.Connect(4));
        machine.Take();
        Stopped(machine, Fate.InService, Gate.NoEoi, "not ended: no EOI came");
    }

    [Fact]
    public void A_reset_of_the_local_apic_loses_what_was_pending()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, EdgeToCpu0);
        machine.Pulse(machine.Connect(4));
        machine.Fabric.LocalApics!.Init(0, machine.Fabric.Events);
        machine.Settle();
        Stopped(machine, Fate.Dropped, Gate.ApicReset, "a reset of the local APIC of cpu0 at event ");
    }

    [Fact]
    public void A_line_that_fell_under_a_mask_was_withdrawn()
    {
        var machine = Watched.Enabled("ioapic:21");
        machine.Entry(21, LevelToCpu0.WithMask(true));
        machine.Pulse(machine.Connect(21));
        Stopped(machine, Fate.Withdrawn, Gate.PinMasked, "before it was delivered; when it rose, the pin was masked");
    }

    [Fact]
    public void An_acknowledge_is_withheld_while_the_pin_is_masked()
    {
        var machine = Watched.Enabled("ioapic:21");
        machine.Entry(21, LevelToCpu0);
        machine.Raise(machine.Connect(21));
        machine.Take();
        machine.Entry(21, LevelToCpu0.WithMask(true));
        machine.Eoi();
        Assert.Contains("Its acknowledge is withheld since event ", Watched.Words(machine.Last()), StringComparison.Ordinal);
        Assert.Contains(machine.Engine.Owed().Owed, one => one.Gate == Gate.AckWithheld);
    }

    [Fact]
    public void What_came_late_says_what_it_waited_for()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, RedirectionEntry.Create(0x41, 0));
        machine.Entry(5, RedirectionEntry.Create(0x51, 0));
        machine.Pulse(machine.Connect(5));
        machine.Take();
        machine.Pulse(machine.Connect(4));
        machine.Fabric.Advance(5_000);
        machine.Eoi();
        machine.Take();
        machine.Eoi();
        Stopped(machine, Fate.Ended, Gate.None, "cpu0 took it 5us after it had accepted it, for vector 0x51 was in service");
    }
}
