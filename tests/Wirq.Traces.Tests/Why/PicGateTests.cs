using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>The gates of the 8259 pair, held by the real chips.</summary>
public class PicGateTests
{
    private static readonly uint OpenLint0 = LocalVectorEntry.Create(0, DeliveryMode.ExtInt).Bits;

    private static Watched Machine(string asked, byte master = 0, byte slave = 0, bool open = true)
    {
        var machine = Watched.Enabled(asked);
        machine.InitialisePic(master, slave);
        if (open)
            machine.Apic(ApicRegister.Lint0, OpenLint0);
        return machine;
    }

    private static void Stopped(Watched machine, Fate fate, Gate gate, string words)
    {
        RaiseAnswer answer = machine.Last();
        Assert.Equal((fate, gate), (answer.Fate, answer.Gate));
        Assert.Contains(words, Watched.Words(answer), StringComparison.Ordinal);
    }

    [Fact]
    public void An_irq_that_went_all_the_way_is_followed_to_its_end()
    {
        Watched machine = Machine("pic:4");
        Source uart = machine.Connect(4);
        machine.Raise(uart);
        machine.Take();
        machine.Port(0x20, 0x20);
        Stopped(machine, Fate.Ended, Gate.None, "delivered to cpu0 as vector 0x24, taken and ended");
    }

    // A timer without an EOI: QEMU's 8259 keeps the first edge, and every later one adds nothing to it.
    [Fact]
    public void Of_any_number_of_edges_that_wait_each_is_merged_into_the_first()
    {
        Watched machine = Watched.Enabled("pic:0", profile: Profile.Qemu);
        machine.InitialisePic(0, 0);
        machine.Apic(ApicRegister.Lint0, OpenLint0);
        Source timer = machine.Connect(machine.Options.IsaOverrides[0]);
        machine.Pulse(timer);
        machine.Take();
        for (int i = 0; i < 40; i++)
            machine.Pulse(timer);
        SourceAnswer waiting = Assert.Single(machine.Engine.Answer()!);
        Assert.Equal(20, waiting.Raises.Count);
        Assert.All(waiting.Raises, one => Assert.Equal((Fate.Merged, Gate.PicInService), (one.Fate, one.Gate)));
        Assert.Equivalent(new[] { (Fate.InService, 1L), (Fate.Held, 1L), (Fate.Merged, 19L) }, waiting.Earlier, strict: true);

        machine.Port(0x20, 0x20);
        machine.Take();
        machine.Port(0x20, 0x20);
        SourceAnswer served = Assert.Single(machine.Engine.Answer()!);
        Assert.All(served.Raises, one => Assert.Equal(Fate.Merged, one.Fate));
        Assert.All(served.Raises, one => Assert.Contains("one interrupt served both", Watched.Words(one), StringComparison.Ordinal));
        Assert.Equivalent(new[] { (Fate.Ended, 2L), (Fate.Merged, 19L) }, served.Earlier, strict: true);
    }

    [Fact]
    public void A_masked_irq_waits_since_its_mask()
    {
        Watched machine = Machine("pic:4", master: 0x10);
        machine.Raise(machine.Connect(4));
        Stopped(machine, Fate.Held, Gate.PicMasked, "IRQ 4 is masked at the 8259 since event ");
    }

    [Fact]
    public void A_masked_cascade_holds_the_slave()
    {
        Watched machine = Machine("pic:8", master: 0x04);
        machine.Raise(machine.Connect(8));
        Stopped(machine, Fate.Held, Gate.CascadeMasked, "the cascade, IRQ 2 of the master 8259, is masked since event ");
    }

    [Fact]
    public void An_irq_in_service_holds_the_lower_ones()
    {
        Watched machine = Machine("pic:4");
        machine.Raise(machine.Connect(1));
        machine.Take();
        machine.Raise(machine.Connect(4));
        Stopped(machine, Fate.Held, Gate.PicInService, "the 8259 has IRQ 1 in service since event ");
    }

    [Fact]
    public void A_slave_without_its_masters_eoi_is_held_by_the_cascade()
    {
        Watched machine = Machine("pic:12");
        machine.Raise(machine.Connect(8));
        machine.Take();
        machine.Port(0xA0, 0x20);
        machine.Raise(machine.Connect(12));
        Stopped(machine, Fate.Held, Gate.PicInService, "the 8259 has IRQ 2 (the cascade) in service since event ");
    }

    [Fact]
    public void A_request_stands_behind_the_one_that_intr_is_for()
    {
        Watched machine = Machine("pic:4");
        machine.Raise(machine.Connect(1));
        machine.Raise(machine.Connect(4));
        Stopped(machine, Fate.Held, Gate.PicBehind, "INTR of the 8259 stands for IRQ 1 since event ");
    }

    [Fact]
    public void A_masked_lint0_lets_nobody_hear_the_8259()
    {
        Watched machine = Machine("pic:4");
        machine.Apic(ApicRegister.Lint0, OpenLint0 | 0x10000);
        machine.Raise(machine.Connect(4));
        Stopped(machine, Fate.Held, Gate.Lint0Closed, "but LINT0 of cpu0 is masked since event ");
    }

    [Fact]
    public void A_lint0_that_is_not_extint_lets_nobody_hear_the_8259()
    {
        Watched machine = Machine("pic:4");
        machine.Apic(ApicRegister.Lint0, LocalVectorEntry.Create(0x33).Bits);
        machine.Raise(machine.Connect(4));
        Stopped(machine, Fate.Held, Gate.Lint0Closed, "LINT0 of cpu0 is not ExtINT but Fixed since event ");
    }

    [Fact]
    public void Disabling_the_local_apic_masks_lint0()
    {
        Watched machine = Machine("pic:4");
        machine.Apic(ApicRegister.SpuriousVector, 0xFF);
        machine.Raise(machine.Connect(4));
        Stopped(machine, Fate.Held, Gate.Lint0Closed, "its local APIC is software-disabled since event ");
    }

    [Fact]
    public void What_the_cpu_does_not_take_is_not_guessed()
    {
        Watched machine = Machine("pic:4");
        machine.Raise(machine.Connect(4));
        Stopped(machine, Fate.Held, Gate.CpuUnknown, "whether cpu0 has interrupts off or is halted is unknown");
    }

    [Fact]
    public void Initialisation_forgets_an_edge()
    {
        Watched machine = Machine("pic:4", master: 0x10);
        machine.Raise(machine.Connect(4));
        machine.InitialisePic(0, 0);
        Stopped(machine, Fate.Dropped, Gate.PicInitialised, "the 8259 was initialised at event ");
    }

    [Fact]
    public void An_edge_that_falls_before_inta_was_withdrawn()
    {
        Watched machine = Machine("pic:4", master: 0x10);
        machine.Pulse(machine.Connect(4));
        Stopped(machine, Fate.Withdrawn, Gate.PicMasked, "the line fell at event ");
    }
}
