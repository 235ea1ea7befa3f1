using Wirq.Events;
using Wirq.State;

namespace Wirq.Tests.Pic;

public class PicPriorityTests
{
    [Fact]
    public void The_order_starts_after_the_lowest_and_goes_around()
    {
        for (int lowest = 0; lowest < 8; lowest++)
        {
            var order = new PicPriority(lowest);
            int[] expected = [.. Enumerable.Range(1, 8).Select(i => (lowest + i) % 8)];
            Assert.Equal(expected, Enumerable.Range(0, 8).OrderBy(order.Rank));
            Assert.Equal(Pic8259.None, order.Highest(0));
            for (int set = 1; set < 256; set++)
                Assert.Equal(expected.First(level => (set >> level & 1) != 0), order.Highest((byte)set));
        }
    }

    [Fact]
    public void A_request_interrupts_a_lower_one_only()
    {
        for (int served = 0; served < 8; served++)
        {
            for (int irq = 0; irq < 8; irq++)
            {
                if (irq == 2 || served == 2)
                    continue;
                var bench = PicBench.Ready();
                bench.Raise(served);
                Assert.Equal(served, bench.TakeIrq());
                bench.Lower(served);
                bench.Raise(irq);
                Assert.Equal(irq < served, bench.Pair.Intr);
            }
        }
    }

    [Fact]
    public void Requests_are_taken_by_priority_through_both_chips()
    {
        var bench = PicBench.Ready();
        for (int irq = 15; irq >= 0; irq--)
            bench.Raise(irq);
        foreach (int irq in new[] { 0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 7 })
        {
            Assert.Equal(irq, bench.TakeIrq());
            bench.Eoi(irq);
            if (irq >= 8)
                bench.Eoi(2);
        }
        Assert.False(bench.Pair.Intr);
    }

    // Data sheet, "Rotating priorities": which input each command leaves lowest.
    [Theory]
    [InlineData(Ocw2Command.NonSpecificEoi, 0, 7)]
    [InlineData(Ocw2Command.SpecificEoi, 4, 7)]
    [InlineData(Ocw2Command.None, 4, 7)]
    [InlineData(Ocw2Command.SetRotateInAutoEoi, 4, 7)]
    [InlineData(Ocw2Command.RotateOnNonSpecificEoi, 0, 4)]
    [InlineData(Ocw2Command.RotateOnSpecificEoi, 4, 4)]
    [InlineData(Ocw2Command.RotateOnSpecificEoi, 6, 6)]
    [InlineData(Ocw2Command.SetPriority, 5, 5)]
    internal void Each_command_leaves_its_input_lowest(Ocw2Command command, int named, int lowest)
    {
        var bench = PicBench.Ready();
        bench.Raise(4);
        bench.Take();
        bench.Command(command, named);
        bench.Eoi(4);
        bench.Lower(4);
        Assert.Equal(lowest, LowestOf(bench));
    }

    [Fact]
    public void Automatic_eoi_rotates_only_when_it_was_told_to()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true));
        bench.Raise(4);
        bench.Take();
        Assert.Equal(7, LowestOf(bench));
        bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true));
        bench.Command(Ocw2Command.SetRotateInAutoEoi, 0);
        bench.Raise(4);
        bench.Take();
        bench.Lower(4);
        bench.Command(Ocw2Command.ClearRotateInAutoEoi, 0);
        bench.Raise(5);
        bench.Take();
        bench.Lower(5);
        Assert.Equal(4, LowestOf(bench));
    }

    [Fact]
    public void Rotation_on_an_empty_non_specific_eoi_does_nothing()
    {
        var bench = PicBench.Ready();
        bench.Command(Ocw2Command.RotateOnNonSpecificEoi, 3);
        Assert.Equal(7, LowestOf(bench));
    }

    [Fact]
    public void After_a_rotation_service_is_judged_in_the_new_order()
    {
        var bench = PicBench.Ready();
        bench.Command(Ocw2Command.SetPriority, 4);  // order: 5 6 7 0 1 2 3 4
        bench.Raise(0);
        Assert.Equal(0, bench.TakeIrq());
        bench.Raise(4);
        bench.Raise(1);
        Assert.False(bench.Pair.Intr);
        bench.Raise(6);
        Assert.Equal(6, bench.TakeIrq());
        bench.Command(Ocw2Command.NonSpecificEoi, 0);
        Assert.Equal(0x01, bench.Pair.InServiceRegister);
        bench.Command(Ocw2Command.NonSpecificEoi, 0);
        Assert.Equal(1, bench.TakeIrq());
        bench.Command(Ocw2Command.NonSpecificEoi, 0);
        Assert.Equal(4, bench.TakeIrq());
    }

    [Fact]
    public void The_slave_rotates_on_its_own()
    {
        var bench = PicBench.Ready();
        bench.Command(Ocw2Command.SetPriority, 11);
        bench.Raise(8);
        bench.Raise(12);
        bench.Raise(11);
        foreach (int irq in new[] { 12, 8, 11 })
        {
            Assert.Equal(irq, bench.TakeIrq());
            bench.Command(Ocw2Command.NonSpecificEoi, 8);
            bench.Command(Ocw2Command.NonSpecificEoi, 0);
        }
    }

    [Fact]
    public void In_special_mask_mode_a_masked_input_in_service_blocks_no_other()
    {
        for (int served = 0; served < 8; served++)
        {
            for (int irq = 0; irq < 8; irq++)
            {
                if (irq == 2 || served == 2)
                    continue;
                var bench = PicBench.Ready();
                bench.Raise(served);
                bench.Take();
                bench.Lower(served);
                bench.Out(0x21, 1 << served);
                bench.Raise(irq);
                Assert.Equal(irq < served, bench.Pair.Intr);
                bench.Out(0x20, Ocw3.ForSpecialMask(true).Bits);
                Assert.Equal(irq != served, bench.Pair.Intr);
                bench.Out(0x20, Ocw3.ReadRequests.Bits);            // ESMM 0: the mode stays
                Assert.Equal(irq != served, bench.Pair.Intr);
                bench.Out(0x20, Ocw3.ForSpecialMask(false).Bits);
                Assert.Equal(irq < served, bench.Pair.Intr);
            }
        }
    }

    [Fact]
    public void In_special_mask_mode_an_unmasked_input_in_service_blocks_as_ever()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, Ocw3.ForSpecialMask(true).Bits);
        bench.Raise(4);
        bench.Take();
        bench.Raise(5);
        Assert.False(bench.Pair.Intr);
        bench.Raise(3);
        Assert.True(bench.Pair.Intr);
    }

    [Fact]
    public void In_special_mask_mode_a_non_specific_eoi_spares_what_is_masked()
    {
        var bench = PicBench.Ready();
        bench.Raise(5);
        bench.Take();
        bench.Raise(3);
        bench.Take();
        bench.Out(0x20, Ocw3.ForSpecialMask(true).Bits);
        bench.Out(0x21, 1 << 3);
        bench.Command(Ocw2Command.NonSpecificEoi, 0);
        Assert.Equal(1 << 3, bench.Pair.InServiceRegister);
        bench.Command(Ocw2Command.RotateOnNonSpecificEoi, 0);
        Assert.Equal(1 << 3, bench.Pair.InServiceRegister);
        bench.Eoi(3);
        Assert.Equal(0, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void Special_fully_nested_mode_lets_a_slave_interrupt_itself()
    {
        var plain = PicBench.Ready();
        var nested = PicBench.Ready(masterModes: Icw4.Create(specialFullyNested: true));
        foreach (PicBench bench in new[] { plain, nested })
        {
            bench.Raise(12);
            Assert.Equal(12, bench.TakeIrq());
            bench.Raise(9);
            Assert.Equal(bench == nested, bench.Pair.Intr);
            bench.Raise(5);
        }
        Assert.Equal(9, nested.TakeIrq());
        Assert.Equal(0x1204, nested.Pair.InServiceRegister);
        Assert.False(nested.Pair.Intr);
        nested.Raise(14);
        Assert.False(nested.Pair.Intr);         // lower than 9, by the slave's own order
        nested.Eoi(9);
        Assert.False(nested.Pair.Intr);
        nested.Eoi(12);
        Assert.True(nested.Pair.Intr);          // 14, though the master still serves its input 2
        Assert.Equal(14, nested.TakeIrq());
    }

    [Fact]
    public void Special_fully_nested_mode_keeps_what_is_below_the_slave_waiting()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(specialFullyNested: true));
        bench.Raise(12);
        bench.Take();
        bench.Raise(3);
        Assert.False(bench.Pair.Intr);
        bench.Raise(1);
        Assert.Equal(1, bench.TakeIrq());
    }

    [Fact]
    public void Special_fully_nested_mode_is_for_the_slave_alone()
    {
        var nested = Icw4.Create(specialFullyNested: true);
        var bench = PicBench.Ready(masterModes: nested, slaveModes: nested);
        bench.Raise(4);
        bench.Take();
        bench.Lower(4);
        bench.Raise(4);
        Assert.False(bench.Pair.Intr);
        bench.Raise(10);
        Assert.Equal(10, bench.TakeIrq());
        bench.Lower(10);
        bench.Raise(10);
        Assert.False(bench.Pair.Intr);
    }

    /// <summary>Every order, request register and in-service register, with masks, against the rule as it is said.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_resolver_does_what_the_rule_says(bool specialMask)
    {
        var arena = new StateArena();
        Block<PicState> states = arena.Reserve<PicState>(2);
        var chip = new Pic8259(states, 1, PicQuirks.None, AckPolicy.Done, 0);
        chip.Reset();
        ref PicState state = ref chip.State;
        state.Stage = (byte)PicStage.Ready;
        state.SpecialMask = specialMask ? (byte)1 : (byte)0;
        foreach (byte imr in new byte[] { 0x00, 0x10, 0xA5, 0x7E })
        {
            state.Imr = imr;
            for (int lowest = 0; lowest < 8; lowest++)
            {
                state.Lowest = (byte)lowest;
                for (int isr = 0; isr < 256; isr++)
                {
                    state.Isr = (byte)isr;
                    for (int irr = 0; irr < 256; irr += 3)
                        Assert.Equal(Expected(irr, isr, imr, lowest, specialMask), chip.Resolve((byte)irr));
                }
            }
        }

        static int Expected(int irr, int isr, int imr, int lowest, bool specialMask)
        {
            for (int i = 1; i <= 8; i++)
            {
                int level = (lowest + i) % 8;
                bool masked = (imr >> level & 1) != 0;
                if ((isr >> level & 1) != 0 && !(specialMask && masked))
                    return Pic8259.None;
                if ((irr >> level & 1) != 0 && !masked)
                    return level;
            }
            return Pic8259.None;
        }
    }

    /// <summary>The input of lowest priority of the master: the one that every other request passes.</summary>
    private static int LowestOf(PicBench bench)
    {
        Assert.Equal(0, bench.Pair.InServiceRegister);
        bench.Out(0x4D0, 0);
        for (int irq = 0; irq < 8; irq++)
        {
            bench.Lower(irq);
            bench.Raise(irq);
        }
        bench.Raise(8);
        int last = -1;
        while (bench.Pair.Intr)
        {
            Event taken = default;
            bench.Events.Clear();
            bench.Take();
            while (bench.Events.TryTake(out Event e))
                taken = e.Kind == EventKind.PicTaken ? e : taken;
            last = taken.Irq >= 8 ? 2 : taken.Irq;
            bench.Out(0x20, Ocw2.Create(Ocw2Command.SpecificEoi, last).Bits);
            bench.Out(0xA0, Ocw2.Create(Ocw2Command.NonSpecificEoi).Bits);
        }
        return last;
    }
}
